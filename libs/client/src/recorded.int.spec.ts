import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventView } from '@slipway/contracts';
import { SlipwayClient } from './index.js';
import { KEY, SmallGateway, event, position } from './testing/small-gateway.js';

const MINUTE = 60_000;

let gateway: SmallGateway;
let client: SlipwayClient;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY });
});
afterEach(() => gateway.stop());

/** The gateway has recorded these, and gives at most so many at once. */
function has(events: EventView[], most = 1000): void {
  gateway.answer = ({ path, query }, response) => {
    if (path === '/api/v1/environments') {
      const then = events.filter(({ recordedAt }) => recordedAt <= query.get('asOf')!);
      return gateway.json(response, { items: [], position: then.at(-1)?.position ?? position(0) });
    }
    const rest = events.filter((one) => one.position > (query.get('after') ?? '') && query.get('type') !== 'None');
    const items = rest.slice(0, Math.min(most, Number(query.get('limit'))));
    const at = items.at(-1)?.position ?? events.at(-1)?.position ?? position(0);
    gateway.json(response, { items, position: at, ...(items.length < rest.length && { next: at }) });
  };
}
const ago = (n: number, ms: number) => event(n, { recordedAt: new Date(Date.now() - ms).toISOString() });
/** `count` events, the first an hour and a half ago, the newest now. */
const history = (count: number) =>
  Array.from({ length: count }, (_, index) => ago(index + 1, ((count - 1 - index) * 90 * MINUTE) / (count - 1)));
const ids = (events: EventView[]) => events.map(({ id }) => id);
const afters = () => gateway.calls.filter(({ path }) => path === '/api/v1/events').map(({ query }) => query.get('after'));

describe('the newest events', () => {
  it('are the last of all, oldest first, with the position to go on from', async () => {
    const events = history(40);
    has(events, 7);
    expect(await client.newestEvents({}, 25)).toEqual({ items: events.slice(15), older: true, position: position(40) });
    expect(await client.newestEvents({}, 40)).toEqual({ items: events, older: false, position: position(40) });
    expect(await client.newestEvents({}, 100)).toMatchObject({ older: false });
  });

  it('are looked for where they were recorded: the rest of the log is not read', async () => {
    has([ago(1, 1e9), ago(2, 30 * MINUTE), ago(3, 20 * MINUTE), ago(4, 10 * MINUTE)]);
    expect(ids((await client.newestEvents({}, 2)).items)).toEqual(['event-3', 'event-4']);
    expect(afters()).toEqual([position(4), position(1)]); // a minute back, an hour back
  });

  it('of nothing are none', async () => {
    has([]);
    expect(await client.newestEvents({}, 5)).toEqual({ items: [], older: false, position: position(0) });
  });

  it('are found in the whole log when the gateway can’t tell where it stood', async () => {
    const events = history(10);
    has(events);
    const { answer } = gateway;
    gateway.answer = (call, response) =>
      call.path === '/api/v1/environments' ? gateway.problem(response, 410, 'gone') : answer(call, response);
    expect(ids((await client.newestEvents({}, 3)).items)).toEqual(['event-8', 'event-9', 'event-10']);
    expect(afters()).toEqual([null]);
  });
});

it('all events after a position come page by page', async () => {
  const events = history(25);
  has(events, 10);
  const pages: string[][] = [];
  for await (const { items } of client.eventPages({}, { after: position(2) })) pages.push(ids(items));
  expect(pages.map(({ length }) => length)).toEqual([10, 10, 3]);
  expect(pages.flat()).toEqual(ids(events.slice(2)));
});

it('handlers tell what they have parked, which is tried again or discarded', async () => {
  const handler = { name: 'welcome', names: ['dfe.provisioned'], parked: [] };
  const accepted = { requestId: 'r', position: position(4) };
  gateway.answer = (call, response) =>
    gateway.json(response, call.method === 'POST' ? accepted : { ...handler, items: [handler] });
  expect((await client.handlers.list()).items).toEqual([handler]);
  expect(await client.handlers.get('welcome')).toMatchObject(handler);
  expect(await client.handlers.retry('welcome', 'e/1')).toEqual(accepted);
  expect(await client.handlers.discard('welcome', 'e', 'over')).toEqual(accepted);
  expect(gateway.calls.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/api/v1/handlers', ''],
    ['GET', '/api/v1/handlers/welcome', ''],
    ['POST', '/api/v1/handlers/welcome/parked/e%2F1/retry', '{}'],
    ['POST', '/api/v1/handlers/welcome/parked/e/discard', '{"reason":"over"}'],
  ]);
});

it('read models tell how they stand, and one is let go on without an event', async () => {
  const state = { position: position(3), building: [], stopped: [] };
  gateway.answer = (_call, response) => gateway.json(response, state);
  expect(await client.views.state()).toEqual(state);
  expect(await client.views.skip('instances', 'e')).toEqual(state);
  expect(gateway.calls.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/api/v1/views', ''],
    ['POST', '/api/v1/views/instances/skip', '{"eventId":"e"}'],
  ]);
});
