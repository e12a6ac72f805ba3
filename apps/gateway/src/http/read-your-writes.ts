import { Inject, Injectable } from '@nestjs/common';
import { HTTP_HEADERS, SlipwayError, badInput } from '@slipway/contracts';
import { isPosition } from '@slipway/event-store';
import type { ViewName, Views } from '../views/port.js';
import type { HttpCall } from './call.js';
import { one } from './list-query.js';
import { LogReader } from './log-reader.js';
import { VIEWS } from './tokens.js';

/** How long a read waits for its view to come to where its caller has been. */
const WAIT_MS = 2_000;

/** Reads that see what their caller wrote: `Slipway-At-Least`, or `atLeast` in the query. */
@Injectable()
export class ReadYourWrites {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  /**
   * Resolves when the view has reached the position that is asked for. Throws `bad-input`, `behind` (one that has stopped
   * never comes there), or `gone` when the log never does.
   */
  async reached(view: ViewName, call: HttpCall): Promise<void> {
    const position = positionOf(call);
    if (position === undefined) return;
    const stopped = this.views.stopped().find((each) => each.view === view);
    // One that has stopped at an event goes on only by hand.
    if (await this.views.reached(position, stopped?.eventId === undefined ? WAIT_MS : 0, view)) return;
    // One of before a restore may still hold: then it lies behind the head, where the views stand.
    await this.log.all({ after: position, limit: 1 });
    if (await this.views.reached(await this.log.head(), 0, view)) return;
    const why = stopped ? `: it has stopped, ${stopped.reason}` : '';
    throw new SlipwayError('behind', `The view of ${view} has not reached ${position}${why}`);
  }

  /** Whether the view has not reached it yet, for who need not wait because the log itself can be asked. */
  async isBehind(view: ViewName, call: HttpCall): Promise<boolean> {
    const position = positionOf(call);
    return position !== undefined && !(await this.views.reached(position, 0, view));
  }
}

function positionOf({ headers, query }: HttpCall): string | undefined {
  const asked = one(query, 'atLeast');
  const position = asked ?? headers[HTTP_HEADERS.atLeast.toLowerCase()];
  if (position === undefined || (typeof position === 'string' && isPosition(position))) return position;
  throw badInput([{ field: asked === undefined ? HTTP_HEADERS.atLeast : 'atLeast', reason: 'must be a position of the log' }]);
}
