import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, SlipwayError } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';
import type { Rows, Views } from '../views/port.js';
import type { HttpCall } from './call.js';
import { one } from './list-query.js';
import { LogReader } from './log-reader.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** How long one that no view has heard of is waited for, in ms. */
const WAIT_MS = 2_000;

const WHAT = {
  leases: { of: /^[a-z0-9-]{1,63}\.lease-[1-9]\d{0,14}$/, called: 'lease', example: 'default.lease-17' },
  'leased-resources': {
    of: /^[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}-[1-9]\d{0,14}$/,
    called: 'resource',
    example: 'default.host-18',
  },
} as const;
type LeaseNoun = keyof typeof WHAT;

/** The lease, or the resource that is leased, that a call is about. */
@Injectable()
export class KnownLeases {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  /** The whole id that is meant: a bare one is of the environment that is named, or of the default one. Throws `bad-input`. */
  idOf(noun: LeaseNoun, given: string, call: HttpCall): string {
    const id = given.includes('.') ? given : `${one(call.query, 'environment') ?? DEFAULT_ENVIRONMENT}.${given}`;
    const { of, called, example } = WHAT[noun];
    if (of.test(id)) return id;
    throw badInput([{ field: 'id', reason: `must be the id of a ${called}, such as "${example}"` }]);
  }

  /** As the views have it, at the call's moment. One that was just recorded is never 404: the view is waited for. Throws `not-found`. */
  async get<Noun extends LeaseNoun>(noun: Noun, given: string, call: HttpCall): Promise<Rows[Noun]> {
    const id = this.idOf(noun, given, call);
    await this.yourWrites.reached(noun, call);
    const view = (await this.views.get(noun, id, call.moment)) ?? (await this.#justRecorded(noun, id, call));
    if (view) return view;
    throw new SlipwayError('not-found', `There is no ${WHAT[noun].called} ${id}`, { id });
  }

  async #justRecorded<Noun extends LeaseNoun>(noun: Noun, id: string, { moment }: HttpCall): Promise<Rows[Noun] | null> {
    if (moment.asOf !== undefined) return null;
    await this.views.reached(await this.log.head(), WAIT_MS, noun);
    return this.views.get(noun, id);
  }
}
