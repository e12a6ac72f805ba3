import { SlipwayError, categoryOf, instant, systemClock } from '@slipway/contracts';
import type { LogAdapter } from '../adapter.js';
import type { AdmittedEvent } from '../admission.js';
import { createEventLog, type EventLogOptions } from '../event-log.js';
import { Lineage, nextEpoch, type Epoch } from '../position.js';
import { type Appended, type EventLog, type LogInfo, type Position, type ReadFilter, type RecordedEvent } from '../port.js';

/** A moment at which a simulation may let a process die. */
export interface AppendPoint {
  /** Before: nothing is recorded yet. After: it is recorded, and the caller does not know it yet. */
  when: 'before' | 'after';
  stream: string;
  expected: number;
  types: string[];
}

export interface MemoryEventLogOptions extends EventLogOptions {
  logId?: string;
  /** What it throws (or rejects with) is what the caller of `append` gets. Identical repeats pass it too. */
  onAppend?(point: AppendPoint): void | Promise<void>;
}

/**
 * The log for simulations: deterministic, as durable as the object itself, with hooks around each append. Reads and
 * wake-ups run in microtasks, so whoever owns the clock owns the order of things.
 */
export class MemoryEventLog implements EventLog {
  private readonly adapter: MemoryAdapter;
  private readonly log: EventLog;

  constructor(options: MemoryEventLogOptions = {}) {
    this.adapter = new MemoryAdapter(options);
    this.log = createEventLog(this.adapter, options);
  }

  info(): LogInfo {
    return this.adapter.info();
  }

  as(service: Parameters<EventLog['as']>[0]) {
    return this.log.as(service);
  }

  /** Everything recorded so far, in order, for a simulation's assertions. */
  get events(): readonly RecordedEvent[] {
    return this.adapter.events;
  }

  /** As a restore of a backup that held the first `count` events would leave it: the rest is gone, a new epoch begins. */
  restore(count: number): void {
    this.adapter.restore(count);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}

class MemoryAdapter implements LogAdapter {
  events: RecordedEvent[] = [];
  private streams = new Map<string, RecordedEvent[]>();
  private readonly watchers = new Set<() => void>();
  private readonly epochs: Epoch[] = [{ epoch: 1, after: 0n }];
  private lineage: Lineage;

  constructor(private readonly options: MemoryEventLogOptions) {
    this.lineage = new Lineage(options.logId ?? 'memory', this.epochs);
  }

  info(): LogInfo {
    return { kind: 'memory', logId: this.lineage.logId, epoch: this.lineage.epoch };
  }

  async append(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended> {
    const point = { stream, expected, types: events.map((event) => event.type) };
    await this.options.onAppend?.({ ...point, when: 'before' });
    const appended = this.record(stream, expected, events);
    await this.options.onAppend?.({ ...point, when: 'after' });
    return appended;
  }

  private record(stream: string, expected: number, events: AdmittedEvent[]): Appended {
    const recorded = this.streams.get(stream) ?? [];
    const last = expected + events.length;
    if (recorded.length - 1 !== expected) {
      if (!events.every((event, index) => recorded[expected + 1 + index]?.id === event.id))
        throw new SlipwayError('wrong-revision', undefined, { stream, expected, actual: recorded.length - 1 });
      return { revision: last, position: recorded[last]!.position, repeated: true };
    }
    const now = (this.options.clock ?? systemClock).now();
    const recordedAt = instant(Math.max(now, Date.parse(this.events.at(-1)?.recordedAt ?? instant(0))));
    this.streams.set(stream, recorded);
    for (const { id, type, version, data, metadata } of events) {
      const event: RecordedEvent = {
        id,
        type,
        version,
        data: JSON.parse(data),
        metadata: JSON.parse(metadata),
        stream,
        revision: recorded.length,
        position: this.lineage.position(this.events.length + 1),
        recordedAt,
      };
      recorded.push(event);
      this.events.push(event);
    }
    for (const wake of this.watchers) wake();
    return { revision: last, position: recorded[last]!.position, repeated: false };
  }

  async read(stream: string, from: number, limit: number): Promise<RecordedEvent[]> {
    return structuredClone((this.streams.get(stream) ?? []).slice(from, from + limit));
  }

  async readAll(after: Position | undefined, limit: number, filter: ReadFilter) {
    let at = after ? this.indexAfter(after) : 0;
    const events: RecordedEvent[] = [];
    for (; at < this.events.length && events.length < limit; at += 1) {
      if (passes(this.events[at]!, filter)) events.push(structuredClone(this.events[at]!));
    }
    return { events, position: this.lineage.position(at), end: at === this.events.length };
  }

  async head(): Promise<Position> {
    return this.lineage.position(this.events.length);
  }

  async positionAt(ms: number): Promise<Position | null> {
    const at = this.events.findLastIndex((event) => Date.parse(event.recordedAt) <= ms);
    return at < 0 ? null : this.lineage.position(at + 1);
  }

  watch(wake: () => void): () => void {
    this.watchers.add(wake);
    return () => this.watchers.delete(wake);
  }

  async close(): Promise<void> {
    this.watchers.clear();
  }

  restore(count: number): void {
    const { now } = this.options.clock ?? systemClock;
    this.epochs.push({ epoch: nextEpoch(this.lineage.epoch, now()), after: BigInt(Math.min(count, this.events.length)) });
    this.lineage = new Lineage(this.lineage.logId, this.epochs);
    this.events = this.events.slice(0, count).map((event, index) => ({ ...event, position: this.lineage.position(index + 1) }));
    this.streams = new Map();
    for (const event of this.events) this.streams.set(event.stream, [...(this.streams.get(event.stream) ?? []), event]);
    for (const wake of this.watchers) wake();
  }

  private indexAfter(position: Position): number {
    const number = Number(this.lineage.number(position));
    if (number > this.events.length) throw this.lineage.gone(position, 'it is beyond the head');
    return number;
  }
}

/** Whether an event passes a filter. */
export const passes = (event: RecordedEvent, filter: ReadFilter): boolean =>
  (!filter.categories || filter.categories.includes(categoryOf(event.stream))) &&
  (!filter.types || filter.types.includes(event.type)) &&
  (filter.environment === undefined || filter.environment === event.metadata.environment) &&
  (filter.requestId === undefined || filter.requestId === event.metadata.requestId) &&
  (filter.ownerId === undefined || filter.ownerId === event.metadata.ownerId);
