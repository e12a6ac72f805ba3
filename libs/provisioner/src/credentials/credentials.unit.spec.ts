import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  SlipwayError,
  VERBS,
  resourceStream,
  type Credentials,
  type EnsureCommand,
  type JsonObject,
  type ResourceKind,
  type ResourceRef,
  type Rotation,
  type SealedCredentials,
} from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { settle } from '@slipway/mesh/testing';
import { Recipient } from '@slipway/secrets';
import type { Driver } from '../driver.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { ResourceStreams } from '../lifecycle/stream.js';
import { startCore } from '../testing/start-core.js';
import { CredentialReader } from './credential-reader.js';

const GRACE = { id: 'grace', type: 'user' as const };

/** What stands in the clear only where it is given out. */
const CANARY = 'canary-of-the-secret';
const SECRET = 'secret://database-default.shop-db/g1/password';

describe('credentials', () => {
  let rig: CoreRig;
  let drivers: Record<'instance' | 'database', Driver>;
  let given: Record<string, JsonObject>[];
  const shop: ResourceRef = { environment: 'default', kind: 'instance', name: 'shop' };
  const db: ResourceRef = { environment: 'default', kind: 'database', name: 'shop-db' };

  beforeEach(async () => {
    rig = new CoreRig('instance');
    given = [];
    // As a bucket's access key: what belongs to the secret, and is none, changes with it.
    const passwordOf = async ({ resource }: { resource: ResourceRef }, version: number): Promise<JsonObject> => ({
      host: 'there',
      keyId: `key-${version}`,
      password: await rig.secrets.put(`${resourceStream(resource)}/g1/password`, `${CANARY}-${resource.name}-${version}`),
    });
    const versions = new Map<string, number>();
    const driver = (kind: ResourceKind): Driver => ({
      ...new SimulatedPlace().driver(kind, 'simulated'),
      ensure: async (target) => ({ effect: 'made', outputs: await passwordOf(target, 1), observed: {} }),
      rotate: async (target, _spec, inputs) => {
        given.push(inputs);
        const version = (versions.get(target.resource.name) ?? 1) + 1;
        versions.set(target.resource.name, version);
        return { outputs: await passwordOf(target, version) };
      },
      updatable: {
        ...{ inPlace: ['command'], replaces: [] },
        update: async (target, _spec, inputs) => {
          given.push(inputs);
          return { outputs: { host: 'there' }, observed: { name: target.resource.name } };
        },
      },
    });
    drivers = {
      instance: {
        ...driver('instance'),
        observe: async () => ({ health: 'healthy', reason: 'it answers', restarts: 0 }),
        stop: async () => {},
      },
      database: driver('database'),
    };
    await start();
    await ask('database', VERBS.ensure, rig.ensure({ requestId: 'db', resource: db, owner: GRACE }));
    await recorded('DatabaseProvisioned');
    const inputs = { db: { ...outputsOf('DatabaseProvisioned') }, files: { path: '/files' } };
    const command = rig.ensure({ requestId: 'shop', resource: shop, spec: { command: ['run'] }, inputs, owner: GRACE });
    await ask('instance', VERBS.ensure, command);
    await recorded('InstanceProvisioned');
  });

  const start = async (kinds: readonly ('instance' | 'database')[] = ['instance', 'database']) => {
    for (const kind of kinds) {
      const store = new MemoryEventLog({ clock: rig.clock, disk: rig.disk }).as(kind);
      const over = { kind, store };
      await startCore(rig.ports([drivers[kind]], 'here', over), (verb, handler, location) => {
        rig.bus.serve(kind, verb, handler as (body: unknown) => unknown, location);
      });
    }
    await settle();
  };
  const ask = async <T>(kind: ResourceKind, verb: string, body: unknown): Promise<T> => {
    const asked = rig.bus.request<T>(kind, verb, body, { location: 'local', context: rig.context });
    let over = false;
    asked.then(
      () => (over = true),
      () => (over = true),
    );
    await rig.clock.reach(() => over);
    return asked;
  };
  const types = (resource: ResourceRef) =>
    rig.disk.events.filter(({ stream }) => stream === resourceStream(resource)).map(({ type }) => type);
  const recorded = (type: string) => rig.clock.reach(() => rig.disk.events.some((event) => event.type === type));
  const outputsOf = (type: string) => rig.disk.events.findLast((event) => event.type === type)!.data.outputs as JsonObject;
  const rotate = (rotation = 'first') =>
    ask<Rotation>('instance', VERBS.rotate, { resource: shop, rotation, owned: ['database/shop-db'] });

  describe('are read', () => {
    const read = async (recipient = new Recipient()) => {
      const sealed = await ask<SealedCredentials>('instance', VERBS.credentials, { resource: shop, recipient: recipient.key });
      return { sealed, open: () => JSON.parse(recipient.open(sealed, resourceStream(shop))) as Credentials[] };
    };

    test('by who asks, with those of what it is wired to, and by nobody on the way', async () => {
      const { sealed, open } = await read();
      expect(open()).toEqual([
        { kind: 'instance', name: 'shop', values: { host: 'there', keyId: 'key-1', password: `${CANARY}-shop-1` } },
        { kind: 'database', name: 'db', values: { host: 'there', keyId: 'key-1', password: `${CANARY}-shop-db-1` } },
      ]);
      expect(JSON.stringify(sealed)).not.toContain(CANARY);
      expect(() => new Recipient().open(sealed, resourceStream(shop))).toThrow();
    });

    test('and who did so is recorded, each time, by reference', async () => {
      const { sealed } = await read();
      await read();
      const events = rig.disk.events.filter(({ type }) => type === 'InstanceCredentialsRead');
      const secrets = ['secret://instance-default.shop/g1/password#1', 'secret://database-default.shop-db/g1/password#1'];
      expect(events.map(({ data }) => data)).toEqual(Array(2).fill({ generation: 1, secrets }));
      expect(events[0]!.metadata).toMatchObject({ actor: rig.context.actor, ownerId: 'grace', correlationId: 'call-1' });
      expect(events[0]!.position).toBe(sealed.position);
      expect(JSON.stringify(rig.disk.events)).not.toContain(CANARY);
    });

    test('or not at all where that cannot be recorded', async () => {
      const onAppend = () => {
        throw new SlipwayError('log-unavailable');
      };
      const store = new MemoryEventLog({ clock: rig.clock, disk: rig.disk, onAppend }).as('instance');
      const reader = new CredentialReader(rig, new ResourceStreams(store, randomUUID));
      const asked = reader.read({ resource: shop, recipient: new Recipient().key }, rig.context);
      await expect(asked).rejects.toMatchObject({ code: 'log-unavailable' });
    });

    test('of nothing that is not there', async () => {
      const query = { resource: { ...shop, name: 'nobody' }, recipient: new Recipient().key };
      await expect(ask('instance', VERBS.credentials, query)).rejects.toMatchObject({ code: 'not-found' });
    });
  });

  describe('are made anew', () => {
    test('first those of its database, then its own; it is given the new ones, and all of it is recorded', async () => {
      expect(await rotate()).toMatchObject({ state: 'rotating' });
      await recorded('InstanceCredentialsRotated');
      expect(types(db).slice(2)).toEqual(['DatabaseRotationStarted', 'DatabaseCredentialsRotated']);
      const password = `${SECRET}#2`;
      expect(given.at(-1)).toEqual({ db: { host: 'there', keyId: 'key-2', password }, files: { path: '/files' } });
      const { data } = rig.disk.events.findLast(({ type }) => type === 'InstanceCredentialsRotated')!;
      expect(data).toEqual({
        ...{ generation: 1, rotation: 'first', inputs: given.at(-1) },
        outputs: { host: 'there', keyId: 'key-2', password: 'secret://instance-default.shop/g1/password#2' },
      });
      await rig.clock.reach(() => types(shop).filter((type) => type === 'InstanceHealthChanged').length === 2);
      const health = rig.disk.events.filter(({ type }) => type === 'InstanceHealthChanged').map(({ data: { to } }) => to);
      expect(health).toEqual(['starting', 'healthy']);
      expect(JSON.stringify(rig.disk.events)).not.toContain(CANARY);
    });

    describe('and are what is given from then on, whatever a step that knows of no rotation says:', () => {
      const command = (more: Partial<EnsureCommand>) =>
        rig.ensure({ requestId: 'other', resource: shop, spec: { command: ['run'] }, inputs: before, owner: GRACE, ...more });
      const now = { db: { host: 'there', keyId: 'key-2', password: `${SECRET}#2` }, files: { path: '/files' } };
      let before: Record<string, JsonObject>;
      beforeEach(async () => {
        before = { db: { ...outputsOf('DatabaseProvisioned') }, files: { path: '/files' } };
        await rotate();
        await recorded('InstanceCredentialsRotated');
      });
      const credentials = async () => {
        const recipient = new Recipient();
        const sealed = await ask<SealedCredentials>('instance', VERBS.credentials, { resource: shop, recipient: recipient.key });
        const all = JSON.parse(recipient.open(sealed, resourceStream(shop))) as Credentials[];
        return all.find(({ kind }) => kind === 'database')!.values;
      };

      test('to an update of it', async () => {
        await ask('instance', VERBS.update, command({ spec: { command: ['newer'] } }));
        await recorded('InstanceUpdated');
        expect(given.at(-1)).toEqual(now);
        expect(await credentials()).toEqual({ host: 'there', keyId: 'key-2', password: `${CANARY}-shop-db-2` });
      });

      test('to an update that takes the wire back after one that had dropped it', async () => {
        await ask('instance', VERBS.update, command({ spec: { command: ['newer'] }, inputs: {} }));
        await recorded('InstanceUpdated');
        await ask('instance', VERBS.update, command({ try: 2 }));
        await rig.clock.reach(() => types(shop).filter((type) => type === 'InstanceUpdated').length === 2);
        expect(given.at(-1)).toEqual(now);
      });

      test('when it is brought up again after an export', async () => {
        await ask('instance', VERBS.stop, command({ stepId: 'stop' }));
        await recorded('InstanceStopped');
        await ask('instance', VERBS.ensure, command({}));
        await rig.clock.reach(() => types(shop).filter((type) => type === 'InstanceProvisioned').length === 2);
        expect(rig.disk.events.findLast(({ type }) => type === 'InstanceStarted')!.data.inputs).toEqual(now);
        expect(await credentials()).toEqual({ host: 'there', keyId: 'key-2', password: `${CANARY}-shop-db-2` });
      });

      test('to another that is wired to it later', async () => {
        const blog = { ...shop, name: 'blog' };
        await ask('instance', VERBS.ensure, command({ resource: blog, requestId: 'blog' }));
        await rig.clock.reach(() => types(blog).includes('InstanceProvisioned'));
        expect(rig.disk.events.findLast(({ type }) => type === 'InstanceStarted')!.data.inputs).toEqual(now);
      });

      test('but not of another generation than the one that was meant', async () => {
        const older = { db: { password: `${SECRET.replace('/g1/', '/g3/')}#1` } };
        await ask('instance', VERBS.update, command({ spec: { command: ['newer'] }, inputs: older }));
        await recorded('InstanceUpdated');
        expect(given.at(-1)).toEqual(older);
      });
    });

    test('once: the same rotation again is answered with what has become of it', async () => {
      await rotate();
      await recorded('InstanceCredentialsRotated');
      const before = [...types(shop), ...types(db)];
      expect(await rotate()).toMatchObject({ state: 'rotated', outputs: { host: 'there' } });
      expect([...types(shop), ...types(db)]).toEqual(before);
      await rotate('second');
      await rig.clock.reach(() => types(shop).filter((type) => type === 'InstanceCredentialsRotated').length === 2);
      expect(given).toHaveLength(4);
    });

    test('also when the sub-provisioner died in the middle', async () => {
      const { rotate: works } = drivers.instance;
      drivers.instance.rotate = () => new Promise(() => {});
      await rotate();
      await rig.clock.reach(() => types(db).includes('DatabaseCredentialsRotated'));
      await rig.clock.pass(1_000);
      expect(types(shop).at(-1)).toBe('InstanceRotationStarted');
      drivers.instance = { ...drivers.instance, rotate: works! };
      await start(['instance']);
      await recorded('InstanceCredentialsRotated');
      expect(types(db).filter((type) => type === 'DatabaseRotationStarted')).toHaveLength(1);
    });

    test('not where a driver on the way cannot: it is named before anything is recorded', async () => {
      delete drivers.database.rotate;
      const before = [...types(shop), ...types(db)];
      await expect(rotate()).rejects.toMatchObject({
        code: 'not-possible',
        message: expect.stringContaining('simulated of database/shop-db'),
      });
      expect([...types(shop), ...types(db)]).toEqual(before);
    });

    test('not twice at once', async () => {
      drivers.instance.rotate = () => new Promise(() => {});
      await rotate();
      await expect(rotate('second')).rejects.toMatchObject({ code: 'too-busy', message: expect.stringContaining('first') });
    });

    test('one that fails says why, without a secret, and another may be tried', async () => {
      const { rotate: works } = drivers.instance;
      drivers.instance.rotate = async (_target, _spec, _inputs, { secrets }) => {
        throw new Error(`no: ${await secrets.read('secret://instance-default.shop/g1/password#1')}`);
      };
      await rotate();
      await recorded('InstanceRotationFailed');
      expect(rig.disk.events.findLast(({ type }) => type === 'InstanceRotationFailed')!.data.cause).toMatchObject({
        code: 'driver-failed',
        message: 'no: [secret]',
      });
      await expect(rotate()).rejects.toMatchObject({ code: 'driver-failed' });
      drivers.instance.rotate = works!;
      await rotate('second');
      await recorded('InstanceCredentialsRotated');
    });

    test.each([
      ['what is shared with others keeps its own', 'blog', 'everybodys', [], 2],
      [
        'what was asked for by itself keeps its own, whatever its name',
        'blog',
        'blog-db',
        ['database/other', 'instance/blog'],
        2,
      ],
      ['what was made for it is rotated, whatever its name', 'blog', 'data', ['database/data', 'instance/blog'], 4],
    ])('%s', async (_what, name, database, owned, events) => {
      const shared = { ...db, name: database };
      await ask('database', VERBS.ensure, rig.ensure({ requestId: 'shared', resource: shared }));
      await rig.clock.reach(() => types(shared).includes('DatabaseProvisioned'));
      const inputs = { db: outputsOf('DatabaseProvisioned') };
      const resource = { ...shop, name };
      await ask('instance', VERBS.ensure, rig.ensure({ requestId: 'blog', resource, spec: { command: ['run'] }, inputs }));
      await rig.clock.reach(() => types(resource).includes('InstanceProvisioned'));
      await ask('instance', VERBS.rotate, { resource, rotation: 'first', owned });
      await rig.clock.reach(() => types(resource).includes('InstanceCredentialsRotated'));
      expect(types(shared)).toHaveLength(events);
    });
  });
});
