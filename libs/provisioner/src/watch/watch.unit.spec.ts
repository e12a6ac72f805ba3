import { beforeEach, describe, expect, test } from '@jest/globals';
import { Rotations } from '../credentials/rotations.js';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Driver, Observation } from '../driver.js';
import type { Ports } from '../ports.js';
import { Registry } from '../registry/registry.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { settle } from '@slipway/mesh/testing';
import { DesiredStates } from './desired-states.js';
import { Watch } from './watch.js';

const GRACE = { id: 'grace', type: 'user' as const };

describe('the watch over what runs', () => {
  let rig: CoreRig;
  let seen: Observation;
  let looks: string[];
  let stopped: string[];
  let driver: Driver;

  beforeEach(() => {
    rig = new CoreRig('instance');
    seen = { health: 'healthy', reason: 'it answers', restarts: 0 };
    looks = [];
    stopped = [];
    driver = {
      ...new SimulatedPlace().driver('instance', 'simulated'),
      observe: async ({ resource }) => {
        looks.push(resource.name);
        return seen;
      },
      stop: async ({ resource }) => void stopped.push(resource.name),
    };
  });

  const spec = { command: ['run'] };
  const started = async (over: Partial<Ports> = {}) => {
    const ports = rig.ports([driver], 'here', over);
    const provisioner = rig.process([driver], 'here', over);
    const registry = new Registry(ports, { load: async () => undefined, save: async () => {} }, () => {});
    await registry.start();
    const { streams, lanes } = provisioner;
    const rotations = new Rotations(ports, streams, lanes, (ref, loaded) => watch.changed(ref, loaded));
    const watch: Watch = new Watch(ports, registry, streams, lanes, rotations);
    const desired = new DesiredStates(ports, streams, lanes, (ref, loaded) => watch.changed(ref, loaded));
    await settle();
    return { provisioner, registry, watch, desired };
  };
  const provision = async ({ provisioner }: Awaited<ReturnType<typeof started>>, name = 'shop') => {
    const resource = { environment: 'default', kind: 'instance' as const, name };
    await provisioner.ensure(rig.ensure({ requestId: name, resource, spec, owner: GRACE }), rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Provisioned'));
    return resource;
  };

  test('looks every five seconds, or as often as the driver says, and records what has changed, once', async () => {
    const service = await started();
    const resource = await provision(service);
    service.watch.start();
    await rig.clock.pass(14_900);
    expect(looks).toHaveLength(3);
    expect(rig.types(resource)).toEqual(['Started', 'Provisioned']);
    seen = { health: 'unhealthy', reason: 'no answer', restarts: 2 };
    await rig.clock.pass(20_000);
    expect(rig.types(resource)).toEqual(['Started', 'Provisioned', 'Restarted', 'HealthChanged']);
    expect(rig.last('HealthChanged')).toEqual({ generation: 1, from: 'healthy', to: 'unhealthy', reason: 'no answer' });
    expect(rig.last('Restarted')).toEqual({ generation: 1, restarts: 2, reason: 'no answer' });
    const { metadata } = rig.disk.events.at(-1)!;
    expect(metadata).toEqual({ actor: { id: 'instance', type: 'system' }, environment: 'default', ownerId: 'grace' });
    driver.observeEvery = () => 1;
    await rig.clock.pass(6_000);
    looks = [];
    await rig.clock.pass(10_000);
    expect(looks.length).toBeGreaterThanOrEqual(9);
  });

  test('at a start looks at everything of its location that should run, and at nothing else', async () => {
    const before = await started();
    await provision(before, 'stays');
    const gone = await provision(before, 'gone');
    await before.provisioner.destroy({ ...rig.destroy(), resource: gone, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(gone).includes('Destroyed'));
    (await started({ locations: new Set(['elsewhere']) })).watch.start();
    await rig.clock.pass(100);
    expect(looks).toEqual([]);
    (await started()).watch.start();
    await rig.clock.pass(100);
    expect(looks).toEqual(['stays']);
  });

  test('W3: what was stopped is left alone until it is ensured again, also after a start', async () => {
    const before = await started();
    const resource = await provision(before);
    await before.provisioner.stop({ ...rig.stop(), resource, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Stopped'));
    looks = [];
    before.watch.start();
    (await started()).watch.start();
    await rig.clock.pass(20_000);
    expect(looks).toEqual([]);
    expect(rig.types(resource).at(-1)).toBe('Stopped');
    await before.provisioner.ensure(rig.ensure({ requestId: 'r2', resource, spec }), rig.context);
    await rig.clock.reach(() => rig.types(resource).at(-1) === 'Provisioned');
    await rig.clock.pass(20_000);
    expect(looks).not.toEqual([]);
  });

  test('what cannot be looked at is unknown, with the reason', async () => {
    const service = await started();
    const resource = await provision(service);
    driver.observe = async () => {
      throw new Error('the place does not answer');
    };
    service.watch.start();
    await rig.clock.pass(100);
    expect(rig.types(resource).at(-1)).toBe('HealthChanged');
    expect(rig.last('HealthChanged')).toMatchObject({ to: 'unknown', reason: 'the place does not answer' });
  });

  test('what has gone with its lease is unhealthy, with what became of that', async () => {
    const service = await started();
    const resource = await provision(service);
    driver.observe = async () => {
      throw new SlipwayError('lease-not-active', 'default.lease-1 is released');
    };
    service.watch.start();
    await rig.clock.pass(100);
    expect(rig.last('HealthChanged')).toMatchObject({ to: 'unhealthy', reason: 'default.lease-1 is released' });
    expect(rig.types(resource).at(-1)).toBe('HealthChanged');
  });

  test('W1: a look that hangs gives way to a step, and is given up after 30 s', async () => {
    const service = await started();
    const resource = await provision(service);
    driver.observe = async (_target, _spec, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    service.watch.start();
    await rig.clock.pass(100);
    await service.provisioner.destroy({ ...rig.destroy(), resource, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Destroyed'));
    expect(rig.types(resource)).toEqual(['Started', 'Provisioned', 'Started', 'Destroyed']);

    const other = await provision(service, 'other');
    await rig.clock.pass(40_000);
    expect(rig.last('HealthChanged')).toMatchObject({ to: 'unknown', reason: expect.stringContaining('30 s') });
    expect(rig.types(other).at(-1)).toBe('HealthChanged');
  });

  test('W3: what a destroy was begun of is not brought back, also when it failed', async () => {
    const service = await started();
    const resource = await provision(service);
    driver.destroy = async () => {
      throw new Error('it holds on');
    };
    await service.provisioner.destroy({ ...rig.destroy(), resource, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(resource).includes('Failed'));
    service.watch.start();
    await rig.clock.pass(30_000);
    expect(looks).toEqual([]);
  });

  test('ends all that runs when it is told to, and finds it stopped and wanted at the next start', async () => {
    const service = await started();
    const resource = await provision(service);
    service.watch.pause();
    await service.watch.endAll();
    expect(stopped).toEqual(['shop']);
    expect(rig.last('HealthChanged')).toMatchObject({ to: 'stopped', reason: 'Slipway was stopped' });
    (await started()).watch.start();
    await rig.clock.pass(100);
    expect(looks).toEqual(['shop']);
    expect(rig.last('HealthChanged')).toMatchObject({ from: 'stopped', to: 'healthy' });
    expect(rig.types(resource).filter((type) => type === 'Started')).toHaveLength(1);
  });

  test('W4: ends generations of before and after a restore, and nothing in between', async () => {
    const service = await started();
    const resource = { environment: 'default', kind: 'instance' as const, name: 'old' };
    const begin = async (generation: number, requestId: string) => {
      await service.provisioner.ensure(rig.ensure({ requestId, resource, generation, spec }), rig.context);
      await rig.clock.reach(() => rig.types(resource).filter((type) => type === 'Provisioned').length === Number(requestId));
    };
    await begin(1, '1');
    await begin(1_800_000_000, '2');
    service.watch.pause();
    await service.watch.endAll();
    expect(stopped).toEqual(['old', 'old']);
  });

  test('W4: ends also what a failed step has left, and a step that had to be given up; not what was given back', async () => {
    const service = await started();
    const { ensure } = driver;
    const begin = (name: string, requestId = name) => {
      const resource = { environment: 'default', kind: 'instance' as const, name };
      return service.provisioner.ensure(rig.ensure({ requestId, resource, spec }), rig.context);
    };
    const gone = await provision(service, 'gone');
    await service.provisioner.destroy({ ...rig.destroy(), resource: gone, requestId: 'r2' }, rig.context);
    await rig.clock.reach(() => rig.types(gone).includes('Destroyed'));
    driver.ensure = async ({ resource }, _spec, _inputs, { signal }) => {
      if (resource.name === 'ill') throw new Error('it does not answer');
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    await begin('ill');
    await begin('starting');
    await settle();
    service.watch.pause();
    const ended = service.provisioner.shutDown();
    await rig.clock.pass(10_000);
    await ended;
    await service.watch.endAll();
    expect(stopped.toSorted()).toEqual(['ill', 'starting']);
    const left = { environment: 'default', kind: 'instance' as const, name: 'starting' };
    expect(rig.types(left)).toEqual(['Started']);

    driver.ensure = ensure;
    const next = await started();
    await next.provisioner.carryOn(left);
    await rig.clock.reach(() => rig.types(left).includes('Provisioned'));
    expect(rig.types(left)).toEqual(['Started', 'TakenOver', 'Provisioned']);
  });

  describe('whether it is to run', () => {
    const grace = { ...new CoreRig('instance').context, actor: { id: 'grace', type: 'user' as const } };
    const set = ({ desired }: Awaited<ReturnType<typeof started>>, change: 'start' | 'stop' | 'restart', name = 'shop') =>
      desired.set({ resource: { environment: 'default', kind: 'instance', name }, change, reason: 'so' }, grace);

    test('stopped: ended at once, recorded by whom and why, and not started again, also after a restart of the mesh', async () => {
      const service = await started();
      const resource = await provision(service);
      service.watch.start();
      await rig.clock.pass(100);
      expect(await set(service, 'stop')).toEqual({ generation: 1, desired: 'stopped', position: expect.any(String) });
      await rig.clock.pass(10);
      expect(stopped).toEqual(['shop']);
      expect(rig.types(resource)).toEqual(['Started', 'Provisioned', 'DesiredStateChanged', 'HealthChanged']);
      const recorded = rig.disk.events.find(({ type }) => type === 'InstanceDesiredStateChanged')!;
      expect(recorded.data).toEqual({ generation: 1, desired: 'stopped', reason: 'so' });
      expect(recorded.metadata).toMatchObject({ actor: grace.actor, ownerId: 'grace', correlationId: 'call-1' });
      expect(rig.last('HealthChanged')).toMatchObject({ to: 'stopped', reason: 'It was stopped' });

      looks = [];
      await rig.clock.pass(60_000);
      await service.watch.endAll();
      service.watch.pause();
      (await started()).watch.start();
      await rig.clock.pass(60_000);
      expect(looks).toEqual([]);
      expect(rig.types(resource)).toEqual(['Started', 'Provisioned', 'DesiredStateChanged', 'HealthChanged']);
    });

    test('started again: brought up at once; the same again changes nothing', async () => {
      const service = await started();
      const resource = await provision(service);
      service.watch.start();
      await set(service, 'stop');
      await rig.clock.pass(10);
      looks = [];
      const { position } = await set(service, 'start');
      await rig.clock.pass(10);
      expect(looks).toEqual(['shop']);
      expect(rig.last('HealthChanged')).toMatchObject({ from: 'stopped', to: 'healthy' });
      const before = rig.types(resource);
      expect((await set(service, 'start')).position > position).toBe(true);
      expect(rig.types(resource)).toEqual(before);
    });

    test('restarted: recorded as a stop and a start, over the death of the mesh in between', async () => {
      const service = await started();
      const resource = await provision(service);
      driver.stop = async () => {
        throw new Error('it holds on');
      };
      service.watch.start();
      await rig.clock.pass(10);
      await set(service, 'restart');
      await rig.clock.pass(10);
      expect(rig.last('HealthChanged')).toMatchObject({ to: 'unknown', reason: 'it holds on' });
      service.watch.pause();

      driver.stop = async () => void stopped.push('shop');
      looks = [];
      (await started()).watch.start();
      await rig.clock.pass(3_000);
      expect([stopped, looks]).toEqual([['shop'], ['shop']]);
      expect(rig.types(resource).slice(2)).toEqual([
        'DesiredStateChanged',
        'HealthChanged',
        'HealthChanged',
        'DesiredStateChanged',
        'HealthChanged',
      ]);
      expect(rig.last('DesiredStateChanged')).toEqual({ generation: 1, desired: 'running' });
    });

    test('a look that is under way gives way, and another replica hears of it at once', async () => {
      const service = await started();
      const other = await started();
      await provision(service);
      driver.observe = async (_target, _spec, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      driver.observeEvery = () => 3_600;
      service.watch.start();
      await rig.clock.pass(10);
      driver.observe = async () => seen;
      other.watch.start();
      await rig.clock.pass(10);
      await set(service, 'stop');
      await rig.clock.pass(2_000);
      expect(stopped).toEqual(['shop', 'shop']);
      expect(rig.last('HealthChanged')).toMatchObject({ to: 'stopped' });
    });

    test('refused by name: what is not there, what is being changed, and what does not run', async () => {
      const service = await started();
      const resource = await provision(service);
      await expect(set(service, 'stop', 'nobody')).rejects.toMatchObject({ code: 'not-found' });
      driver.destroy = () => new Promise(() => {});
      await service.provisioner.destroy({ ...rig.destroy(), resource, requestId: 'r2' }, rig.context);
      await expect(set(service, 'stop')).rejects.toMatchObject({
        code: 'too-busy',
        message: expect.stringContaining('destroy of generation 1 for request r2'),
      });
      const still = await provision(service, 'still');
      const { observe: _observe, stop: _stop, ...storage } = driver;
      driver = storage as Driver;
      const before = rig.types(still);
      await expect(set(await started(), 'stop', 'still')).rejects.toMatchObject({
        code: 'not-possible',
        message: expect.stringContaining('simulated'),
      });
      expect(rig.types(still)).toEqual(before);
    });
  });

  describe('W7: what its definition says follows from a failure', () => {
    const provisionWith = async ({ provisioner }: Awaited<ReturnType<typeof started>>, onFailure: JsonObject) => {
      const resource = { environment: 'default', kind: 'instance' as const, name: 'shop' };
      await provisioner.ensure(rig.ensure({ requestId: 'shop', resource, spec: { ...spec, onFailure } }), rig.context);
      await rig.clock.reach(() => rig.types(resource).includes('Provisioned'));
      return resource;
    };
    const ended: Observation = { health: 'unhealthy', reason: 'exit code 3', restarts: 4, failed: 'It ended 5 times in a row' };

    test('what its supervision has given up is stopped by the system, with the reason, and started by nobody', async () => {
      const service = await started();
      const resource = await provisionWith(service, { limit: 4 });
      seen = ended;
      service.watch.start();
      await rig.clock.pass(60_000);
      expect(rig.types(resource).slice(2)).toEqual(['Restarted', 'HealthChanged', 'DesiredStateChanged', 'HealthChanged']);
      expect(rig.last('DesiredStateChanged')).toEqual({ generation: 1, desired: 'stopped', reason: 'It ended 5 times in a row' });
      const { metadata } = rig.disk.events.find(({ type }) => type === 'InstanceDesiredStateChanged')!;
      expect(metadata.actor).toEqual({ id: 'instance', type: 'system' });
      expect([looks.length, rig.last('HealthChanged')]).toEqual([1, expect.objectContaining({ to: 'stopped' })]);
    });

    test('what is to be left is left, and looked at as before', async () => {
      const service = await started();
      const resource = await provisionWith(service, { action: 'leave' });
      seen = ended;
      service.watch.start();
      await rig.clock.pass(20_000);
      expect(rig.types(resource).slice(2)).toEqual(['Restarted', 'HealthChanged']);
      expect(looks.length).toBeGreaterThan(2);
    });

    test('what stays unhealthy is restarted after its time', async () => {
      const service = await started();
      const resource = await provisionWith(service, { unhealthySeconds: 12 });
      seen = { health: 'unhealthy', reason: 'no answer', restarts: 0 };
      service.watch.start();
      await rig.clock.pass(11_000);
      expect(rig.types(resource).slice(2)).toEqual(['HealthChanged']);
      await rig.clock.pass(5_000);
      const wanting = rig.disk.events.filter(({ type }) => type === 'InstanceDesiredStateChanged').map(({ data }) => data);
      expect(wanting).toEqual([
        { generation: 1, desired: 'stopped', restart: true, reason: 'Unhealthy for 12 s: no answer' },
        { generation: 1, desired: 'running' },
      ]);
      expect(stopped).toEqual(['shop']);
    });
  });
});
