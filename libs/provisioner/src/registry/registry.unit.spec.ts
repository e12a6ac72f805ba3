import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryEventLog } from '@slipway/event-store/testing';
import type { Driver } from '../driver.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { settle } from '@slipway/mesh/testing';
import { Registry, type RegistryCache, type Remembered } from './registry.js';

/** An export's request, whose blobs are its own. */
const EXPORT = '6f1b1a0e-4a53-5c0e-9d54-4f7a1c1f7a10';

describe('the list of own resources', () => {
  let rig: CoreRig;
  let saved: Remembered | undefined;
  const cache: RegistryCache = {
    load: async () => saved && structuredClone(saved),
    save: async (remembered) => void (saved = structuredClone(remembered)),
  };
  const driver = new SimulatedPlace().driver('storage', 'simulated');
  const watched: Driver = { ...driver, observe: async () => ({ health: 'healthy', reason: '', restarts: 0 }) };
  /** One that has caught up, and how many events it read for that. */
  const caughtUp = async (over: Partial<RegistryCache> = {}, of: Driver = watched) => {
    let read = 0;
    let done!: () => void;
    const end = new Promise<void>((resolve) => (done = resolve));
    const store = rig.store();
    const counting = Object.assign(Object.create(store), {
      subscribe: (options: Parameters<typeof store.subscribe>[0]) =>
        store.subscribe({
          ...options,
          events: (batch) => {
            read += batch.length;
            return options.events(batch);
          },
        }),
    });
    const registry = new Registry({ ...rig.ports([of]), store: counting }, { ...cache, ...over }, done);
    await registry.start();
    await end;
    return { registry, read };
  };
  const make = async (name: string) => {
    const provisioner = rig.process([driver]);
    const command = rig.ensure({ requestId: name, resource: { environment: 'default', kind: 'storage', name } });
    await provisioner.ensure(command, rig.context);
    await rig.clock.reach(() => rig.types(command.resource).includes('Provisioned'));
    return { provisioner, command };
  };

  beforeEach(() => {
    rig = new CoreRig('storage');
    saved = undefined;
  });

  test('tells who is there and who is worked on, and forgets who is gone', async () => {
    await make('stays');
    const { provisioner, command } = await make('goes');
    await provisioner.destroy({ ...rig.destroy(), resource: command.resource, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(command.resource).includes('Destroyed'));
    const hanging = rig.process([{ ...driver, ensure: () => new Promise(() => {}) }]);
    await hanging.ensure(rig.ensure({ resource: { environment: 'test', kind: 'storage', name: 'half' } }), rig.context);
    const { registry } = await caughtUp();
    const known = [...registry.all()].map(({ ref, wanted, replica }) => [`${ref.environment}.${ref.name}`, wanted, replica]);
    expect(known).toEqual([
      ['default.stays', true, undefined],
      ['test.half', false, 'here'],
    ]);
    expect(registry.unfinished().map(({ ref }) => ref.name)).toEqual(['half']);
  });

  test('what was stopped, and what was read out, is worked on no more and is to stay', async () => {
    const { provisioner, command } = await make('shop');
    const { resource } = command;
    await provisioner.stop({ ...rig.stop(), resource, requestId: EXPORT }, rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Stopped'));
    await provisioner.export({ ...rig.export(), resource, requestId: EXPORT }, rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Exported'));
    const { registry } = await caughtUp();
    expect(registry.get(resource)).toMatchObject({ wanted: true, there: true, stopped: true });
    expect(registry.unfinished()).toEqual([]);
  });

  test('keeps what a failed step may have left until it is destroyed', async () => {
    const failing = rig.process([{ ...driver, ensure: () => Promise.reject(new Error('no')) }]);
    await failing.ensure(rig.ensure(), rig.context);
    await rig.clock.reach(() => rig.types().includes('Failed'));
    const { registry } = await caughtUp();
    expect([...registry.all()].map(({ wanted, there, replica }) => [wanted, there, replica])).toEqual([[false, true, undefined]]);
    await failing.destroy({ ...rig.destroy(), requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types().includes('Destroyed'));
    await settle();
    expect([...registry.all()]).toEqual([]);
  });

  test('holds only what is worked on where no driver watches', async () => {
    await make('stays');
    const hanging = rig.process([{ ...driver, ensure: () => new Promise(() => {}) }]);
    await hanging.ensure(rig.ensure(), rig.context);
    const { registry } = await caughtUp({}, driver);
    expect([...registry.all()].map(({ ref }) => ref.name)).toEqual(['shop-data']);
  });

  test('follows the log', async () => {
    const { registry } = await caughtUp();
    await make('new');
    await settle();
    expect([...registry.all()].map(({ ref, wanted }) => [ref.name, wanted])).toEqual([['new', true]]);
  });

  test('is kept: the next start reads only what came since, and knows the same', async () => {
    for (const name of ['a', 'b', 'c']) await make(name);
    const first = await caughtUp();
    expect(first.read).toBe(6);
    const before = [...first.registry.all()];
    await first.registry.stop();
    await make('d');
    const second = await caughtUp();
    expect(second.read).toBe(2);
    expect([...second.registry.all()].slice(0, 3)).toEqual(before);
  });

  test('is read anew when the log was restored or is another one', async () => {
    for (const name of ['a', 'b']) await make(name);
    const first = await caughtUp();
    await first.registry.stop();
    rig.disk.restore(2, rig.clock.now());
    const second = await caughtUp();
    expect([...second.registry.all()].map(({ ref }) => ref.name)).toEqual(['a']);
  });

  test('does without its cache', async () => {
    await make('a');
    const save = async () => {
      throw new Error('the disk is full');
    };
    const { registry } = await caughtUp({ save });
    await registry.stop();
    expect(rig.warnings).toEqual([expect.stringContaining('could not be saved')]);
    expect((await caughtUp()).read).toBe(2);
  });

  test('holds events of another log to be none of its own', async () => {
    await make('a');
    const other = new MemoryEventLog({ clock: rig.clock }).as('storage');
    const first = await caughtUp();
    await first.registry.stop();
    expect(saved!.position.startsWith(other.info().logId)).toBe(true);
    saved = { ...saved!, position: saved!.position.replace(/^[^.]+/, 'another') };
    expect([...(await caughtUp()).registry.all()].map(({ ref }) => ref.name)).toEqual(['a']);
  });
});
