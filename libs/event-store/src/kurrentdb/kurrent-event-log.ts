import { setTimeout as sleep } from 'node:timers/promises';
import { CATEGORY_OWNER, SlipwayError, categoryOf, systemClock } from '@slipway/contracts';
import type { LogAdapter } from '../adapter.js';
import type { AdmittedEvent } from '../admission.js';
import { createEventLog, type EventLogOptions } from '../event-log.js';
import { passes } from '../filter.js';
import {
  NO_STREAM,
  type Appended,
  type EventLog,
  type LogInfo,
  type Position,
  type ReadAllResult,
  type ReadFilter,
  type RecordedEvent,
} from '../port.js';
import type { Lineage } from '../position.js';
import { OURS, connect, place, serverFilter, type Client } from './client.js';
import { failureOf, isNoStream, isWrongRevision, mayPass, within } from './failure.js';
import { HeadWatch } from './head-watch.js';
import { headOf, identify } from './identity.js';
import { damaged, fromStored, timeOf, toStored, type StoredEvent } from './record.js';
import { TimeIndex } from './time-index.js';

/** Milliseconds from a call to its answer, whatever happens. */
const TIME_LIMIT = 900;
const RETRY_PAUSE = 50;
/** Events that one read takes when the server can do a part of the filter only. */
const PAGE = 500;
/** Opening and looking for a moment may take longer. */
const LONG_LIMIT = 10_000;

export interface KurrentOptions extends EventLogOptions {
  /** Connection string: `kurrentdb://host:2113?tls=false`. */
  connection: string;
  /** Instead of a connection of its own. */
  client?: Client;
}

/**
 * Opens the log on a KurrentDB (or EventStoreDB from 24 on). `log-unavailable` when the server does not answer: whoever
 * starts tries again.
 */
export async function openKurrentEventLog(options: KurrentOptions): Promise<EventLog> {
  const client = options.client ?? connect(options.connection);
  try {
    const lineage = await within(LONG_LIMIT, identify(client));
    const newest = await within(LONG_LIMIT, newestOf(client));
    return createEventLog(new KurrentAdapter(client, lineage, newest, options), options);
  } catch (error) {
    await client.dispose();
    throw failureOf(error);
  }
}

async function newestOf(client: Client): Promise<StoredEvent | undefined> {
  for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1, filter: OURS }))
    return event as StoredEvent;
  return undefined;
}

class KurrentAdapter implements LogAdapter {
  private readonly watchers = new Set<() => void>();
  private readonly times = new TimeIndex();
  private readonly headWatch: HeadWatch;
  /** The greatest position that is known to be there. */
  private known = 0n;
  /** Of the newest event that is known: none gets an earlier time. */
  private lastTime = 0;

  constructor(
    private readonly client: Client,
    private lineage: Lineage,
    newest: StoredEvent | undefined,
    private readonly options: KurrentOptions,
  ) {
    if (newest) this.came(newest);
    const reconnecting = async () => void (this.lineage = await within(TIME_LIMIT, identify(client)));
    this.headWatch = new HeadWatch(client, (event) => this.came(event), reconnecting, options.logger);
  }

  info(): LogInfo {
    return { kind: 'kurrentdb', logId: this.lineage.logId, epoch: this.lineage.epoch };
  }

  async append(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended> {
    this.lastTime = Math.max(this.lastTime, (this.options.clock ?? systemClock).now());
    const stored = events.map((event, index) => toStored(stream, expected + 1 + index, event, this.lastTime));
    const streamState = expected === NO_STREAM ? 'no_stream' : BigInt(expected);
    const revision = expected + events.length;
    const { known } = this;
    const end = performance.now() + TIME_LIMIT;
    for (;;) {
      const left = Math.max(1, Math.ceil(end - performance.now()));
      try {
        const { position } = await within(left, this.client.appendToStream(stream, stored, { streamState, deadline: left }));
        // The server takes an identical repeat for done and says where it stands, if it remembers: not after what was there before.
        const repeated = position === undefined || position.commit <= known;
        const number = repeated || events.length > 1 ? await this.numberOf(stream, revision) : position.commit;
        this.note(number);
        return { revision, position: this.lineage.position(number), repeated };
      } catch (error) {
        if (isWrongRevision(error)) return this.repeatOf(stream, expected, events);
        if (!mayPass(error) || performance.now() + RETRY_PAUSE >= end) throw failureOf(error);
      }
      await sleep(RETRY_PAUSE);
    }
  }

  async read(stream: string, from: number, limit: number) {
    const events = await this.streamOf(stream, from, limit);
    return events.map((event, index) => {
      const position = this.lineage.position(event.position!.commit);
      if (Number(event.revision) !== from + index)
        throw damaged(stream, Number(event.revision), position, `revision ${from + index} is missing before it`);
      return fromStored(event, position);
    });
  }

  async readAll(after: Position | undefined, limit: number, filter: ReadFilter): Promise<ReadAllResult> {
    const head = await this.patiently(() => headOf(this.client));
    const from = after === undefined ? 0n : this.lineage.number(after);
    if (from > head) throw this.lineage.gone(after!, 'it is beyond the head');
    if (from === head || filter.categories?.length === 0 || filter.types?.length === 0)
      return { events: [], position: this.lineage.position(head), end: true };
    const page = Math.max(limit, filter.environment || filter.requestId || filter.ownerId ? PAGE : 0);
    const read = await this.patiently(() =>
      collect(this.client.readAll({ fromPosition: place(from), maxCount: page + 2, filter: serverFilter(filter) })),
    );
    // It gives the event at the position itself, too, and one more tells whether there is more.
    const raw = read.filter((event) => event.position!.commit > from);
    const events: RecordedEvent[] = [];
    let looked = from;
    for (const event of raw.slice(0, page)) {
      if (events.length === limit) break;
      looked = event.position!.commit;
      if (!Object.hasOwn(CATEGORY_OWNER, categoryOf(event.streamId))) continue;
      const recorded = fromStored(event, this.lineage.position(looked));
      if (passes(recorded, filter)) events.push(recorded);
    }
    const all = raw.length <= page && looked === (raw.at(-1)?.position!.commit ?? from);
    if (all && looked < head) looked = head;
    return { events, position: this.lineage.position(looked), end: all };
  }

  async head(): Promise<Position> {
    return this.lineage.position(await this.patiently(() => headOf(this.client)));
  }

  async positionAt(ms: number): Promise<Position | null> {
    try {
      const number = await within(LONG_LIMIT, this.times.find(this.client, ms));
      return number === null ? null : this.lineage.position(number);
    } catch (error) {
      throw failureOf(error);
    }
  }

  watch(wake: () => void): () => void {
    this.watchers.add(wake);
    return () => this.watchers.delete(wake);
  }

  async close(): Promise<void> {
    await this.headWatch.stop();
    await this.client.dispose();
  }

  private came(event: StoredEvent | null): void {
    if (event) {
      this.lastTime = Math.max(this.lastTime, timeOf(event));
      this.note(event.position!.commit);
    }
    for (const wake of this.watchers) wake();
  }

  private note(number: bigint): void {
    if (number > this.known) this.known = number;
  }

  /** Whether exactly these events stand there already, which another try has recorded; `wrong-revision` if not. */
  private async repeatOf(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended> {
    const there = await this.streamOf(stream, expected + 1, events.length);
    if (there.length === events.length && events.every((event, index) => event.id === there[index]!.id)) {
      const position = this.lineage.position(there.at(-1)!.position!.commit);
      return { revision: expected + events.length, position, repeated: true };
    }
    const [newest] = await this.patiently(() =>
      collect(this.client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 })),
    );
    const actual = newest ? Number(newest.revision) : NO_STREAM;
    throw new SlipwayError('wrong-revision', `${stream} is at revision ${actual}, not ${expected}`, { stream, expected, actual });
  }

  private async numberOf(stream: string, revision: number): Promise<bigint> {
    const [event] = await this.streamOf(stream, revision, 1);
    if (!event)
      throw new SlipwayError('log-damaged', `${stream} lacks revision ${revision}, which was recorded`, { stream, revision });
    return event.position!.commit;
  }

  private streamOf(stream: string, from: number, limit: number): Promise<StoredEvent[]> {
    return this.patiently(() => collect(this.client.readStream(stream, { fromRevision: BigInt(from), maxCount: limit })));
  }

  /** A read, again while the cluster looks for its leader, as long as the time lasts. */
  private async patiently<Result>(read: () => Promise<Result>): Promise<Result> {
    const end = performance.now() + TIME_LIMIT;
    for (;;) {
      try {
        return await within(Math.max(1, end - performance.now()), read());
      } catch (error) {
        if (!mayPass(error) || performance.now() + RETRY_PAUSE >= end) throw failureOf(error);
      }
      await sleep(RETRY_PAUSE);
    }
  }
}

/** All that a read gives; nothing when there is no such stream. */
async function collect(read: AsyncIterable<{ event?: unknown }>): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  try {
    for await (const { event } of read) if (event) events.push(event as StoredEvent);
  } catch (error) {
    if (!isNoStream(error)) throw error;
  }
  return events;
}
