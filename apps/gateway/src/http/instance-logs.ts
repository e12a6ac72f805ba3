import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import {
  ERRORS,
  VERBS,
  causeOf,
  type InstanceLogPart,
  type InstanceLogQuery,
  type RequestContext,
  type ResourceKind,
} from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import { BUS, badInput, type Bus } from '@slipway/mesh';
import { StreamableFile } from '@nestjs/common';
import { ApiInstanceLogs } from '../openapi/instance-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { KnownResources } from './known-resources.js';
import { one, onlyKnown, whole } from './list-query.js';
import { STOPPING } from './tokens.js';

/** Lines before the end with which it begins when nobody says how many. */
const TAIL = 100;
/** How long the other side may hold an answer until there is something, in ms, and how much longer one is waited for. */
const HOLD_MS = 2_000;
const ASK_MS = 2_000;
/** How long a follower waits for a sub-provisioner that has gone away to come back, and between two tries, in ms. */
const AWAY_MS = 30_000;
const AGAIN_MS = 500;

/** What an instance itself writes, as it stands and as it comes. */
@ApiNoun('instances')
@Controller('instances')
export class InstanceLogsController {
  constructor(
    @Inject(KnownResources) private readonly known: KnownResources,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  @ApiInstanceLogs()
  @Header('Cache-Control', 'no-store')
  @Get(':id/logs')
  async read(@Param('id') id: string, @Call() call: HttpCall): Promise<StreamableFile> {
    onlyKnown(call.query, ['environment', 'atLeast', 'follow', 'tail']);
    const follow = one(call.query, 'follow') ?? 'false';
    if (follow !== 'true' && follow !== 'false') throw badInput([{ field: 'follow', reason: 'must be true or false' }]);
    const tail = one(call.query, 'tail') === 'all' ? undefined : (whole(call.query, 'tail', 0, 1_000_000) ?? TAIL);
    const instance = await this.known.get('instances', id, call);
    const ask = this.#asking(instance, call.context);
    // The first part before the answer begins: what is refused is a problem, not an answer that breaks off.
    const first = await ask({ ...(tail !== undefined && { tail }) });
    const parts = Readable.from(this.#parts(first, ask, follow === 'true'), { objectMode: false, highWaterMark: 64 * 1024 });
    return new StreamableFile(parts, { type: 'text/plain; charset=utf-8' });
  }

  #asking({ kind, environment, name, location }: ResourceView, context: RequestContext): Ask {
    const resource = { environment, kind, name };
    return (rest) => {
      const query: InstanceLogQuery = { resource, ...rest };
      const options = { context, location, timeoutMs: (rest.waitMs ?? 0) + ASK_MS };
      return this.bus.request<InstanceLogPart>(kind as ResourceKind, VERBS.instanceLog, query, options);
    };
  }

  /** Nothing is asked for before the caller has taken what came, and nothing more when he has gone away. */
  async *#parts(first: InstanceLogPart, ask: Ask, follow: boolean): AsyncGenerator<Buffer> {
    for (let part = first; ;) {
      if (part.gap) yield Buffer.from('\n(what was written here is not kept any more)\n');
      if (part.data !== '') yield Buffer.from(part.data, 'base64');
      if (!part.more && (!follow || this.stopping.aborted)) return;
      const next = await this.#next(ask, { after: part.after, ...(!part.more && { waitMs: HOLD_MS }) }, follow);
      if (!next) return;
      part = next;
    }
  }

  /** The next part; `undefined` when the instance is not there any more. A sub-provisioner may be away for a moment. */
  async #next(ask: Ask, query: Parameters<Ask>[0], follow: boolean): Promise<InstanceLogPart | undefined> {
    for (const until = Date.now() + AWAY_MS; ;) {
      try {
        return await ask(query);
      } catch (error) {
        const { code } = causeOf(error);
        if (code === 'not-found') return undefined;
        if (!follow || ERRORS[code].advice !== 'retry' || Date.now() >= until || this.stopping.aborted) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }
}

type Ask = (query: Omit<InstanceLogQuery, 'resource'>) => Promise<InstanceLogPart>;
