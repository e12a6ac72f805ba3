import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { EventView } from '@slipway/contracts';
import type { Page } from '@slipway/contracts/http';
import { badInput, eventView } from '@slipway/mesh';
import { FILTER_FIELDS, readFilter } from '../live/filter.js';
import { ApiEvents, ApiNoun } from '../openapi/operations.js';
import { one, onlyKnown, whole, type Query as QueryString } from './list-query.js';
import { LogReader } from './log-reader.js';

/** Pages of the log itself, oldest first; the WebSocket at the same path follows it. */
@ApiNoun('events')
@Controller('events')
export class EventsController {
  constructor(@Inject(LogReader) private readonly log: LogReader) {}

  @ApiEvents()
  @Get()
  async list(@Query() query: QueryString): Promise<Page<EventView>> {
    onlyKnown(query, [...FILTER_FIELDS, 'after', 'cursor', 'limit', 'asOf', 'atLeast']);
    const filter = readFilter(Object.fromEntries(FILTER_FIELDS.map((field) => [field, query[field]])));
    const limit = whole(query, 'limit', 1, 5000) ?? 100;
    const [after, cursor, asOf] = [one(query, 'after'), one(query, 'cursor'), one(query, 'asOf')];
    if (after !== undefined && cursor !== undefined)
      throw badInput([{ field: 'after', reason: 'and cursor are the same; give one' }]);
    const from = await this.log.known(cursor ?? after, cursor === undefined ? 'after' : 'cursor');
    const page = await this.log.all({ ...(from !== undefined && { after: from }), limit, filter });
    const within = await this.log.upTo(page.events, asOf);
    const goesOn = !page.end && within.length === page.events.length;
    return { items: within.map(eventView), position: page.position, ...(goesOn && { next: page.position }) };
  }
}
