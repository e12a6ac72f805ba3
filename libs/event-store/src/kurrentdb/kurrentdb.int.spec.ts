import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEventLog } from '../open.js';
import type { EventLog, RecordedEvent } from '../port.js';
import { newEvent, newEvents, refusal, until } from '../testing/contract-setting.js';
import { StandInServer } from './fixtures/stand-in.js';
import { beginEpoch, openKurrentEventLog } from './index.js';

let server: StandInServer;
let log: EventLog;
const open = () => openKurrentEventLog({ connection: '', client: server.client() });

beforeEach(async () => {
  server = new StandInServer();
  log = await open();
});
afterEach(() => log.close());

describe('the log on KurrentDB', () => {
  it('that nobody serves is "log-unavailable" when it is opened, with the reason and without the credentials', async () => {
    const { code, message, details } = await refusal(
      openEventLog({ eventLog: 'kurrentdb://admin:canary@127.0.0.1:1?tls=false', folder: '' }),
    );
    expect({ code, details }).toEqual({ code: 'log-unavailable', details: { reason: 'KurrentDB cannot be reached' } });
    expect(message).not.toContain('canary');
  });

  it('is one log, whichever process came first', async () => {
    const fresh = new StandInServer();
    const logs = await Promise.all([1, 2, 3].map(() => openKurrentEventLog({ connection: '', client: fresh.client() })));
    expect(new Set(logs.map((each) => each.info().logId)).size).toBe(1);
    await Promise.all(logs.map((each) => each.close()));
  });

  it('records once when the answer was lost', async () => {
    const store = log.as('orchestrator');
    server.lost = true;
    const event = newEvent();
    expect((await store.append('request-1', -1, [event])).revision).toBe(0);
    expect((await store.read('request-1')).map(({ id }) => id)).toEqual([event.id]);
  });

  it('refuses while the server is away, and subscriptions go on by themselves when it is back', async () => {
    const store = log.as('orchestrator');
    const got: RecordedEvent[] = [];
    const failures: unknown[] = [];
    store.subscribe({ name: 'test', events: (batch) => void got.push(...batch), failed: (error) => failures.push(error) });
    await store.append('request-1', -1, newEvents(2));
    await until(() => got.length === 2);
    server.stop();
    const away = { code: 'log-unavailable', details: { reason: 'KurrentDB cannot be reached' } };
    expect(await refusal(store.append('request-1', 1, [newEvent()]))).toMatchObject(away);
    expect(await refusal(store.read('request-1'))).toMatchObject(away);
    server.down = false;
    await store.append('request-1', 1, [newEvent()]);
    await until(() => got.length === 3);
    expect(failures).toEqual([]);
  });

  it('names an event that is not what was recorded', async () => {
    const store = log.as('orchestrator');
    await store.append('request-1', -1, newEvents(3));
    const victim = server.events.find((event) => event.streamId === 'request-1' && event.revision === 1n)!;
    victim.data = { index: 7 };
    const details = { stream: 'request-1', revision: 1 };
    expect(await refusal(store.read('request-1'))).toMatchObject({ code: 'log-damaged', details });
    expect(await refusal(store.readAll())).toMatchObject({ code: 'log-damaged', details });
    server.events.splice(server.events.indexOf(victim), 1);
    expect(await refusal(store.read('request-1'))).toMatchObject({
      code: 'log-damaged',
      message: expect.stringContaining('is missing'),
    });
  });

  it('begins a new epoch after a restore: positions that were given later are gone', async () => {
    const store = log.as('orchestrator');
    const kept = await store.append('request-1', -1, newEvents(2));
    const late = await store.append('request-2', -1, [newEvent()]);
    await log.close();
    server.events.pop();
    const epoch = await beginEpoch(server.client());
    log = await open();
    expect(log.info().epoch).toBe(epoch);
    const reader = log.as('orchestrator');
    expect(await refusal(reader.readAll({ after: late.position }))).toMatchObject({ code: 'gone' });
    expect((await reader.readAll({ after: kept.position })).events).toEqual([]);
    await reader.append('request-3', -1, [newEvent()]);
    expect((await reader.readAll({ after: kept.position })).events).toHaveLength(1);
  });
});
