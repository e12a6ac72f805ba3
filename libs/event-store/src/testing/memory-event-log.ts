import { SlipwayError, instant, systemClock } from '@slipway/contracts';
import type { LogAdapter } from '../adapter.js';
import type { AdmittedEvent } from '../admission.js';
import { createEventLog, type EventLogOptions } from '../event-log.js';
import { passes } from '../filter.js';
import { Lineage, nextEpoch, type Epoch } from '../position.js';
import { type Appended, type EventLog, type LogInfo, type Position, type ReadFilter, type RecordedEvent } from '../port.js';
import { recordedEvent } from '../written-event.js';

/** A moment at which a simulation may let a process die. */
export interface AppendPoint {
  /** Before: nothing is recorded yet. After: it is recorded, and the caller does not know it yet. */
  when: 'before' | 'after';
  stream: string;
  expected: number;
  types: string[];
}

export interface MemoryEventLogOptions extends EventLogOptions {
  /** What outlives the process: give the same one to the next "process", or to several at once. Its own when left out. */
  disk?: MemoryDisk;
  /** What it throws (or rejects with) is what the caller of `append` gets. Identical repeats pass it too. */
  onAppend?(point: AppendPoint): void | Promise<void>;
}

/** The events of a simulated log. */
export class MemoryDisk {
  events: RecordedEvent[] = [];
  streams = new Map<string, RecordedEvent[]>();
  readonly watchers = new Set<() => void>();
  private readonly epochs: Epoch[] = [{ epoch: 1, after: 0n }];
  lineage: Lineage;

  constructor(logId = 'memory') {
    this.lineage = new Lineage(logId, this.epochs);
  }

  /** As a restore of a backup that held the first `count` events leaves it: the rest is gone, a new epoch begins. */
  restore(count: number, nowMs: number): void {
    this.epochs.push({ epoch: nextEpoch(this.lineage.epoch, nowMs), after: BigInt(Math.min(count, this.events.length)) });
    this.lineage = new Lineage(this.lineage.logId, this.epochs);
    this.events = this.events.slice(0, count).map((event, index) => ({ ...event, position: this.lineage.position(index + 1) }));
    this.streams = new Map();
    for (const event of this.events) this.streams.set(event.stream, [...(this.streams.get(event.stream) ?? []), event]);
    for (const wake of this.watchers) wake();
  }
}

/**
 * The log for simulations: deterministic, as durable as its {@link MemoryDisk}, with hooks around each append. Reads and
 * wake-ups run in microtasks, so whoever owns the clock owns the order of things.
 */
export class MemoryEventLog implements EventLog {
  readonly disk: MemoryDisk;
  private readonly log: EventLog;

  constructor(options: MemoryEventLogOptions = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.log = createEventLog(new MemoryAdapter(this.disk, options), options);
  }

  info(): LogInfo {
    return this.log.info();
  }

  as(service: Parameters<EventLog['as']>[0]) {
    return this.log.as(service);
  }

  /** Everything recorded so far, in order, for a simulation's assertions. */
  get events(): readonly RecordedEvent[] {
    return this.disk.events;
  }

  close(): Promise<void> {
    return this.log.close();
  }
}

class MemoryAdapter implements LogAdapter {
  private readonly watching = new Set<() => void>();

  constructor(
    private readonly disk: MemoryDisk,
    private readonly options: MemoryEventLogOptions,
  ) {}

  info(): LogInfo {
    return { kind: 'memory', logId: this.disk.lineage.logId, epoch: this.disk.lineage.epoch };
  }

  async append(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended> {
    const point = { stream, expected, types: events.map((event) => event.type) };
    await this.options.onAppend?.({ ...point, when: 'before' });
    const appended = this.record(stream, expected, events);
    await this.options.onAppend?.({ ...point, when: 'after' });
    return appended;
  }

  private record(stream: string, expected: number, events: AdmittedEvent[]): Appended {
    const recorded = this.disk.streams.get(stream) ?? [];
    const last = expected + events.length;
    if (recorded.length - 1 !== expected) {
      if (!events.every((event, index) => recorded[expected + 1 + index]?.id === event.id))
        throw new SlipwayError('wrong-revision', undefined, { stream, expected, actual: recorded.length - 1 });
      return { revision: last, position: recorded[last]!.position, repeated: true };
    }
    const now = (this.options.clock ?? systemClock).now();
    const recordedAt = Math.max(now, Date.parse(this.disk.events.at(-1)?.recordedAt ?? instant(0)));
    this.disk.streams.set(stream, recorded);
    for (const written of events) {
      const position = this.disk.lineage.position(this.disk.events.length + 1);
      const event = recordedEvent(written, { stream, revision: recorded.length, position, recordedAt });
      recorded.push(event);
      this.disk.events.push(event);
    }
    for (const wake of this.disk.watchers) wake();
    return { revision: last, position: recorded[last]!.position, repeated: false };
  }

  async read(stream: string, from: number, limit: number): Promise<RecordedEvent[]> {
    return structuredClone((this.disk.streams.get(stream) ?? []).slice(from, from + limit));
  }

  async readAll(after: Position | undefined, limit: number, filter: ReadFilter) {
    let at = after === undefined ? 0 : this.indexAfter(after);
    const events: RecordedEvent[] = [];
    for (; at < this.disk.events.length && events.length < limit; at += 1) {
      if (passes(this.disk.events[at]!, filter)) events.push(structuredClone(this.disk.events[at]!));
    }
    return { events, position: this.disk.lineage.position(at), end: at === this.disk.events.length };
  }

  async head(): Promise<Position> {
    return this.disk.lineage.position(this.disk.events.length);
  }

  async positionAt(ms: number): Promise<Position | null> {
    const at = this.disk.events.findLastIndex((event) => Date.parse(event.recordedAt) <= ms);
    return at < 0 ? null : this.disk.lineage.position(at + 1);
  }

  watch(wake: () => void): () => void {
    this.disk.watchers.add(wake);
    this.watching.add(wake);
    return () => {
      this.disk.watchers.delete(wake);
      this.watching.delete(wake);
    };
  }

  async close(): Promise<void> {
    for (const wake of this.watching) this.disk.watchers.delete(wake);
  }

  private indexAfter(position: Position): number {
    const number = Number(this.disk.lineage.number(position));
    if (number > this.disk.events.length) throw this.disk.lineage.gone(position, 'it is beyond the head');
    return number;
  }
}
