import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { jetstream, jetstreamManager, AckPolicy } from '@nats-io/jetstream';
import {
  systemClock,
  type Completion,
  type EventView,
  type JobKind,
  type JsonObject,
  type ServiceName,
} from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Connection } from '../bus/connection.js';
import { startNatsServer, type NatsServer } from '../testing/nats-server.js';
import { completionStreamName, completions } from './completions.js';
import { EventStream, Overtaken, RELAY_HEADERS } from './event-stream.js';
import { eventStreamName, recordedEvents } from './recorded-events.js';
import { Relay, type RelayOptions } from './relay.js';

const STREAM = eventStreamName('test');
let nats: NatsServer;
let disk: MemoryDisk;
let store: EventStore;
let ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  nats = await startNatsServer();
  disk = new MemoryDisk();
  store = new MemoryEventLog({ disk }).as('orchestrator');
}, 60_000);
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await nats.remove();
});

/** Appends `count` events, spread over some streams. */
let appended = 0;
beforeEach(() => {
  appended = 0;
});
async function record(count: number): Promise<void> {
  const actor = { id: 'ada', type: 'user' as const };
  for (const last = appended + count; appended < last; appended++) {
    const stream = `request-${appended % 7}`;
    const event = { id: randomUUID(), type: 'StepRequested', data: { n: appended }, metadata: { actor, requestId: stream } };
    await store.append(stream, Math.floor(appended / 7) - 1, [event]);
  }
}

async function connect(server = nats): Promise<Connection> {
  const connection = await Connection.open({ url: server.url, token: server.token, name: 'test' });
  ends.push(() => connection.close());
  return connection;
}

async function relay(replica: string, options: Partial<RelayOptions> = {}): Promise<Relay> {
  const made = new Relay({
    store: new MemoryEventLog({ disk }).as(null),
    connection: await connect(),
    outlet: recordedEvents('test'),
    replica,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    limits: { maxBytes: 64 * 1024 * 1024, replicas: 1 },
    takeoverMs: 600_000,
    pauseMs: 50,
    ...options,
  });
  made.start();
  ends.push(() => made.stop());
  return made;
}

interface Relayed extends EventView {
  subject: string;
  headers: { position: string; previous: string; relay: string };
}

/** All that the stream holds, in order. */
async function relayed(): Promise<Relayed[]> {
  const manager = await jetstreamManager((await connect()).nats);
  const { state } = await manager.streams.info(STREAM);
  const found: Relayed[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = (await manager.streams.getMessage(STREAM, { seq }))!;
    const header = (name: string) => message.header.get(name);
    const headers = {
      position: header(RELAY_HEADERS.position),
      previous: header(RELAY_HEADERS.previous),
      relay: header(RELAY_HEADERS.relay),
    };
    found.push({ subject: message.subject, headers, ...(JSON.parse(message.string()) as EventView) });
  }
  return found;
}

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await sleep(20);
};

async function untilAllRelayed(): Promise<void> {
  const manager = await jetstreamManager((await connect()).nats);
  const head = await store.head();
  await until(async () => {
    const info = await manager.streams.info(STREAM).catch(() => undefined);
    if (!info || info.state.messages === 0) return false;
    const last = await manager.streams.getMessage(STREAM, { seq: info.state.last_seq });
    return last?.header.get(RELAY_HEADERS.position) === head;
  });
}

/** Every recorded event once, in the log's order, each naming the one before it. */
async function expectWhole(): Promise<Relayed[]> {
  const found = await relayed();
  const recorded = disk.events.map(({ position }) => position);
  expect(found.map(({ headers }) => headers.position)).toEqual(recorded);
  expect(found.map(({ headers }) => headers.previous)).toEqual(['', ...recorded.slice(0, -1)]);
  return found;
}

describe('the relay', () => {
  test('publishes what was recorded, in order, each with its own and the previous position', async () => {
    await record(20);
    await relay('one');
    await record(1_000);
    await untilAllRelayed();
    const found = await expectWhole();
    const [first] = disk.events;
    expect(found[0]).toMatchObject({
      subject: 'slipway.test.events.request.step-requested',
      id: first!.id,
      position: first!.position,
      stream: 'request-0',
      revision: 0,
      type: 'StepRequested',
      data: { n: 0 },
      actor: { id: 'ada', type: 'user' },
    });
  }, 60_000);

  test('goes on where it was after a restart, also in the middle', async () => {
    const manager = await jetstreamManager((await connect()).nats);
    await record(3_000);
    for (let round = 0; round < 5; round++) {
      const one = await relay('one');
      await record(50);
      await until(() => one.status().state === 'active');
      await one.stop();
      const { state } = await manager.streams.info(STREAM);
      if (round === 0) expect(state.messages).toBeLessThan(3_050);
    }
    await relay('one');
    await untilAllRelayed();
    await expectWhole();
  }, 60_000);

  test('survives NATS being killed and away: events wait in the log, and none is doubled', async () => {
    const one = await relay('one');
    await record(500);
    await until(() => one.status().state === 'active');
    for (let round = 0; round < 2; round++) {
      await nats.stop('SIGKILL');
      await record(500);
      await until(() => one.status().problem !== undefined);
      await nats.start();
      await record(500);
    }
    await untilAllRelayed();
    await expectWhole();
    expect(one.status()).toEqual({ state: 'active' });
  }, 60_000);

  test('says what keeps it when the server has no JetStream', async () => {
    const bare = await startNatsServer({ jetstream: false });
    ends.push(() => bare.remove());
    const one = await relay('one', { connection: await connect(bare) });
    await until(() => one.status().problem !== undefined);
    expect(one.status().problem).toMatch(/jetstream/i);
  }, 60_000);
});

describe('several relays', () => {
  test('two that start at once: every event once and in order, one goes on, the other stands by', async () => {
    await record(2_000);
    const relays = await Promise.all([relay('one'), relay('two')]);
    await record(200);
    await untilAllRelayed();
    await record(50);
    await untilAllRelayed();
    const found = await expectWhole();
    await until(() => new Set(relays.map((each) => each.status().state)).size === 2);
    const active = relays.findIndex((each) => each.status().state === 'active');
    expect(found.at(-1)!.headers.relay).toBe(['one', 'two'][active]);
    expect(relays[1 - active]!.status()).toEqual({ state: 'standing by' });
  }, 60_000);

  test('one that stands by takes over when the work stands still, not before', async () => {
    await record(10);
    const one = await relay('one');
    await untilAllRelayed();
    const two = await relay('two', { takeoverMs: 300 });
    await until(() => two.status().state === 'standing by');
    await sleep(500);
    // Nothing is due, so nothing stands still.
    expect(two.status()).toEqual({ state: 'standing by' });
    await one.stop();
    await record(10);
    await untilAllRelayed();
    expect(two.status().state).toBe('active');
    expect((await expectWhole()).map(({ headers }) => headers.relay)).toEqual([
      ...Array(10).fill('one'),
      ...Array(10).fill('two'),
    ]);
  }, 60_000);

  test('one that hung and was overtaken publishes nothing when it wakes up, and stands by', async () => {
    let wakeUp = () => {};
    let gate: Promise<void> = Promise.resolve();
    const log = new MemoryEventLog({ disk }).as(null);
    const subscribe: EventStore['subscribe'] = (options) =>
      log.subscribe({ ...options, events: async (batch) => gate.then(() => options.events(batch)) });
    const hanging = new Proxy(log, {
      get: (target, name) => (name === 'subscribe' ? subscribe : (Reflect.get(target, name) as unknown)),
    });
    const one = await relay('one', { store: hanging });
    await record(10);
    await untilAllRelayed();
    gate = new Promise((resolve) => {
      wakeUp = resolve;
    });
    const two = await relay('two', { takeoverMs: 200 });
    await record(10);
    await untilAllRelayed();
    wakeUp();
    await until(() => one.status().state === 'standing by');
    await record(10);
    await untilAllRelayed();
    const found = await expectWhole();
    expect(found.map(({ headers }) => headers.relay)).toEqual([...Array(10).fill('one'), ...Array(20).fill('two')]);
    expect(two.status()).toEqual({ state: 'active' });
  }, 60_000);

  test('a publisher that does not know the end is refused, whatever it publishes', async () => {
    await record(10);
    const limits = { maxBytes: 64 * 1024 * 1024, replicas: 1 };
    const connection = await connect();
    const outlet = recordedEvents('test');
    const messages = await outlet.messages(disk.events);
    const [one, two] = ['one', 'two'].map((replica) => new EventStream(connection, outlet, replica, limits)) as [
      EventStream,
      EventStream,
    ];
    await one.ensure();
    const begin = await one.end();
    expect(begin).toEqual({ sequence: 0 });
    const end = await one.publish(messages.slice(0, 6), begin);
    expect(await two.end()).toEqual(end);
    await expect(two.publish(messages.slice(6), begin)).rejects.toThrow(Overtaken);
    await expect(two.publish(messages.slice(0, 6), begin)).rejects.toThrow(Overtaken);
    expect(await relayed()).toHaveLength(6);
    await two.publish(messages.slice(6), end);
    await expectWhole();
  }, 60_000);
});

describe('subscribers', () => {
  test('one that was away gets what it missed, in order, once', async () => {
    await relay('one');
    await record(5);
    await untilAllRelayed();
    const away = await connect();
    const manager = await jetstreamManager(away.nats);
    await manager.consumers.add(STREAM, { durable_name: 'listener', ack_policy: AckPolicy.Explicit });
    const take = async (connection: Connection, count: number) => {
      const consumer = await jetstream(connection.nats).consumers.get(STREAM, 'listener');
      const got: number[] = [];
      for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
        got.push(message.json<EventView>().data['n'] as number);
        await message.ackAck();
      }
      return got;
    };
    expect(await take(away, 5)).toEqual([0, 1, 2, 3, 4]);
    await away.close();
    await record(20);
    await untilAllRelayed();
    expect(await take(await connect(), 20)).toEqual(Array.from({ length: 20 }, (_, n) => n + 5));
  }, 60_000);

  test('a full stream forgets its oldest, and the relay still knows where it was', async () => {
    const limits = { maxBytes: 100_000, replicas: 1 };
    const one = await relay('one', { limits });
    await record(1_000);
    await untilAllRelayed();
    await one.stop();
    await record(100);
    await relay('one', { limits });
    await untilAllRelayed();
    const found = await relayed();
    expect(found.length).toBeLessThan(1_000);
    expect(found.map(({ data }) => data['n'])).toEqual(Array.from({ length: found.length }, (_, n) => 1_100 - found.length + n));
  }, 60_000);

  test('after a restore the new epoch is told from its beginning', async () => {
    const one = await relay('one');
    await record(10);
    await untilAllRelayed();
    await one.stop();
    disk.restore(6, Date.now());
    await relay('one');
    await untilAllRelayed();
    const found = await relayed();
    expect(found.slice(10).map(({ id }) => id)).toEqual(found.slice(0, 6).map(({ id }) => id));
    expect(found.slice(10).map(({ position }) => position)).toEqual(disk.events.map(({ position }) => position));
  }, 60_000);

  test('what somebody else publishes under its subjects does not lead it astray', async () => {
    await record(5);
    await relay('one');
    await untilAllRelayed();
    const connection = await connect();
    await jetstream(connection.nats).publish('slipway.test.events.request.rumour', '{}');
    await record(5);
    await untilAllRelayed();
    const found = await relayed();
    expect(found.filter(({ headers }) => headers.position).map(({ data }) => data['n'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }, 60_000);
});

describe('completions', () => {
  const name = completionStreamName('test');
  const metadata = { actor: { id: 'ada', type: 'user' as const } };
  const newEvent = (type: string, data: JsonObject) => ({ id: randomUUID(), type, data, metadata });
  const body = { instanceId: 'shop', ownerId: 'ada', definition: 'guestbook' };

  /** A request, and what is recorded in its course. */
  async function recordJob(id: string, job: JobKind, ...ended: string[]): Promise<void> {
    const of = (service: ServiceName) => new MemoryEventLog({ disk }).as(service);
    const accepted = newEvent('RequestAccepted', { job, body, environment: 'default', name: 'shop' });
    await of('orchestrator').append(`request-${id}`, -1, [accepted]);
    const outcome = { requestId: id, stepId: 'storage/shop-data', try: 1 };
    const types = {
      ...{ provision: ['StorageProvisioned'], deprovision: ['StorageDestroyed'], import: ['StorageProvisioned'] },
      // What is brought up again completes nothing.
      export: ['StorageStopped', 'StorageExported', 'StorageProvisioned'],
      // What is changed completes nothing; what is made and removed does.
      update: ['StorageUpdated', 'StorageProvisioned', 'StorageDestroyed'],
      // What is made again was completed before.
      repair: ['StorageUpdated', 'StorageProvisioned'],
    } satisfies Record<JobKind, string[]>;
    const before = (await of('storage').read('storage-default.shop-data')).length;
    const started = newEvent('StorageStarted', outcome);
    await of('storage').append('storage-default.shop-data', before - 1, [
      started,
      ...types[job].map((type) => newEvent(type, outcome)),
    ]);
    await of('orchestrator').append(
      `request-${id}`,
      0,
      ended.map((end) => newEvent(end, {})),
    );
  }

  /** In the course of an export that goes on. */
  async function broughtUpAgain(id: string): Promise<void> {
    const of = (service: ServiceName) => new MemoryEventLog({ disk }).as(service);
    const accepted = newEvent('RequestAccepted', { job: 'export', body, environment: 'default', name: 'shop' });
    await of('orchestrator').append(`request-${id}`, -1, [accepted]);
    const up = newEvent('InstanceProvisioned', { requestId: id, stepId: 'instance/shop', try: 1 });
    await of('instance').append('instance-default.shop', -1, [up]);
  }

  async function told(count: number): Promise<{ subject: string; completion: Completion; position: string }[]> {
    const manager = await jetstreamManager((await connect()).nats);
    const info = () => manager.streams.info(name).catch(() => undefined);
    await until(async () => ((await info())?.state.last_seq ?? 0) >= count);
    const found = [];
    for (let seq = 1; seq <= (await info())!.state.last_seq; seq++) {
      const message = (await manager.streams.getMessage(name, { seq }))!;
      const completion = JSON.parse(message.string()) as Completion;
      found.push({ subject: message.subject, completion, position: message.header.get(RELAY_HEADERS.position) });
    }
    return found;
  }
  const outlet = () => completions('test', new MemoryEventLog({ disk }).as(null));

  test('tell what was done, by whom, in which job; of what failed or goes on they tell nothing', async () => {
    await recordJob('1', 'provision', 'StepSucceeded', 'RequestSucceeded');
    await recordJob('2', 'provision', 'RequestFailed');
    await relay('one', { outlet: outlet() });
    await recordJob('3', 'deprovision', 'RequestSucceeded');
    const found = await told(5);
    const resource = { environment: 'default', kind: 'storage', name: 'shop-data' };
    const instance = { environment: 'default', kind: 'instance', name: 'shop' };
    const by = (service: ServiceName, id: string, job: JobKind, of: object) => ({
      ...{ service, request: { id, job, body }, resource: of, at: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    expect(found.map(({ subject, completion }) => [subject, completion])).toEqual([
      ['slipway.test.dfe.storage.provisioned', by('storage', '1', 'provision', resource)],
      ['slipway.test.dfe.provisioned', by('orchestrator', '1', 'provision', instance)],
      ['slipway.test.dfe.storage.provisioned', by('storage', '2', 'provision', resource)],
      ['slipway.test.dfe.storage.deprovisioned', by('storage', '3', 'deprovision', resource)],
      ['slipway.test.dfe.deprovisioned', by('orchestrator', '3', 'deprovision', instance)],
    ]);
    const positions = found.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted());
  }, 60_000);

  test('of an import and an export have names of their own; what an export brings up again is none, what an update changes neither', async () => {
    await recordJob('1', 'export', 'RequestSucceeded');
    await recordJob('2', 'import', 'RequestSucceeded');
    await recordJob('3', 'update', 'RequestSucceeded');
    await relay('one', { outlet: outlet() });
    const found = await told(6);
    expect(found.map(({ subject, completion: { request, service } }) => [subject, request.job, service])).toEqual([
      ['slipway.test.dfe.storage.exported', 'export', 'storage'],
      ['slipway.test.dfe.exported', 'export', 'orchestrator'],
      ['slipway.test.dfe.storage.imported', 'import', 'storage'],
      ['slipway.test.dfe.imported', 'import', 'orchestrator'],
      ['slipway.test.dfe.storage.provisioned', 'update', 'storage'],
      ['slipway.test.dfe.storage.deprovisioned', 'update', 'storage'],
    ]);
  }, 60_000);

  test('go on where they were after a restart, and are taken over when they stand still; none is told twice', async () => {
    const one = await relay('one', { outlet: outlet() });
    for (let n = 0; n < 20; n++) await recordJob(`first-${n}`, 'provision', 'RequestSucceeded');
    await told(40);
    await one.stop();
    const two = await relay('two', { outlet: outlet(), takeoverMs: 200 });
    await until(() => two.status().state === 'standing by');
    // Much is recorded, and nothing of it is a completion: nothing stands still.
    await record(50);
    // Nor does what an export brings up again.
    await broughtUpAgain('again');
    await sleep(500);
    expect(two.status().state).toBe('standing by');
    for (let n = 0; n < 20; n++) await recordJob(`second-${n}`, 'deprovision', 'RequestSucceeded');
    const found = await told(80);
    expect(found).toHaveLength(80);
    expect(new Set(found.map(({ position }) => position)).size).toBe(80);
  }, 60_000);
});
