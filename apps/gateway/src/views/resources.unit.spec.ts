import { describe, expect, it } from '@jest/globals';
import { foldRows } from '@slipway/event-store/read-models';
import { environments, names } from './environments.js';
import { instances, storages } from './resources.js';
import { positionOf, recorded, secondOf } from './testing/recorded.js';

const owner = { id: 'ada', type: 'user' };
const definition = { name: 'guestbook', version: '1.0.0', hash: 'h' };
const cause = { code: 'driver-failed', message: 'no', hint: '' };
const outcome = (generation: number, requestId = 'r1') => ({ requestId, stepId: 's', try: 1, generation, epoch: 1 });
const start = (generation: number, action = 'ensure', requestId = 'r1') => ({
  ...outcome(generation, requestId),
  action,
  replica: 'one',
  location: 'local',
  driver: 'directory',
  definition,
  spec: {},
  inputs: {},
  deadline: 0,
});
const made = (generation: number) => ({
  ...outcome(generation),
  effect: 'made',
  outputs: { path: '/d' },
  observed: { mode: '0750' },
});
const claim = { kind: 'instance', name: 'shop', requestId: 'r1', owner, job: 'provision' };
const installed = (kind: string, name: string, instanceId?: string) => ({ kind, name, generation: 1, owner, instanceId });
const settled = (...all: object[]) => ({
  requestId: 'r1',
  name: 'shop',
  outcome: 'done',
  installed: all,
  removed: [],
  wires: [],
});
const ENVIRONMENT = 'environment-default';
const STORAGE = 'storage-default.shop-data';
const INSTANCE = 'instance-default.shop';

type Told = readonly [string, string, object];
const storage = (...events: Told[]) => foldRows(storages, recorded(events)).get('default.shop-data');
const instance = (...events: Told[]) => foldRows(instances, recorded(events)).get('default.shop');

describe('a resource', () => {
  it('is being made for whom its request was claimed, then present', () => {
    expect(storage([ENVIRONMENT, 'NameClaimed', claim], [STORAGE, 'StorageStarted', start(1)])).toEqual({
      id: 'default.shop-data',
      kind: 'storage',
      environment: 'default',
      name: 'shop-data',
      status: 'making',
      generation: 1,
      location: 'local',
      driver: 'directory',
      definition,
      ownerId: 'ada',
      instanceId: 'shop',
      requestId: 'r1',
      outputs: {},
      observed: {},
      createdAt: secondOf(2),
      updatedAt: secondOf(2),
      position: positionOf(2),
    });
    expect(storage([STORAGE, 'StorageStarted', start(1)], [STORAGE, 'StorageProvisioned', made(1)])).toMatchObject({
      status: 'present',
      outputs: { path: '/d' },
      observed: { mode: '0750' },
      createdAt: secondOf(1),
      updatedAt: secondOf(2),
    });
  });

  it('is present all the while it is stopped and read out, also when that fails; what runs says that it is stopped', () => {
    const there: Told[] = [
      [INSTANCE, 'InstanceStarted', start(1)],
      [INSTANCE, 'InstanceProvisioned', made(1)],
    ];
    const part = { sha256: 'a', bytes: 1, mediaType: 'application/x-tar', contentBytes: 1 };
    const stop: Told[] = [
      [INSTANCE, 'InstanceStarted', start(1, 'stop', 'r2')],
      [INSTANCE, 'InstanceStopped', outcome(1, 'r2')],
    ];
    const read: Told = [INSTANCE, 'InstanceStarted', start(1, 'export', 'r2')];
    const stopped = { status: 'present', desired: 'stopped', health: 'stopped', requestId: 'r2', outputs: { path: '/d' } };
    expect(instance(...there, stop[0]!)).toMatchObject({ status: 'present', health: 'healthy', requestId: 'r2' });
    expect(instance(...there, ...stop)).toMatchObject(stopped);
    expect(instance(...there, ...stop, read)).toMatchObject(stopped);
    expect(instance(...there, ...stop, read, [INSTANCE, 'InstanceExported', { ...outcome(1, 'r2'), part }])).toMatchObject(
      stopped,
    );
    const failed = instance(...there, ...stop, read, [
      INSTANCE,
      'InstanceFailed',
      { ...outcome(1, 'r2'), action: 'export', cause },
    ]);
    expect(failed).toMatchObject({ ...stopped, cause });
    const again: Told = [INSTANCE, 'InstanceStarted', start(1, 'ensure', 'r2')];
    expect(instance(...there, ...stop, again, [INSTANCE, 'InstanceProvisioned', made(1)])).toMatchObject({
      ...{ status: 'present', desired: 'running', health: 'healthy' },
    });
    const stays = { ...made(1), stopped: true };
    expect(instance(...there, ...stop, again, [INSTANCE, 'InstanceProvisioned', stays])).toMatchObject(stopped);
  });

  it('is as it was until an update of it has ended well, and then as that says', () => {
    const there: Told[] = [
      [INSTANCE, 'InstanceStarted', { ...start(1), spec: { resourceUri: '/api' } }],
      [INSTANCE, 'InstanceProvisioned', { ...made(1), outputs: { url: 'http://old' } }],
      [INSTANCE, 'InstanceHealthChanged', { generation: 1, from: 'healthy', to: 'unhealthy', reason: 'it does not answer' }],
    ];
    const before = { status: 'present', definition, resourceUri: '/api', health: 'unhealthy', outputs: { url: 'http://old' } };
    const newer = { ...definition, version: '1.1.0' };
    const begun: Told = [
      ...([INSTANCE, 'InstanceStarted'] as const),
      { ...start(1, 'update', 'r2'), definition: newer, spec: { resourceUri: '/v2' } },
    ];
    expect(instance(...there, begun)).toMatchObject({ ...before, requestId: 'r2' });
    const failed: Told = [INSTANCE, 'InstanceFailed', { ...outcome(1, 'r2'), action: 'update', cause }];
    expect(instance(...there, begun, failed)).toMatchObject({ ...before, cause });
    const ended = (outputs: object): Told => [
      INSTANCE,
      'InstanceUpdated',
      { ...outcome(1, 'r2'), outputs, observed: { limits: {} } },
    ];
    const after = instance(...there, begun, ended({ url: 'http://new' }));
    expect(after).toMatchObject({
      ...{ status: 'present', generation: 1, definition: newer, resourceUri: '/v2', health: 'healthy' },
      ...{ outputs: { url: 'http://new' }, observed: { limits: {} }, cause: undefined, healthReason: undefined },
    });
    const back: Told = [INSTANCE, 'InstanceStarted', start(1, 'update', 'r2')];
    const undone = instance(...there, begun, failed, back, ended({ url: 'http://old' }));
    expect(undone).toMatchObject({ ...before, resourceUri: undefined, health: 'healthy', cause: undefined });
    const unwanted: Told = [INSTANCE, 'InstanceDesiredStateChanged', { generation: 1, desired: 'stopped' }];
    const still: Told = [
      INSTANCE,
      'InstanceHealthChanged',
      { generation: 1, from: 'healthy', to: 'stopped', reason: 'it was stopped' },
    ];
    expect(instance(...there, unwanted, still, begun, ended({}))).toMatchObject({ desired: 'stopped', health: 'stopped' });
  });

  it('belongs for good to whom the settled plan says; what is shared to no instance', () => {
    const before: Told[] = [
      [ENVIRONMENT, 'NameClaimed', claim],
      [STORAGE, 'StorageStarted', start(1)],
      [STORAGE, 'StorageProvisioned', made(1)],
    ];
    expect(storage(...before, [ENVIRONMENT, 'PlanSettled', settled(installed('storage', 'shop-data'))])).toMatchObject({
      ownerId: 'ada',
      instanceId: undefined,
      position: positionOf(4),
    });
    const same = storage(...before, [ENVIRONMENT, 'PlanSettled', settled(installed('storage', 'shop-data', 'shop'))]);
    expect(same).toMatchObject({ instanceId: 'shop', position: positionOf(3) });
    const where = { guestLocation: 'north', provisioner: 'acme' };
    const told = settled({ ...installed('storage', 'shop-data', 'shop'), ...where });
    expect(storage(...before, [ENVIRONMENT, 'PlanSettled', told])).toMatchObject({ ...where, position: positionOf(4) });
  });

  it('has failed with its cause, and is made anew in a new generation', () => {
    const failed: Told[] = [
      [STORAGE, 'StorageStarted', start(1)],
      [STORAGE, 'StorageFailed', { ...outcome(1), action: 'ensure', cause }],
    ];
    expect(storage(...failed)).toMatchObject({ status: 'failed', cause });
    const again = storage(
      ...failed,
      [STORAGE, 'StorageStarted', start(2)],
      [STORAGE, 'StorageDestroyed', { ...outcome(1), effect: 'destroyed' }],
    );
    expect(again).toMatchObject({ status: 'making', generation: 2, createdAt: secondOf(3) });
    expect(again!.cause).toBeUndefined();
  });

  it('is destroyed, and nothing is left to show of it but that', () => {
    const view = storage(
      [STORAGE, 'StorageStarted', start(1)],
      [STORAGE, 'StorageProvisioned', made(1)],
      [STORAGE, 'StorageStarted', start(1, 'destroy', 'r2')],
      [STORAGE, 'StorageDestroyed', { ...outcome(1, 'r2'), effect: 'destroyed' }],
    );
    expect(view).toMatchObject({ status: 'destroyed', requestId: 'r2', outputs: {}, observed: {}, createdAt: secondOf(1) });
  });

  it('that is an instance shows its health and restarts', () => {
    const up: Told[] = [
      [INSTANCE, 'InstanceStarted', start(1)],
      [INSTANCE, 'InstanceProvisioned', made(1)],
      [INSTANCE, 'InstanceHealthChanged', { generation: 1, from: 'healthy', to: 'unhealthy', reason: 'no answer' }],
      [INSTANCE, 'InstanceRestarted', { generation: 1, restarts: 2, reason: 'exit code 1' }],
    ];
    expect(instance(...up)).toMatchObject({ instanceId: 'shop', health: 'unhealthy', healthReason: 'no answer', restarts: 2 });
  });

  it('shows how its secrets are being made anew, and gives out the new ones', () => {
    const up: Told[] = [
      [STORAGE, 'StorageStarted', start(1)],
      [STORAGE, 'StorageProvisioned', made(1)],
      [STORAGE, 'StorageRotationStarted', { generation: 1, rotation: 'n1' }],
    ];
    expect(storage(...up)!.rotation).toEqual({ id: 'n1', state: 'rotating' });
    const failed: Told = [STORAGE, 'StorageRotationFailed', { generation: 1, rotation: 'n1', cause }];
    expect(storage(...up, failed)!.rotation).toEqual({ id: 'n1', state: 'failed', cause });
    const outputs = { key: 'secret://storage-default.shop/g1/key#2' };
    const rotated: Told = [STORAGE, 'StorageCredentialsRotated', { generation: 1, rotation: 'n1', outputs, inputs: {} }];
    expect(storage(...up, rotated)).toMatchObject({ outputs, rotation: { id: 'n1', state: 'rotated' } });
    const read: Told = [STORAGE, 'StorageCredentialsRead', { generation: 1, secrets: [] }];
    expect(storage(...up, read)!.status).toBe('present');
  });

  it('that is an instance shows how long it is wanted, and its name does; nothing of that when it is gone', () => {
    const until = Date.parse('2026-03-01T06:00:00Z');
    const up: Told[] = [
      [ENVIRONMENT, 'NameClaimed', { kind: 'instance', name: 'shop', requestId: 'r1', owner, job: 'provision' }],
      [INSTANCE, 'InstanceStarted', start(1)],
      [INSTANCE, 'InstanceProvisioned', made(1)],
      [ENVIRONMENT, 'UntilSet', { name: 'shop', requestId: 'r1', until }],
    ];
    const put: Told = [ENVIRONMENT, 'UntilExtended', { name: 'shop', from: until, until: until + 1000, actor: owner }];
    expect(instance(...up)!.until).toBe('2026-03-01T06:00:00.000Z');
    expect(instance(...up, put)!.until).toBe('2026-03-01T06:00:01.000Z');
    expect(instance(...up, [INSTANCE, 'InstanceDestroyed', { ...outcome(1), effect: 'destroyed' }])!.until).toBeUndefined();
    const again: Told = [ENVIRONMENT, 'NameClaimed', { kind: 'instance', name: 'shop', requestId: 'r2', owner, job: 'export' }];
    const named = foldRows(names, recorded([...up, put, again])).get('default.shop');
    expect(named).toMatchObject({ requestId: 'r2', until: '2026-03-01T06:00:01.000Z' });
  });

  it('that is an instance shows whether it is to run, and nothing of that when it is gone', () => {
    const up: Told[] = [
      [INSTANCE, 'InstanceStarted', start(1)],
      [INSTANCE, 'InstanceProvisioned', made(1)],
    ];
    const stopped: Told = [INSTANCE, 'InstanceDesiredStateChanged', { generation: 1, desired: 'stopped' }];
    expect(instance(...up)!.desired).toBe('running');
    expect(instance(...up, stopped)!.desired).toBe('stopped');
    expect(instance(...up, stopped, [INSTANCE, 'InstanceProvisioned', made(1)])!.desired).toBe('running');
    const destroyed: Told = [INSTANCE, 'InstanceDestroyed', { ...outcome(1), effect: 'destroyed' }];
    expect(instance(...up, stopped, destroyed)!.desired).toBeUndefined();
  });
});

describe('an environment', () => {
  const row = (...events: Told[]) => foldRows(environments, recorded(events)).get('default');

  it('counts what is there once, however often it is found', () => {
    const events: Told[] = [
      [STORAGE, 'StorageStarted', start(1)],
      [STORAGE, 'StorageProvisioned', made(1)],
      [STORAGE, 'StorageProvisioned', made(1)],
      [INSTANCE, 'InstanceProvisioned', made(1)],
    ];
    expect(row(...events)).toMatchObject({ storages: 1, databases: 0, instances: 1, paused: false });
    const destroyed = { ...outcome(1), effect: 'destroyed' };
    const after = row(...events, [STORAGE, 'StorageDestroyed', destroyed], [STORAGE, 'StorageDestroyed', destroyed]);
    expect(after).toMatchObject({ storages: 0, instances: 1, position: positionOf(5) });
  });

  it('is paused and resumed; while it is, it tells since when, by whom and why', () => {
    const paused: Told = [ENVIRONMENT, 'DispatchPaused', { actor: owner, reason: 'waiting for Bob' }];
    const pause = { at: secondOf(1), by: owner, reason: 'waiting for Bob' };
    expect(row(paused)).toMatchObject({ name: 'default', paused: true, pause });
    expect(row([ENVIRONMENT, 'DispatchPaused', { actor: owner }])!.pause).toEqual({ at: secondOf(1), by: owner });
    const resumed = row(paused, [ENVIRONMENT, 'DispatchResumed', {}])!;
    expect([resumed.paused, resumed.pause]).toEqual([false, undefined]);
  });

  it('knows its names: with the request while one works on it, until it is released', () => {
    const name = (...events: Told[]) => foldRows(names, recorded(events)).get('default.shop');
    const claimed: Told = [ENVIRONMENT, 'NameClaimed', claim];
    expect(name(claimed)).toEqual({ environment: 'default', name: 'shop', ownerId: 'ada', requestId: 'r1' });
    expect(name(claimed, [ENVIRONMENT, 'PlanSettled', settled()])!.requestId).toBeUndefined();
    const other: Told = [ENVIRONMENT, 'PlanSettled', { ...settled(), requestId: 'another' }];
    expect(name(claimed, other)!.requestId).toBe('r1');
    const back: Told = [
      ENVIRONMENT,
      'NameClaimed',
      { ...claim, requestId: 'r2', owner: { id: 'bob', type: 'user' }, job: 'deprovision' },
    ];
    expect(name(claimed, back)).toMatchObject({ ownerId: 'ada', requestId: 'r2' });
    expect(name(claimed, [ENVIRONMENT, 'NameReleased', { name: 'shop', requestId: 'r1' }])).toBeUndefined();
  });
});
