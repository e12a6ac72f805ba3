import { randomUUID } from 'node:crypto';
import type { JsonObject, ServiceName } from '@slipway/contracts';
import type { EventLogOptions } from '../event-log.js';
import type { EventLog, EventStore, NewEvent, RecordedEvent } from '../port.js';

/** Where a log lives. */
export interface LogPlace {
  /** Opens the log that lives there, as one process does; more than once at a time, too. */
  open(options?: EventLogOptions): Promise<EventLog>;
  /** After all that was opened has been closed. */
  remove(): Promise<void>;
}

/** Milliseconds that an append may take in tests: a busy machine is not what they are about. */
export const PATIENCE_MS = 15_000;

type Jest = Pick<typeof import('@jest/globals'), 'describe' | 'it' | 'expect' | 'beforeEach' | 'afterEach'>;
/** Jest's globals, looked up when a contract is run: whoever only simulates loads this subpath without Jest. */
export const jest = (): Jest => globalThis as unknown as Jest;

/** A log of its own (or a shared server) for each test, and what tests say often. */
export class Setting {
  place: LogPlace;
  log: EventLog;
  /** The orchestrator's: appends to `request-...`. */
  store: EventStore;
  private opened: EventLog[] = [];

  async begin(open: () => Promise<LogPlace>): Promise<void> {
    this.place = await open();
    this.log = await this.open();
    this.store = this.log.as('orchestrator');
  }

  /** One more process at the same log. */
  async open(options?: EventLogOptions): Promise<EventLog> {
    const log = await this.place.open(options);
    this.opened.push(log);
    return log;
  }

  async end(): Promise<void> {
    await Promise.all(this.opened.map((log) => log.close()));
    this.opened = [];
    await this.place.remove();
  }

  as(service: ServiceName | null): EventStore {
    return this.log.as(service);
  }
}

/** Makes a {@link Setting} anew for each test of the suite that is being described. */
export function setting(open: () => Promise<LogPlace>): Setting {
  const made = new Setting();
  jest().beforeEach(() => made.begin(open), 60_000);
  jest().afterEach(() => made.end(), 60_000);
  return made;
}

/** A stream that no other test uses. */
export const newStream = (category = 'request'): string => `${category}-${randomUUID()}`;

export const newEvent = (type = 'Happened', data: JsonObject = {}, metadata: Partial<NewEvent['metadata']> = {}): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { actor: { id: 'ada', type: 'user' }, ...metadata },
});

export const newEvents = (count: number, type?: string): NewEvent[] =>
  Array.from({ length: count }, (_, index) => newEvent(type, { index }));

export const idsOf = (events: readonly Pick<RecordedEvent, 'id'>[]): string[] => events.map((event) => event.id);

/** Resolves when it holds, and throws when it does not within half a minute. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came to hold: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The code of the SlipwayError that a call ends with, with what it says in its details. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; details: JsonObject; message: string }> {
  try {
    await call;
  } catch (error) {
    const { code, details = {}, message } = error as { code: string; details?: JsonObject; message: string };
    return { code, details, message };
  }
  throw new Error('It was not refused');
}
