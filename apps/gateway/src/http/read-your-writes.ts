import { Inject, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { HTTP_HEADERS, SlipwayError } from '@slipway/contracts';
import type { Views } from '../views/port.js';
import { one, type Query } from './list-query.js';
import { VIEWS } from './tokens.js';

/** How long a read waits for the views to come to where its caller has been. */
const WAIT_MS = 2_000;

/** Reads that see what their caller wrote: `Slipway-At-Least`, or `atLeast` in the query. */
@Injectable()
export class ReadYourWrites {
  constructor(@Inject(VIEWS) private readonly views: Views) {}

  /** Resolves when the views have reached the position that is asked for. Throws `behind`. */
  async reached(headers: IncomingHttpHeaders, query: Query): Promise<void> {
    const header = headers[HTTP_HEADERS.atLeast.toLowerCase()];
    const position = one(query, 'atLeast') ?? (typeof header === 'string' ? header : undefined);
    if (position === undefined || (await this.views.reached(position, WAIT_MS))) return;
    throw new SlipwayError(
      'behind',
      `The views stand at ${this.views.position()} and have not reached ${position.slice(0, 100)}`,
    );
  }
}
