import { Inject, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { HTTP_HEADERS, SlipwayError } from '@slipway/contracts';
import type { Views } from '../views/port.js';
import { one, type Query } from './list-query.js';
import { LogReader } from './log-reader.js';
import { VIEWS } from './tokens.js';

/** How long a read waits for the views to come to where its caller has been. */
const WAIT_MS = 2_000;

/** Reads that see what their caller wrote: `Slipway-At-Least`, or `atLeast` in the query. */
@Injectable()
export class ReadYourWrites {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  /** Resolves when the views have reached the position that is asked for. Throws `behind`, or `gone` when the log never comes there. */
  async reached(headers: IncomingHttpHeaders, query: Query): Promise<void> {
    const position = positionOf(headers, query);
    if (position === undefined || (await this.views.reached(position, WAIT_MS))) return;
    // One of before a restore may still hold: then it lies behind the head, where the views stand.
    await this.log.all({ after: position, limit: 1 });
    if (await this.views.reached(await this.log.head(), 0)) return;
    throw new SlipwayError(
      'behind',
      `The views stand at ${this.views.position()} and have not reached ${position.slice(0, 100)}`,
    );
  }

  /** Whether the views have not reached it yet, for who need not wait because the log itself can be asked. */
  async isBehind(headers: IncomingHttpHeaders, query: Query): Promise<boolean> {
    const position = positionOf(headers, query);
    return position !== undefined && !(await this.views.reached(position, 0));
  }
}

function positionOf(headers: IncomingHttpHeaders, query: Query): string | undefined {
  const header = headers[HTTP_HEADERS.atLeast.toLowerCase()];
  return one(query, 'atLeast') ?? (typeof header === 'string' ? header : undefined);
}
