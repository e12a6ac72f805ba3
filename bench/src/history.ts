import type { ServiceName } from '@slipway/contracts';
import type { EventLog, EventStore } from '@slipway/event-store';
import { plausibleHistory } from '@slipway/gateway/views/testing';

/** Appends that are under way at once while a log is filled. */
const AT_ONCE = 1_000;

/** Fills the log with a plausible history of at least so many events; returns how many. */
export async function fill(log: EventLog, least: number): Promise<number> {
  const stores = new Map<ServiceName, EventStore>();
  const storeOf = (service: ServiceName) => stores.get(service) ?? stores.set(service, log.as(service)).get(service)!;
  let events = 0;
  function* enough() {
    for (const append of plausibleHistory(1, { requests: least, concurrent: 64, trouble: 0.05 })) {
      if (events >= least) return;
      events += append.events.length;
      yield append;
    }
  }
  await appendAll(enough(), ({ service, stream, expected, events: own }) => storeOf(service).append(stream, expected, own));
  return events;
}

/** The log keeps the order of one process's appends, so those of one stream need not wait for one another. */
export async function appendAll<Item>(items: Iterable<Item>, append: (item: Item) => Promise<unknown>): Promise<void> {
  let underWay: Promise<unknown>[] = [];
  for (const item of items) {
    underWay.push(append(item));
    if (underWay.length < AT_ONCE) continue;
    await Promise.all(underWay);
    underWay = [];
  }
  await Promise.all(underWay);
}
