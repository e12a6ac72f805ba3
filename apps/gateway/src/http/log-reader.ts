import { Inject, Injectable } from '@nestjs/common';
import type { Blobs } from '@slipway/blobs';
import { SlipwayError, streamName, type Clock } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import {
  isAfter,
  isPosition,
  type EventStore,
  type Position,
  type ReadAllOptions,
  type ReadAllResult,
  type RecordedEvent,
} from '@slipway/event-store';
import { BLOBS, CLOCK, STORE, badInput } from '@slipway/mesh';
import { foldRequest } from '../views/requests.js';
import { wholeEvents } from './whole-events.js';

/** What is asked of the log is answered within a second, if only with the reason why not. */
const READ_MS = 900;
const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** Reads of the log itself, beside the views: events, and requests that no view has heard of yet. */
@Injectable()
export class LogReader {
  constructor(
    @Inject(STORE) private readonly store: EventStore,
    @Inject(BLOBS) private readonly blobs: Blobs,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  all(options: ReadAllOptions): Promise<ReadAllResult> {
    return this.#inTime(this.store.readAll({ ...options, asRecorded: true }));
  }

  head(): Promise<Position> {
    return this.#inTime(this.store.head());
  }

  /** Events of a request's own stream, with `asOf` those recorded by then. Throws `not-found`. */
  async eventsOf(requestId: string, asOf?: string): Promise<RecordedEvent[]> {
    const events = REQUEST_ID.test(requestId) ? await this.#inTime(this.store.read(streamName('request', requestId))) : [];
    if (events.length === 0) throw new SlipwayError('not-found', `There is no request ${shown(requestId)}`);
    return this.upTo(events, asOf);
  }

  /** A request as its stream says, now or as it was at `asOf`, its plan and result whole. Throws `not-found`. */
  async request(requestId: string, asOf?: string): Promise<RequestView> {
    const events = await this.eventsOf(requestId, asOf);
    const view = foldRequest(await wholeEvents(events, this.blobs));
    if (!view)
      throw new SlipwayError('not-found', `There is no request ${shown(requestId)}${asOf === undefined ? '' : ' at that time'}`);
    return view;
  }

  /** Events of a snapshot's own stream; none when there is no such snapshot. */
  async eventsOfSnapshot(id: string): Promise<RecordedEvent[]> {
    return REQUEST_ID.test(id) ? this.#inTime(this.store.read(streamName('snapshot', id))) : [];
  }

  /** Those of the events that were recorded by `asOf`; all when it is left out. Throws as {@link known}. */
  async upTo(events: RecordedEvent[], asOf: string | undefined): Promise<RecordedEvent[]> {
    if (asOf === undefined) return events;
    const last = await this.#positionOf(asOf);
    return last === null ? [] : events.filter(({ position }) => !isAfter(position, last));
  }

  /** A position that a caller gave as `field`. Throws `bad-input` for what is none, `gone` for one that this log does not have. */
  async known(position: string | undefined, field: string): Promise<Position | undefined> {
    if (position === undefined) return undefined;
    if (!isPosition(position)) throw badInput([{ field, reason: 'must be a position of the log' }]);
    await this.all({ after: position, limit: 1 });
    return position;
  }

  /** The position that `asOf` means: itself, or the greatest one recorded at or before the time. `null`: before everything. */
  async #positionOf(asOf: string): Promise<Position | null> {
    if (isPosition(asOf)) return (await this.known(asOf, 'asOf')) ?? null;
    const time = DATE.test(asOf) ? Date.parse(asOf) : Number.NaN;
    if (Number.isNaN(time)) throw badInput([{ field: 'asOf', reason: 'must be a position, or a time as in ISO 8601' }]);
    return this.#inTime(this.store.positionAt(new Date(time).toISOString()));
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.clock.after(READ_MS, () =>
        reject(new SlipwayError('log-unavailable', `The event log did not answer within ${READ_MS} ms`)),
      );
      work.then(resolve, reject).finally(cancel);
    });
  }
}

const shown = (id: string): string => id.replace(/[^\x21-\x7e]/g, '?').slice(0, 64);
