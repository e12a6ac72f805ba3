import { SlipwayError, badInput, type Clock, type Instant, type ServiceName, systemClock } from '@slipway/contracts';
import type { LogAdapter, LogLogger } from './adapter.js';
import { admit, checkStream } from './admission.js';
import { startOf } from './position.js';
import type {
  Appended,
  EventLog,
  EventStore,
  NewEvent,
  Position,
  ReadAllOptions,
  ReadAllResult,
  RecordedEvent,
  SubscribeOptions,
  Subscription,
} from './port.js';
import { subscription } from './subscription.js';
import { Upcasters } from './upcasters.js';

/** What every log is opened with. */
export interface EventLogOptions {
  clock?: Clock;
  logger?: LogLogger;
  upcasters?: Upcasters;
}

const PAGE = 1_000;
const MAX_LIMIT = 5_000;
const DEFAULT_LIMIT = 500;
/** Steps through the log that one read takes for the sake of a filter that few events pass. */
const LOOKS = 10;

/** Puts what all logs have in common (see {@link LogAdapter}) around one kind of log. */
export function createEventLog(adapter: LogAdapter, options: EventLogOptions = {}): EventLog {
  const stores = new Set<Store>();
  let closing: Promise<void> | undefined;
  return {
    info: () => adapter.info(),
    as(service) {
      if (closing) throw closed();
      const store = new Store(service, adapter, options, () => stores.delete(store));
      stores.add(store);
      return store;
    },
    ...(adapter.backup && { backup: (file: string) => adapter.backup!(file) }),
    close: () => (closing ??= Promise.all([...stores].map((store) => store.close())).then(() => adapter.close())),
  };
}

const closed = () => new SlipwayError('log-unavailable', 'The event log was closed', { reason: 'closed' });

/** One service's view of a log. */
class Store implements EventStore {
  private readonly subscriptions = new Set<{ ended: Promise<void>; stop(): Promise<void> }>();
  private readonly upcasters: Upcasters;
  private open = true;

  constructor(
    readonly service: ServiceName | null,
    private readonly adapter: LogAdapter,
    private readonly options: EventLogOptions,
    private readonly onClose: () => void,
  ) {
    this.upcasters = options.upcasters ?? new Upcasters();
  }

  info() {
    return this.adapter.info();
  }

  async append(stream: string, expected: number, events: NewEvent[]): Promise<Appended> {
    this.checkOpen();
    return this.adapter.append(stream, expected, admit(this.service, stream, expected, events, this.upcasters.newest));
  }

  async read(stream: string, { from = 0, limit = Infinity }: { from?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    this.checkOpen();
    checkStream(stream);
    checkCount('from', from, 0);
    if (limit !== Infinity) checkCount('limit', limit, 1);
    const events: RecordedEvent[] = [];
    while (events.length < limit) {
      const page = Math.min(PAGE, limit - events.length);
      const read = await this.adapter.read(stream, from + events.length, page);
      for (const event of read) events.push(this.upcasters.lift(event));
      if (read.length < page) break;
    }
    return events;
  }

  readAll(options: ReadAllOptions = {}): Promise<ReadAllResult> {
    return this.page(options, false);
  }

  private async page(options: ReadAllOptions, following: boolean): Promise<ReadAllResult> {
    this.checkOpen();
    const { after, limit = DEFAULT_LIMIT, filter = {}, asRecorded = false } = options;
    checkCount('limit', limit, 1, MAX_LIMIT);
    let { events, position, end } = await this.adapter.readAll(after, limit, filter, following);
    for (let looks = 1; looks < LOOKS && !end && events.length < limit; looks += 1) {
      const more = await this.adapter.readAll(position, limit - events.length, filter, following);
      events = events.concat(more.events);
      ({ position, end } = more);
    }
    return { events: asRecorded ? events : events.map((event) => this.upcasters.lift(event)), position, end };
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.checkOpen();
    const { clock = systemClock, logger } = this.options;
    const start = startOf(this.info());
    const read = (page: ReadAllOptions) => this.page(page, true);
    const made = subscription(read, start, (wake) => this.adapter.watch(wake), options, clock, logger);
    this.subscriptions.add(made);
    void made.ended.then(() => this.subscriptions.delete(made));
    return made;
  }

  async head(): Promise<Position> {
    this.checkOpen();
    return this.adapter.head();
  }

  async positionAt(time: Instant): Promise<Position | null> {
    this.checkOpen();
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw badInput([{ field: 'time', reason: `"${time}" is not an ISO 8601 time` }]);
    return this.adapter.positionAt(ms);
  }

  async close(): Promise<void> {
    this.open = false;
    this.onClose();
    await Promise.all([...this.subscriptions].map((each) => each.stop()));
  }

  private checkOpen(): void {
    if (!this.open) throw closed();
  }
}

function checkCount(field: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw badInput([{ field, reason: `${value} is not a whole number from ${least} to ${most}` }]);
}
