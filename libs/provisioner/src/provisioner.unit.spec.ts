import { beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError, progressSubject, type EnsureCommand, type StepProgress } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Target } from './driver.js';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import type { Ports } from './ports.js';
import { CoreRig } from './testing/core-rig.js';
import { SimulatedPlace } from './testing/simulated-place.js';
import { settle } from '@slipway/mesh/testing';

const GRACE = { id: 'grace', type: 'user' as const };

const ensured: Ensured = { effect: 'made', outputs: { path: '/p' }, observed: {} };

/** A driver whose calls a test answers by hand. */
class ByHand {
  readonly calls: {
    target: Target;
    context: DriverContext;
    answer: (ensured: Ensured) => void;
    fail: (error: unknown) => void;
  }[] = [];
  readonly driver: Driver = {
    kind: 'storage',
    name: 'simulated',
    ensure: (target, _spec, _inputs, context) =>
      new Promise((answer, fail) => {
        this.calls.push({ target, context, answer, fail });
      }),
    inspect: async () => ({ state: 'present', observed: {} }),
    destroy: async () => 'destroyed',
    marks: async () => [],
  };
  get last() {
    return this.calls.at(-1)!;
  }
}

describe('a sub-provisioner', () => {
  let rig: CoreRig;
  let place: SimulatedPlace;
  let hand: ByHand;
  beforeEach(() => {
    rig = new CoreRig('storage');
    place = new SimulatedPlace();
    hand = new ByHand();
  });
  const simulated = () => place.driver('storage', 'simulated');
  const outcome = () => rig.clock.reach(() => rig.types().find((type) => ['Provisioned', 'Failed', 'Destroyed'].includes(type)));

  test('makes what it is asked to, destroys it, and records both with whose call it was', async () => {
    const provisioner = rig.process([simulated()]);
    expect(await provisioner.ensure(rig.ensure({ owner: GRACE }), rig.context)).toEqual({ status: 'accepted', epoch: 1 });
    await outcome();
    expect(rig.types()).toEqual(['Started', 'Provisioned']);
    expect(rig.disk.events.map(({ metadata }) => metadata.ownerId)).toEqual(['grace', 'grace']);
    expect(rig.last('Provisioned')).toMatchObject({
      requestId: 'r1',
      try: 1,
      epoch: 1,
      effect: 'made',
      outputs: { path: '/shop-data' },
    });
    await provisioner.destroy(rig.destroy({ requestId: 'r2' }), rig.context);
    await rig.clock.reach(() => rig.types().includes('Destroyed'));
    expect(rig.last('Destroyed')).toMatchObject({ requestId: 'r2', effect: 'destroyed', epoch: 2 });
    expect(place.marks()).toEqual([]);
    for (const { metadata } of rig.disk.events) {
      expect(metadata).toMatchObject({
        correlationId: 'call-1',
        actor: { id: 'ada' },
        environment: 'default',
        logToken: 'token',
      });
    }
    expect(rig.disk.events[1]!.metadata.causationId).toBe(rig.disk.events[0]!.id);
  });

  describe('P1: nothing is done before Started is durable', () => {
    test('the driver is called after the append', async () => {
      const order: string[] = [];
      rig.onAppend = ({ when, types }) => void order.push(`${when} ${types.join()}`);
      place.onEffect = ({ when, effect }) => void (when === 'before' && order.push(effect));
      await rig.process([simulated()]).ensure(rig.ensure(), rig.context);
      await outcome();
      expect(order.slice(0, 3)).toEqual(['before StorageStarted', 'after StorageStarted', 'mark']);
    });

    test('when it cannot be recorded the answer says so, and nothing happens', async () => {
      rig.onAppend = () => {
        throw new SlipwayError('log-unavailable', 'the disk is full');
      };
      const provisioner = rig.process([simulated()]);
      await expect(provisioner.ensure(rig.ensure(), rig.context)).rejects.toMatchObject({ code: 'log-unavailable' });
      await rig.clock.pass(20_000);
      expect(place.marks()).toEqual([]);
      expect(rig.types()).toEqual([]);
    });
  });

  describe('P3: the same command again', () => {
    test('while it runs is accepted, after its end settled, and never done twice', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      expect(await provisioner.ensure(rig.ensure(), rig.context)).toEqual({ status: 'accepted', epoch: 1 });
      await settle();
      hand.last.answer(ensured);
      await outcome();
      expect(await provisioner.ensure(rig.ensure(), rig.context)).toEqual({ status: 'settled', epoch: 1 });
      expect(hand.calls).toHaveLength(1);
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
    });

    test('many times at once is one', async () => {
      const provisioner = rig.process([simulated()]);
      const answers = await Promise.all(Array.from({ length: 20 }, () => provisioner.ensure(rig.ensure(), rig.context)));
      expect(new Set(answers.map(({ epoch }) => epoch))).toEqual(new Set([1]));
      await outcome();
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
      expect(place.made.get('storage-default.shop-data/g1')).toBe(1);
    });

    test('at two replicas at once is one', async () => {
      const replicas = [rig.process([simulated()], 'one'), rig.process([simulated()], 'two')];
      const answers = await Promise.all(replicas.map((provisioner) => provisioner.ensure(rig.ensure(), rig.context)));
      expect(answers.map(({ epoch }) => epoch)).toEqual([1, 1]);
      await outcome();
      await rig.clock.pass(5_000);
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
    });
  });

  describe('the outcome', () => {
    test('is recorded when the log is back, and is not lost', async () => {
      const provisioner = rig.process([simulated()]);
      await provisioner.ensure(rig.ensure(), rig.context);
      let refused = 0;
      rig.onAppend = () => {
        refused += 1;
        throw new SlipwayError('log-unavailable', 'the writer is dead');
      };
      await rig.clock.pass(30_000);
      expect(rig.types()).toEqual(['Started']);
      expect(refused).toBeGreaterThan(5);
      rig.onAppend = () => {};
      await outcome();
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
    });

    test('is recorded once although the log did not say that it was', async () => {
      const provisioner = rig.process([simulated()]);
      await provisioner.ensure(rig.ensure(), rig.context);
      let answers = 0;
      rig.onAppend = ({ when }) => {
        if (when === 'after' && (answers += 1) === 1) throw new SlipwayError('log-unavailable', 'no answer in time');
      };
      await outcome();
      await rig.clock.pass(10_000);
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
    });

    test('of a driver that fails carries its code, or says that the driver failed', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      hand.last.fail(new SlipwayError('health-failed', 'no answer on port 20000', { port: 20_000 }));
      await outcome();
      expect(rig.last('Failed')).toMatchObject({ action: 'ensure', cause: { code: 'health-failed', details: { port: 20_000 } } });
      await provisioner.ensure(rig.ensure({ try: 2 }), rig.context);
      await settle();
      hand.last.fail(new TypeError('x is not a function'));
      await rig.clock.reach(() => (rig.types().length === 4 ? true : undefined));
      expect(rig.last('Failed')).toMatchObject({ try: 2, cause: { code: 'driver-failed', message: 'x is not a function' } });
    });

    test.each(['ENOSPC', 'EDQUOT'])('of a place that became full in the middle (%s) says that there is no room', async (code) => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      hand.last.fail(Object.assign(new Error(`${code}: write`), { code }));
      await outcome();
      expect(rig.last('Failed')).toMatchObject({ cause: { code: 'no-space', message: `${code}: write` } });
    });

    test('that cannot be recorded at all is a failure that says why', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      hand.last.answer({ ...ensured, outputs: { path: 'x'.repeat(70_000) } });
      await outcome();
      expect(rig.last('Failed')).toMatchObject({
        cause: { code: 'driver-failed', message: expect.stringContaining('cannot be recorded') },
      });
    });

    test('of an older epoch is dropped', async () => {
      const stopped = new ByHand();
      const old = rig.process([stopped.driver], 'here');
      await old.ensure(rig.ensure(), rig.context);
      await settle();
      const next = rig.process([hand.driver], 'here');
      await next.carryOn(rig.ensure().resource);
      await settle();
      stopped.last.answer({ ...ensured, outputs: { path: '/of-the-old-one' } });
      await rig.clock.pass(5_000);
      expect(rig.types()).toEqual(['Started', 'TakenOver']);
      hand.last.answer(ensured);
      await outcome();
      expect(rig.types()).toEqual(['Started', 'TakenOver', 'Provisioned']);
      expect(rig.last('Provisioned')).toMatchObject({ epoch: 2, outputs: { path: '/p' } });
    });
  });

  describe('P4: what was left without an outcome', () => {
    const leave = async (replica: string) => {
      await rig.process([hand.driver], replica).ensure(rig.ensure(), rig.context);
      await settle();
    };

    test('by an earlier life of this replica is carried on under a higher epoch', async () => {
      await leave('here');
      await rig.process([simulated()], 'here').carryOn(rig.ensure().resource);
      await outcome();
      expect(rig.types()).toEqual(['Started', 'TakenOver', 'Provisioned']);
      expect(rig.last('TakenOver')).toEqual({ generation: 1, epoch: 2, replica: 'here' });
    });

    test('is carried on when its command comes again', async () => {
      await leave('here');
      expect(await rig.process([simulated()], 'here').ensure(rig.ensure(), rig.context)).toEqual({
        status: 'accepted',
        epoch: 2,
      });
      await outcome();
    });

    test('by another replica is left to it while it lives, and carried on when it has been silent for 10 s', async () => {
      await leave('other');
      const here = rig.process([simulated()], 'here');
      rig.silence.set('other', 9_999);
      await here.carryOn(rig.ensure().resource);
      expect(await here.ensure(rig.ensure(), rig.context)).toEqual({ status: 'accepted', epoch: 1 });
      expect(rig.types()).toEqual(['Started']);
      rig.silence.set('other', 10_000);
      await here.carryOn(rig.ensure().resource);
      await outcome();
      expect(rig.types()).toEqual(['Started', 'TakenOver', 'Provisioned']);
    });

    test('at another location is not touched', async () => {
      await leave('other');
      rig.silence.set('other', 60_000);
      const elsewhere = rig.process([simulated()], 'here', { locations: new Set(['elsewhere']) });
      await elsewhere.carryOn(rig.ensure().resource);
      expect(rig.types()).toEqual(['Started']);
    });

    test('is not carried on beside itself', async () => {
      const provisioner = rig.process([hand.driver], 'here');
      await provisioner.ensure(rig.ensure(), rig.context);
      await Promise.all([provisioner.carryOn(rig.ensure().resource), provisioner.carryOn(rig.ensure().resource)]);
      await settle();
      expect(hand.calls).toHaveLength(1);
    });

    test('and whose deadline has passed has failed, and nothing more is done', async () => {
      const killed = rig.mortal(place, 'here');
      place.onEffect = () => killed.kill();
      await killed.provisioner.ensure(rig.ensure(), rig.context);
      await rig.clock.pass(120_000);
      expect(rig.types()).toEqual(['Started']);
      await rig.process([hand.driver], 'here').carryOn(rig.ensure().resource);
      await outcome();
      expect(rig.last('Failed')).toMatchObject({ cause: { code: 'step-timed-out' } });
      expect(hand.calls).toHaveLength(0);
    });
  });

  describe('P5: what is not ours', () => {
    test.each([
      ['another location', { location: 'mars' }, 'wrong-location', /mars.*local/],
      ['a driver that is not here', { driver: 'tape' }, 'driver-unknown', /tape.*simulated/],
      [
        'a resource of another kind',
        { resource: { environment: 'default', kind: 'database' as const, name: 'x' } },
        'bad-input',
        /kind/,
      ],
    ])('%s is refused, and nothing is recorded', async (_what, over, code, message) => {
      const provisioner = rig.process([simulated()]);
      for (const attempt of [
        () => provisioner.ensure(rig.ensure(over), rig.context),
        () => provisioner.destroy(rig.destroy(over), rig.context),
        () => provisioner.inspect({ ...rig.ensure(over) }),
      ]) {
        await expect((async () => attempt())()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      }
      expect(rig.disk.events).toEqual([]);
    });

    test('a spec that is not valid is refused by field and reason', async () => {
      const refused = rig.process([simulated()]).ensure(rig.ensure({ spec: { mode: '9999', colour: 'red' } }), rig.context);
      await expect(refused).rejects.toMatchObject({
        code: 'spec-invalid',
        details: {
          fields: [
            { field: 'colour', reason: 'is not known' },
            { field: 'mode', reason: expect.stringContaining('octal') },
          ],
        },
      });
      expect(rig.disk.events).toEqual([]);
    });

    test.each([
      ['lacks', { mode: '0750' }, 'mode', 'it has none'],
      ['needs', {}, 'owner', 'it belongs to nobody else'],
    ])(
      'a spec outside of what its driver can carry out is refused by the field: what it %s',
      async (_what, spec, field, reason) => {
        const bounds = {
          lacks: [{ field: 'mode', reason: 'it has none' }],
          needs: [{ field: 'owner', reason: 'it belongs to nobody else' }],
        };
        const provisioner = rig.process([{ ...simulated(), bounds }]);
        await expect(provisioner.ensure(rig.ensure({ spec }), rig.context)).rejects.toMatchObject({
          code: 'spec-invalid',
          details: { field, reason },
        });
        expect(rig.disk.events).toEqual([]);
        await provisioner.ensure(rig.ensure({ spec: { owner: '4711' } }), rig.context);
        expect(rig.disk.events).not.toEqual([]);
      },
    );

    test('inspect tells what the driver sees', async () => {
      const provisioner = rig.process([simulated()]);
      expect(await provisioner.inspect(rig.ensure())).toEqual({ state: 'absent', observed: {} });
      await provisioner.ensure(rig.ensure(), rig.context);
      await outcome();
      expect(await provisioner.inspect(rig.ensure())).toEqual({ state: 'present', observed: { exists: true } });
    });
  });

  describe('ending a step', () => {
    test('at its deadline: the driver is asked to, and the step has failed', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure({ deadline: rig.clock.now() + 5_000 }), rig.context);
      await settle();
      hand.last.context.signal.addEventListener('abort', () => hand.last.fail(new Error('interrupted')));
      await rig.clock.pass(4_999);
      expect(rig.types()).toEqual(['Started']);
      await rig.clock.pass(1);
      expect(rig.last('Failed')).toMatchObject({ cause: { code: 'step-timed-out' } });
    });

    test('that does not end when asked to is left to itself, and what it still brings is void', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure({ deadline: rig.clock.now() + 5_000 }), rig.context);
      await rig.clock.pass(6_000);
      expect(rig.types()).toEqual(['Started', 'Failed']);
      hand.last.answer(ensured);
      await rig.clock.pass(5_000);
      expect(rig.types()).toEqual(['Started', 'Failed']);
    });

    test('when it is cancelled; success that comes anyway is success', async () => {
      const provisioner = rig.process([hand.driver]);
      const { requestId, stepId, resource } = rig.ensure();
      expect(await provisioner.cancelStep({ requestId, stepId, resource })).toEqual({ cancelled: false });
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      expect(await provisioner.cancelStep({ requestId, stepId, resource })).toEqual({ cancelled: true });
      hand.last.fail(hand.last.context.signal.reason);
      await outcome();
      expect(rig.last('Failed')).toMatchObject({ cause: { code: 'step-cancelled' } });
      await provisioner.ensure(rig.ensure({ try: 2 }), rig.context);
      await settle();
      await provisioner.cancelStep({ requestId, stepId, resource });
      hand.last.answer(ensured);
      await rig.clock.reach(() => rig.types().includes('Provisioned'));
    });

    test('that runs at another replica of the place', async () => {
      const other = rig.process([hand.driver], 'other');
      await other.ensure(rig.ensure(), rig.context);
      await settle();
      const { requestId, stepId, resource } = rig.ensure();
      expect(await rig.process([simulated()], 'here').cancelStep({ requestId, stepId, resource })).toEqual({ cancelled: true });
      await rig.clock.pass(10);
      expect(hand.last.context.signal.reason).toMatchObject({ code: 'step-cancelled' });
    });

    test('for the sake of its own request: a destroy gives up the ensure that hangs', async () => {
      const driver: Driver = { ...simulated(), ensure: hand.driver.ensure };
      const provisioner = rig.process([driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      const destroying = provisioner.destroy(rig.destroy(), rig.context);
      await rig.clock.pass(2_000);
      expect(await destroying).toEqual({ status: 'accepted', epoch: 2 });
      await rig.clock.reach(() => rig.types().includes('Destroyed'));
      expect(rig.types()).toEqual(['Started', 'Failed', 'Started', 'Destroyed']);
      hand.last.answer(ensured);
      await rig.clock.pass(5_000);
      expect(rig.types()).toHaveLength(4);
    });

    test('but not for another request: it is told who holds the resource', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      const other = provisioner.destroy(rig.destroy({ requestId: 'r2' }), rig.context);
      await expect(other).rejects.toMatchObject({ code: 'too-busy', details: { holder: 'r1' } });
      expect(hand.last.context.signal.aborted).toBe(false);
    });
  });

  describe('what is told while it runs', () => {
    test('progress is published, the log can be read, and is kept as a blob', async () => {
      const heard: StepProgress[] = [];
      rig.bus.subscribe(progressSubject('dev', 'r1'), (body) => heard.push(body as StepProgress));
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      hand.last.context.progress(0.5, 'half way');
      hand.last.context.log('one line');
      await rig.clock.pass(10);
      expect(heard).toEqual([{ requestId: 'r1', stepId: 'storage/shop-data', fraction: 0.5, message: 'half way' }]);
      expect(provisioner.log(rig.ensure()).text).toBe('2030-01-01T00:00:00.000Z one line\n');
      hand.last.answer(ensured);
      await outcome();
      const { sha256 } = rig.last('Provisioned')!['log'] as { sha256: string };
      expect(String(await rig.blobs.read(sha256))).toBe('2030-01-01T00:00:00.000Z one line\n');
      expect(provisioner.log(rig.ensure()).text).toBe('');
    });

    test('the outcome does not hang on the log being kept', async () => {
      const blobs = Object.assign(Object.create(rig.blobs), { put: async () => Promise.reject(new Error('the disk is full')) });
      await rig.process([simulated()], 'here', { blobs }).ensure(rig.ensure(), rig.context);
      await outcome();
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
      expect(rig.warnings).toContain('The log of a step could not be kept');
    });

    test('a secret that the driver has read is covered in everything that it says', async () => {
      const heard: unknown[] = [];
      rig.bus.subscribe(progressSubject('dev', 'r1'), (body) => heard.push(body));
      const ref = await rig.secrets.put('storage-default.shop-data/g1/password', 'canary-4711');
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      const { context } = hand.last;
      expect(await context.secrets.read(ref)).toBe('canary-4711');
      context.log('connecting with canary-4711');
      context.progress(0.1, 'canary-4711');
      hand.last.answer({ ...ensured, outputs: { url: 'db://user:canary-4711@host' }, observed: { deep: ['canary-4711'] } });
      await outcome();
      await provisioner.ensure(rig.ensure({ try: 2 }), rig.context);
      await settle();
      await hand.last.context.secrets.read(ref);
      hand.last.fail(new SlipwayError('driver-failed', 'canary-4711 was refused', { password: 'canary-4711' }));
      await rig.clock.reach(() => rig.types().includes('Failed'));
      const logs = [...rig.blobs.contents.values()].map(String);
      expect(logs).toHaveLength(2);
      expect(JSON.stringify([rig.disk.events, heard, logs])).not.toContain('canary-4711');
      expect(JSON.stringify(rig.disk.events)).toContain('db://user:[secret]@host');
    });

    test('a destroy empties the secrets of its generation, and no others', async () => {
      const [mine, next] = [
        await rig.secrets.put('storage-default.shop-data/g1/a', 'x'.repeat(8)),
        await rig.secrets.put('storage-default.shop-data/g2/a', 'kept'),
      ];
      await rig.process([simulated()]).destroy(rig.destroy(), rig.context);
      await outcome();
      await expect(rig.secrets.read(mine)).rejects.toMatchObject({ code: 'secret-missing' });
      expect(await rig.secrets.read(next)).toBe('kept');
    });
  });

  describe('stopping', () => {
    test('takes nothing new and waits for what is under way', async () => {
      const provisioner = rig.process([hand.driver]);
      await provisioner.ensure(rig.ensure(), rig.context);
      await settle();
      const stopping = provisioner.shutDown();
      const refused = provisioner.ensure(rig.ensure({ requestId: 'r2', stepId: 's' }), rig.context);
      await expect(refused).rejects.toMatchObject({ code: 'shutting-down' });
      hand.last.answer(ensured);
      await stopping;
      expect(rig.types()).toEqual(['Started', 'Provisioned']);
    });

    test('leaves what takes too long without an outcome, for the next start', async () => {
      const provisioner = rig.process([hand.driver], 'here');
      await provisioner.ensure(rig.ensure(), rig.context);
      const stopping = provisioner.shutDown();
      await rig.clock.pass(10_000);
      await stopping;
      hand.last.fail(new Error('interrupted'));
      await rig.clock.pass(10_000);
      expect(rig.types()).toEqual(['Started']);
      await rig.process([simulated()], 'here').carryOn(rig.ensure().resource);
      await rig.clock.reach(() => rig.types().includes('Provisioned'));
    });
  });

  test('tells a driver for whom it makes something, and with which request that ends: what is shared with none', async () => {
    const provisioner = rig.process([hand.driver]);
    const told = async (command: Partial<EnsureCommand>) => {
      const before = hand.calls.length;
      await provisioner.ensure(rig.ensure({ ...command, owner: GRACE }), rig.context);
      await rig.clock.reach(() => hand.calls.length > before);
      hand.last.answer(ensured);
      return hand.last.context.request;
    };
    expect(await told({})).toEqual({ id: 'r1', owner: GRACE });
    const other = { environment: 'default', kind: 'storage' as const, name: 'common' };
    expect(await told({ requestId: 'r2', resource: other, shared: true })).toEqual({ owner: GRACE });
  });

  describe('on a leased host', () => {
    const host = {
      lease: 'default.lease-3',
      token: 7,
      host: '10.0.0.7',
      place: { folder: '/slipway' },
      resource: 'default.host-2',
    };
    const leased = { spec: { on: 'host' }, inputs: { host } };
    let places: (object | undefined)[];
    let over: Partial<Ports>;
    let active: boolean;
    beforeEach(() => {
      places = [];
      active = true;
      over = {
        place: async (_location, _driver, on) => {
          places.push(on);
          if (!active) throw new SlipwayError('lease-not-active', 'default.lease-3 is released');
          return { command: localCommand(), filesystem: localFilesystem(), root: '/slipway/storage/simulated' };
        },
      };
    });
    const anywhere = (): Driver => ({ ...simulated(), anywhere: true });
    const { resource: _resource, ...there } = host;

    test('it is made, looked at and taken away there, and says on which', async () => {
      const provisioner = rig.process([anywhere()], 'here', over);
      await provisioner.ensure(rig.ensure(leased), rig.context);
      await outcome();
      expect(rig.last('Provisioned')).toMatchObject({ outputs: { path: '/shop-data', on: 'default.lease-3' } });
      await provisioner.inspect(rig.ensure());
      await provisioner.destroy(rig.destroy({ requestId: 'r2' }), rig.context);
      await rig.clock.reach(() => rig.types().includes('Destroyed'));
      expect(places).toEqual([there, there, there]);
    });

    test('what was begun there and failed is taken away there', async () => {
      const failing: Driver = {
        ...anywhere(),
        ensure: async () => {
          throw new SlipwayError('driver-failed', 'no');
        },
      };
      const provisioner = rig.process([failing], 'here', over);
      await provisioner.ensure(rig.ensure(leased), rig.context);
      await outcome();
      await provisioner.destroy(rig.destroy({ requestId: 'r2' }), rig.context);
      await rig.clock.reach(() => rig.types().includes('Destroyed'));
      expect(places).toEqual([there, there]);
    });

    test('it has gone with its lease: nothing is left to be taken away', async () => {
      const provisioner = rig.process([anywhere()], 'here', over);
      await provisioner.ensure(rig.ensure(leased), rig.context);
      await outcome();
      active = false;
      await provisioner.destroy(rig.destroy({ requestId: 'r2' }), rig.context);
      await rig.clock.reach(() => rig.types().includes('Destroyed'));
      expect(rig.last('Destroyed')).toMatchObject({ effect: 'absent' });
    });

    test.each<[string, Partial<EnsureCommand>, string]>([
      ['that it is wired to nothing as', { spec: { on: 'host' } }, 'on: it is wired to nothing as host'],
      ['that is none', { spec: { on: 'data' }, inputs: { data: { url: 'http://x' } } }, 'on: what it is wired to is not leased'],
      [
        'while its files are elsewhere',
        { ...leased, inputs: { host, data: { path: '/data' } } },
        'on: data stands on no leased host, and this on the host of default.lease-3: its files are not there',
      ],
      [
        'of others, by its files',
        { inputs: { data: { path: '/data', on: 'default.lease-4' } } },
        'on: data stands on the host of default.lease-4, and this on no leased host: its files are not there',
      ],
    ])('it is not begun on one %s', async (_what, command, message) => {
      const provisioner = rig.process([anywhere()], 'here', over);
      await expect(provisioner.ensure(rig.ensure(command), rig.context)).rejects.toMatchObject({ code: 'spec-invalid', message });
      expect(rig.types()).toEqual([]);
    });

    test('it is not begun by a driver that works at its own machine only', async () => {
      const provisioner = rig.process([simulated()], 'here', over);
      await expect(provisioner.ensure(rig.ensure(leased), rig.context)).rejects.toMatchObject({
        code: 'spec-invalid',
        message: 'on: is not for the driver simulated, which works at the machine of its service only',
      });
    });
  });
});
