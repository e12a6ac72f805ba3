import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  VERBS,
  callSubject,
  type BlueprintList,
  type CallEnded,
  type NumberedCallLines,
  type HealthReport,
  type LeaseGives,
  type LeaseRecorded,
  type LeaseStanding,
  type LeasesReclaimed,
  type LeasedPlace,
  type LeasedResourceRecorded,
  type Owner,
} from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { MeshConfig, runInContext, systemContext, type RunningService, type Runtime } from '@slipway/mesh';
import { startNatsServer, testRuntime, type NatsServer } from '@slipway/mesh/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import { service } from './index.js';

type Ask = <T>(verb: string, body: object, timeoutMs?: number) => Promise<T>;
const operator = { id: 'operator', type: 'user' } as const;
const ada: Owner = { id: 'ada', type: 'user' };
const DAY = 86_400_000;

describe('the allocator over NATS', () => {
  let nats: NatsServer;
  let folder: string;
  let log: MemoryEventLog;
  let runtime: Runtime;
  let running: RunningService;
  let ask: Ask;
  let keys = 0;
  /** Each test has an environment of its own. */
  let environment: string;

  beforeAll(async () => {
    nats = await startNatsServer();
    folder = await mkdtemp(join(tmpdir(), 'slipway-allocator-'));
    log = new MemoryEventLog();
    runtime = await start();
    ask = as(operator);
  }, 60_000);
  beforeEach(() => void (environment = `e${++keys}`));
  const stop = async () => {
    await running?.stop({ instances: 'leave' });
    await runtime?.connection.close();
  };
  afterAll(async () => {
    await stop();
    await nats.remove();
    await rm(folder, { recursive: true });
  }, 60_000);

  const start = async (): Promise<Runtime> => {
    const config = Object.assign(new MeshConfig(), {
      mesh: 'test',
      dataFolder: folder,
      blueprints: {
        LocalHost: {
          location: 'local',
          capacity: 2,
          limits: { resources: 1, leaseSeconds: 7_200 },
          owner: { id: 'olga', type: 'user' },
        },
        PxeMachine: { location: 'local' },
        Seats: { location: 'local', kind: 'Licence', options: { product: 'editor', count: 3 } },
      },
    });
    const parts = {
      config,
      store: log.as('allocator'),
      blobs: new MemoryBlobs(),
      secrets: new MemorySecrets(),
      cacheFolder: join(folder, 'cache'),
    };
    const made = await testRuntime({ nats, service: 'allocator', parts });
    running = await service.start(made);
    return made;
  };
  const as =
    (actor: { id: string; type: 'user' }) =>
    <T>(verb: string, body: object, timeoutMs = 20_000): Promise<T> =>
      runInContext(systemContext('test', { actor }), () => runtime.bus.request<T>('allocator', verb, body, { timeoutMs }));
  const wanted = (more: object = {}) => ({
    environment,
    type: 'host',
    owner: ada,
    wait: true,
    key: `key-${++keys}`,
    ...more,
  });
  const approve = (by = ask) => by(VERBS.approveBlueprint, { environment, name: 'LocalHost', owner: ada });
  const standing = (leaseId: string) => ask<LeaseStanding>(VERBS.leaseStanding, { leaseId });
  const untilStatus = async (leaseId: string, status: string): Promise<LeaseStanding> => {
    for (const began = Date.now(); ;) {
      const now = await standing(leaseId);
      if (now.status === status) return now;
      if (Date.now() - began > 40_000) throw new Error(`${leaseId} is ${now.status}: ${now.reasons.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const call = ({ leaseId, token }: LeaseStanding, more: object = {}, by = ask) =>
    by<CallEnded>(VERBS.callInterface, {
      leaseId,
      token,
      interface: 'command',
      method: 'exec',
      arguments: { command: ['sh', '-c', 'echo here'] },
      callId: crypto.randomUUID(),
      ...more,
    });

  test('a lease is answered with an id, becomes active, is used, and goes', async () => {
    await expect(ask(VERBS.askLease, wanted())).rejects.toMatchObject({
      code: 'forbidden',
      message: /ada may use none of LocalHost/,
    });
    await approve();
    const { leaseId, position } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    expect(leaseId).toMatch(/^e\d+\.lease-\d+$/);
    expect(position).toMatch(/\.\d{20}$/);
    const active = await untilStatus(leaseId, 'active');
    const lines: NumberedCallLines[] = [];
    const callId = crypto.randomUUID();
    const end = runtime.bus.subscribe(callSubject('test', callId), (body) => void lines.push(body as NumberedCallLines));
    const { result } = await call(active, { callId });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'here\n' });
    end();
    expect(lines).toContainEqual({ from: 'stdout', lines: ['here'], number: 1 });
    expect(await ask(VERBS.releaseLease, { leaseId, reason: 'done' })).toMatchObject({ leaseId });
    await untilStatus(leaseId, 'destroyed');
    expect(await ask(VERBS.releaseLease, { leaseId })).toMatchObject({ leaseId, repeated: true });
    await expect(call(active)).rejects.toMatchObject({ code: 'lease-not-active', message: /is destroyed/ });
  }, 90_000);

  test('the same key asks for nothing twice, by other times neither, and for nothing else', async () => {
    await approve();
    const body = wanted();
    const first = await ask<LeaseRecorded>(VERBS.askLease, body);
    const both = await Promise.all([ask<LeaseRecorded>(VERBS.askLease, body), ask<LeaseRecorded>(VERBS.askLease, body)]);
    for (const again of both) expect(again).toMatchObject({ leaseId: first.leaseId, repeated: true });
    await expect(ask(VERBS.askLease, { ...body, amount: 2 })).rejects.toMatchObject({ code: 'key-reused' });
    // "In half an hour" is another time whenever it is said.
    const inHalfAnHour = () => new Date(Date.now() + 1_800_000).toISOString();
    const times = { until: inHalfAnHour(), waitUntil: inHalfAnHour() };
    expect(await ask(VERBS.askLease, { ...body, ...times })).toMatchObject({ leaseId: first.leaseId, repeated: true });
    // Another actor's key is another one.
    const bob = { id: 'bob', type: 'user' } as const;
    await ask(VERBS.approveBlueprint, { environment, name: 'LocalHost', owner: bob });
    const his = await as(bob)<LeaseRecorded>(VERBS.askLease, { ...body, owner: bob });
    expect(his.leaseId).not.toBe(first.leaseId);
  }, 90_000);

  test('who waits is told his place, why, and when the next one ends', async () => {
    await approve();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const both = await ask<LeaseRecorded>(VERBS.askLease, wanted({ amount: 2, until }));
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    await expect(ask(VERBS.askLease, wanted({ wait: false }))).rejects.toMatchObject({
      code: 'lease-unavailable',
      message: /LocalHost/,
    });
    await expect(ask(VERBS.askLease, wanted({ type: 'moon' }))).rejects.toMatchObject({ code: 'no-blueprint' });
    await expect(ask(VERBS.askLease, wanted({ amount: 3 }))).rejects.toMatchObject({ code: 'lease-impossible' });
    await expect(ask(VERBS.askLease, wanted({ until: 'soon' }))).rejects.toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: 'until' }] },
    });
    const waits = await standing(leaseId);
    expect(waits).toMatchObject({ status: 'pending', place: 1, estimate: until });
    expect(waits.reasons.join()).toMatch(/LocalHost/);
    await expect(call({ ...waits, token: 1 })).rejects.toMatchObject({ code: 'lease-not-active', message: /is pending/ });
    await ask(VERBS.releaseLease, { leaseId: both.leaseId });
    await untilStatus(leaseId, 'active');
  }, 90_000);

  test('who has asked with a key finds his lease by it, and nobody else does', async () => {
    await approve();
    const { key, ...body } = wanted();
    const byKey = (asked: object = {}, by = ask) => by<LeaseStanding>(VERBS.leaseOfKey, { environment, key, ...asked });
    await expect(byKey()).rejects.toMatchObject({ code: 'not-found' });
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, { ...body, key });
    const active = await untilStatus(leaseId, 'active');
    expect(active).toMatchObject({ token: expect.any(Number), resourceId: expect.stringMatching(/^e\d+\.host-\d+$/) });
    expect(await byKey()).toEqual(active);
    await expect(byKey({ key: `${key}-other` })).rejects.toMatchObject({ code: 'not-found' });
    await expect(byKey({ environment: 'elsewhere' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(byKey({}, as({ id: 'ada', type: 'user' }))).rejects.toMatchObject({ code: 'not-found' });
    await ask(VERBS.releaseLease, { leaseId });
    await untilStatus(leaseId, 'destroyed');
    expect(await byKey()).toMatchObject({ leaseId, status: 'destroyed' });
  }, 90_000);

  test('what a lease gives is told to who holds it while it is active, by the token of its acquisition', async () => {
    await approve();
    const both = await ask<LeaseRecorded>(VERBS.askLease, wanted({ amount: 2 }));
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    const gives = (token: number, by = ask) => by<LeaseGives>(VERBS.leaseGives, { leaseId, token });
    await expect(gives(1)).rejects.toMatchObject({ code: 'lease-not-active', message: /is pending/ });
    await ask(VERBS.releaseLease, { leaseId: both.leaseId });
    const active = await untilStatus(leaseId, 'active');
    const token = active.token!;
    const { outputs } = await gives(token, as({ id: 'ada', type: 'user' }));
    expect(outputs).toEqual({ host: '127.0.0.1', place: { folder: expect.stringMatching(/^\//) } });
    const place = outputs['place'] as unknown as LeasedPlace;
    await call(active, { interface: 'filesystem', method: 'writeFile', arguments: { path: 'note', content: btoa('of ada') } });
    expect(await readFile(join(place.folder, 'note'), 'utf8')).toBe('of ada');
    await expect(gives(token - 1)).rejects.toMatchObject({ code: 'lease-not-active', message: /acquired anew/ });
    await expect(gives(token, as({ id: 'bob', type: 'user' }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(gives(0)).rejects.toMatchObject({ code: 'bad-input', details: { fields: [{ field: 'token' }] } });
    await expect(ask(VERBS.leaseGives, { leaseId: `${environment}.lease-999`, token })).rejects.toMatchObject({
      code: 'not-found',
    });
    await ask(VERBS.releaseLease, { leaseId });
    await untilStatus(leaseId, 'destroyed');
    await expect(gives(token)).rejects.toMatchObject({ code: 'lease-not-active', message: /is destroyed/ });
  }, 90_000);

  test('leases end by themselves, are renewed up to a maximum, and are reclaimed by owner or attribute', async () => {
    await approve();
    const soon = await ask<LeaseRecorded>(VERBS.askLease, wanted({ until: new Date(Date.now() + 2_000).toISOString() }));
    const other = await ask<LeaseRecorded>(VERBS.askLease, wanted({ until: new Date(Date.now() + 60_000).toISOString() }));
    const renewed = new Date(Date.now() + 3_600_000).toISOString();
    expect(await ask(VERBS.renewLease, { leaseId: other.leaseId, until: renewed })).toMatchObject({ leaseId: other.leaseId });
    await expect(
      ask(VERBS.renewLease, { leaseId: other.leaseId, until: new Date(Date.now() + DAY).toISOString() }),
    ).rejects.toMatchObject({ code: 'bad-input', details: { fields: [{ field: 'until', reason: /longer it may not last/ }] } });
    await untilStatus(soon.leaseId, 'destroyed');
    await untilStatus(other.leaseId, 'active');
    const reclaim = { environment, owner: ada, reason: 'the machine is needed' };
    expect(await ask<LeasesReclaimed>(VERBS.reclaimLeases, reclaim)).toMatchObject({ leaseIds: [other.leaseId] });
    await untilStatus(other.leaseId, 'destroyed');
    await ask(VERBS.approveBlueprint, { environment, name: 'Seats', owner: ada });
    const attributes = { product: 'editor' };
    const [seat, host] = [
      await ask<LeaseRecorded>(VERBS.askLease, wanted({ type: 'licence', attributes })),
      await ask<LeaseRecorded>(VERBS.askLease, wanted()),
    ];
    const byAttribute = { environment, attributes, reason: 'the editor is sold' };
    expect(await ask<LeasesReclaimed>(VERBS.reclaimLeases, byAttribute)).toMatchObject({ leaseIds: [seat.leaseId] });
    await untilStatus(seat.leaseId, 'destroyed');
    await untilStatus(host.leaseId, 'active');
  }, 90_000);

  test('a command that still runs ends with its lease, and with whoever called it', async () => {
    await approve();
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    const active = await untilStatus(leaseId, 'active');
    const sleeping = { arguments: { command: ['sh', '-c', 'echo on; sleep 60'] } };
    const begun = (callId: string) =>
      new Promise<void>((resolve) => {
        const end = runtime.bus.subscribe(callSubject('test', callId), () => {
          end();
          resolve();
        });
      });
    const [firstCall, secondCall] = [crypto.randomUUID(), crypto.randomUUID()];
    const first = begun(firstCall);
    const cancelled = call(active, { ...sleeping, callId: firstCall });
    await Promise.all([
      expect(cancelled).rejects.toMatchObject({ code: 'lease-not-active', message: /who called has ended it/ }),
      first.then(() => ask(VERBS.cancelCall, { callId: firstCall })),
    ]);
    const second = begun(secondCall);
    const over = call(active, { ...sleeping, callId: secondCall });
    await Promise.all([
      expect(over).rejects.toMatchObject({ code: 'lease-not-active', message: /is not active any more/ }),
      second.then(() => ask(VERBS.releaseLease, { leaseId })),
    ]);
    await untilStatus(leaseId, 'destroyed');
  }, 90_000);

  test('what is too large for a message is handed over as blobs that the call holds, and nobody else', async () => {
    await approve();
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    const active = await untilStatus(leaseId, 'active');
    const file = async (callId: string, method: string, given: object) =>
      call(active, { callId, interface: 'filesystem', method, arguments: { path: 'big', ...given } });
    const [sent, fetched] = [crypto.randomUUID(), crypto.randomUUID()];
    const { sha256, bytes } = await runtime.blobs.of(sent).put(Buffer.alloc(600_000, 'x'));
    await file(sent, 'put', { blob: sha256 });
    expect(await file(fetched, 'get', {})).toEqual({ result: { sha256, bytes }, lines: 0 });
    expect([await runtime.blobs.of(fetched).has(sha256), await runtime.blobs.has(sha256)]).toEqual([true, false]);
    await expect(file(crypto.randomUUID(), 'put', { blob: sha256 })).rejects.toMatchObject({ code: 'blob-missing' });
    await ask(VERBS.releaseLease, { leaseId });
    await untilStatus(leaseId, 'destroyed');
  }, 90_000);

  test('a call names what there is where something is not there, and what is wrong with its arguments', async () => {
    await approve();
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    const active = await untilStatus(leaseId, 'active');
    await expect(call(active, { interface: 'httpd' })).rejects.toMatchObject({
      code: 'not-found',
      message: /there are command, filesystem/,
    });
    await expect(call(active, { method: 'shout' })).rejects.toMatchObject({
      code: 'not-found',
      message: /exec, execOrThrow/,
    });
    await expect(call(active, { arguments: { command: [] } })).rejects.toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: 'arguments.command' }] },
    });
    await expect(call({ ...active, token: active.token! + 1 })).rejects.toMatchObject({
      code: 'lease-not-active',
      message: /anew/,
    });
    const bob = as({ id: 'bob', type: 'user' });
    await expect(call(active, {}, bob)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bob(VERBS.releaseLease, { leaseId })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await as({ id: 'ada', type: 'user' })(VERBS.releaseLease, { leaseId })).toMatchObject({ leaseId });
  }, 90_000);

  test('resources are entered by hand, changed and drained; blueprints are limited, approved by their owner and revoked', async () => {
    const entered = { environment, name: 'editor', blueprint: 'Seats', capacity: 3 };
    const { resourceId } = await ask<LeasedResourceRecorded>(VERBS.enterResource, entered);
    expect(await ask(VERBS.changeResource, { resourceId, capacity: 2 })).toMatchObject({ resourceId });
    await expect(ask(VERBS.enterResource, entered)).rejects.toMatchObject({ code: 'name-taken' });
    expect(await ask(VERBS.drainResource, { resourceId, reason: 'sold' })).toMatchObject({ resourceId });
    const olga = as({ id: 'olga', type: 'user' });
    expect(await approve(olga)).toMatchObject({ name: 'LocalHost' });
    expect(await approve(olga)).toMatchObject({ name: 'LocalHost', repeated: true });
    await expect(approve(as({ id: 'bob', type: 'user' }))).rejects.toMatchObject({ code: 'forbidden' });
    await ask(VERBS.changeBlueprint, { environment, name: 'LocalHost', limits: { resources: 0, leaseSeconds: 0 } });
    const { items } = await ask<BlueprintList>(VERBS.blueprints, { environment, name: 'LocalHost' });
    expect(items).toMatchObject([
      { name: 'LocalHost', type: 'host', limits: { resources: 0, leaseSeconds: 0 }, approved: ['user/ada'], made: 0 },
    ]);
    await expect(ask(VERBS.askLease, wanted())).rejects.toMatchObject({ code: 'lease-impossible', message: /may make none/ });
    const revoke = (by: typeof ask) => by(VERBS.revokeBlueprint, { environment, name: 'LocalHost', owner: ada });
    await expect(revoke(as({ id: 'bob', type: 'user' }))).rejects.toMatchObject({ code: 'forbidden' });
    await revoke(olga);
    await expect(ask(VERBS.askLease, wanted())).rejects.toMatchObject({ code: 'forbidden' });
    await ask(VERBS.setQuota, { environment, owner: ada, most: 0 });
    await approve();
    await ask(VERBS.changeBlueprint, { environment, name: 'LocalHost', limits: { resources: 1 } });
    await expect(ask(VERBS.askLease, wanted())).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(await runtime.bus.request<HealthReport>('allocator', VERBS.health, {})).toMatchObject({
      ready: true,
      worksAt: ['local'],
    });
  }, 90_000);

  test('a machine is entered as its blueprint has it, once, and leased by one at a time, the next when it was given back', async () => {
    const machine = { environment, name: 'rack-a3', blueprint: 'PxeMachine' };
    const enter = (attributes: object, more: object = {}) =>
      ask<LeasedResourceRecorded>(VERBS.enterResource, { ...machine, attributes, ...more });
    const refused = (field: string) => ({ code: 'bad-input', details: { fields: [expect.objectContaining({ field })] } });
    await expect(enter({ mac: 'here' })).rejects.toMatchObject(refused('attributes.mac'));
    await expect(enter({ mac: '52:54:00:12:34:56' }, { capacity: 2 })).rejects.toMatchObject(refused('capacity'));
    const { resourceId } = await enter({ mac: '52-54-00-12-34-56', architecture: 'amd64', cores: 8 });
    // Written in another way it is the same.
    expect(await enter({ mac: '5254.0012.3456', architecture: 'x86-64', cores: 8 })).toMatchObject({
      resourceId,
      repeated: true,
    });
    await expect(enter({ mac: '52:54:00:12:34:56' }, { name: 'rack-a4' })).rejects.toMatchObject(refused('attributes.mac'));
    await expect(ask(VERBS.changeResource, { resourceId, capacity: 2 })).rejects.toMatchObject(refused('capacity'));
    await expect(ask(VERBS.changeResource, { resourceId, attributes: { cores: 4 } })).rejects.toMatchObject(
      refused('attributes.mac'),
    );
    await ask(VERBS.changeResource, { resourceId, attributes: { mac: '52-54-00-12-34-56', architecture: 'amd64', cores: 16 } });

    await ask(VERBS.approveBlueprint, { environment, name: 'PxeMachine', owner: ada });
    const one = { type: 'machine', attributes: { mac: '52:54:00:12:34:56', architecture: 'x86-64' }, filter: '(cores>=16)' };
    const first = await ask<LeaseRecorded>(VERBS.askLease, wanted(one));
    const active = await untilStatus(first.leaseId, 'active');
    expect(active.resourceId).toBe(resourceId);
    const second = await ask<LeaseRecorded>(VERBS.askLease, wanted(one));
    expect(await standing(second.leaseId)).toMatchObject({ status: 'pending', place: 1 });
    await expect(call(active, { interface: 'power', method: 'on', arguments: {} })).rejects.toMatchObject({
      code: 'not-possible',
      message: /attributes\.controller/,
    });
    await ask(VERBS.releaseLease, { leaseId: first.leaseId });
    await untilStatus(second.leaseId, 'active');
  }, 90_000);

  test('nobody but an operator rules over others, and nobody else asks in the name of an owner', async () => {
    await approve();
    const bob = as({ id: 'bob', type: 'user' });
    const mine = { environment, name: 'his', blueprint: 'Seats', owner: { id: 'bob', type: 'user' } };
    const { resourceId } = await ask<LeasedResourceRecorded>(VERBS.enterResource, mine);
    const { leaseId } = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    const refused: [string, object][] = [
      [VERBS.askLease, wanted()],
      [VERBS.reclaimLeases, { environment, owner: ada, reason: 'mine now' }],
      [VERBS.forceLease, { leaseId, reason: 'mine now' }],
      [VERBS.renewLease, { leaseId, until: new Date(Date.now() + 3_600_000).toISOString() }],
      [VERBS.enterResource, { environment, name: 'other', blueprint: 'Seats' }],
      [VERBS.changeBlueprint, { environment, name: 'LocalHost', limits: { resources: 9 } }],
      [VERBS.approveBlueprint, { environment, name: 'LocalHost', owner: { id: 'bob', type: 'user' } }],
      [VERBS.setQuota, { environment, owner: ada, most: 0 }],
    ];
    for (const [verb, body] of refused) await expect(bob(verb, body)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await bob(VERBS.drainResource, { resourceId, reason: 'sold' })).toMatchObject({ resourceId });
  }, 90_000);

  test('the leases of a request end when nothing of it is left, also while no allocator ran', async () => {
    await approve();
    const store = log.as('orchestrator');
    const metadata = { actor: operator };
    const event = (type: string, data: object) => ({ id: crypto.randomUUID(), type, data: data as never, metadata });
    const released = (revision: number, name: string) =>
      store.append(`environment-${environment}`, revision, [event('NameReleased', { name, requestId: 'whoever' })]);
    // What had the name before is of no interest.
    await released(-1, 'shop');
    await store.append('request-r1', -1, [event('RequestAccepted', { job: 'provision', environment, name: 'shop', body: {} })]);
    const held = await ask<LeaseRecorded>(VERBS.askLease, wanted({ requestId: 'r1' }));
    const free = await ask<LeaseRecorded>(VERBS.askLease, wanted());
    await untilStatus(held.leaseId, 'active');
    await released(0, 'other');
    await stop();
    await released(1, 'shop');
    runtime = await start();
    await untilStatus(held.leaseId, 'destroyed');
    await untilStatus(free.leaseId, 'active');
  }, 90_000);
});
