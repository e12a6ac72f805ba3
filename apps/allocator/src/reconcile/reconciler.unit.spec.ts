import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import type { Managed } from '../blueprint/blueprint.js';
import { SteadyClock } from '../lease/steady-clock.js';
import { OPERATOR, Running, blueprint } from '../testing/running.js';

const never = new Promise<never>(() => {});

describe('what goes on beside the log', () => {
  let world: Running;
  beforeEach(() => {
    world = new Running();
  });
  afterEach(() => world.stop());

  test('a blueprint that hangs, and takes no notice of being ended, stalls no other, and is given up at its limit', async () => {
    const hangs = blueprint({ name: 'Hangs', type: 'stone', allocate: () => never });
    const allocator = await world.start([hangs, blueprint()]);
    const stone = await world.ask(allocator, { type: 'stone' });
    const box = await world.ask(allocator);
    await world.until(allocator, box, 'active');
    expect(world.events('ResourceFailed')).toEqual([]);
    await world.clock.pass(610_000);
    expect(world.events('ResourceFailed')).toMatchObject([{ reason: 'It took longer than 600 s', failures: 1 }]);
    const { reasons } = await allocator.leases.standing({ leaseId: stone });
    expect(reasons).toEqual([expect.stringMatching(/could not be made: It took longer than 600 s/), 'stone-5 is being made']);
  });

  test('a blueprint has the time for its work that it says it needs', async () => {
    const slow = blueprint({
      workSeconds: { allocate: 1_800, prepare: 10 },
      async allocate(_resource, { clock }) {
        await new Promise<void>((resolve) => void clock.after(1_500_000, resolve));
        return { outputs: {} };
      },
      prepare: () => never,
    });
    const allocator = await world.start([slow]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'acquired');
    await world.clock.until(() => world.events('ResourceOpened').length > 0, 1_600_000);
    expect(world.events('ResourceFailed')).toEqual([]);
    await world.until(allocator, leaseId, 'broken');
    expect(world.events('LeaseBroken')).toMatchObject([{ reason: expect.stringMatching(/longer than 10 s/) }]);
  });

  test('no more than 16 pieces of work of one blueprint go on at once', async () => {
    let [now, most, made] = [0, 0, 0];
    const busy = blueprint({
      async allocate(_resource, { clock }) {
        most = Math.max(most, (now += 1));
        await new Promise<void>((resolve) => void clock.after(1_000, resolve));
        now -= 1;
        made += 1;
        return { outputs: {} };
      },
    });
    const allocator = await world.start([busy]);
    for (let count = 40; count > 0; count -= 1) await world.ask(allocator);
    await world.clock.pass(10_000);
    expect([most, made]).toEqual([16, 40]);
  });

  test('what could not be made is tried again after growing pauses, says why, and covers secrets', async () => {
    let fails = 4;
    const ref = await world.secrets.put('password', 'correct-horse-battery');
    const poor = blueprint({
      async allocate(_resource, { secrets }) {
        const password = await secrets.read(ref);
        if ((fails -= 1) >= 0) throw new SlipwayError('driver-failed', `Login as root:${password} refused`);
        return { outputs: {} };
      },
    });
    const allocator = await world.start([poor]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const failed = world.events('ResourceFailed');
    expect(failed.map(({ reason }) => reason)).toEqual(Array(4).fill('Login as root:[secret] refused'));
    const pauses = failed.map(({ retryAt, at }) => retryAt - at);
    expect(pauses.map((ms) => Math.round(ms / 1000))).toEqual([1, 2, 4, 8]);
    expect(JSON.stringify(world.disk.events)).not.toContain('battery');
    const { items } = await allocator.blueprints.list({ environment: 'default' });
    expect(items[0]!.failed).toBeUndefined();
  });

  test('a resource that breaks is marked, its leases are told, and where asked for another one is made', async () => {
    let broken = '';
    const frail = blueprint({
      capacity: 2,
      manage: async ({ id }): Promise<Managed> =>
        id === broken ? { state: 'broken', reason: 'the disk is gone' } : { state: 'well' },
    });
    const allocator = await world.start([frail]);
    const [stays, moves] = [await world.ask(allocator), await world.ask(allocator, { replace: true })];
    await world.until(allocator, moves, 'active');
    const first = await allocator.leases.standing({ leaseId: moves });
    broken = first.resourceId!;
    await world.until(allocator, stays, 'broken');
    expect((await allocator.leases.standing({ leaseId: stays })).reasons).toEqual([
      expect.stringMatching(/broke: the disk is gone/),
    ]);
    await world.until(allocator, moves, 'active');
    const second = await allocator.leases.standing({ leaseId: moves });
    expect(second.resourceId).not.toBe(broken);
    expect(second.token).toBeGreaterThan(first.token!);
  });

  test('what works again is first rid of what was left on it', async () => {
    let state: Managed = { state: 'well' };
    const back: string[] = [];
    const frail = blueprint({
      capacity: 2,
      limits: { resources: 1, warm: 0, idleSeconds: 3_600, leaseSeconds: 86_400 },
      manage: async () => state,
      takeBack: async ({ id, token }) => void back.push(`${id}#${token}`),
    });
    const allocator = await world.start([frail]);
    const [stays, moves] = [await world.ask(allocator), await world.ask(allocator, { replace: true })];
    await world.until(allocator, moves, 'active');
    const { token } = await allocator.leases.standing({ leaseId: moves });
    state = { state: 'broken', reason: 'the network is gone' };
    await world.until(allocator, stays, 'broken');
    expect(back).toEqual([]);
    state = { state: 'well' };
    await world.until(allocator, moves, 'active');
    expect(back).toEqual([`${moves}#${token}`]);
    // Who was told that it broke gives it back himself.
    expect(await allocator.leases.standing({ leaseId: stays })).toMatchObject({ status: 'broken' });
  });

  test('more leases than one append holds are lost with their resource, and reclaimed together', async () => {
    let state: Managed = { state: 'well' };
    const large = blueprint({ capacity: 900, limits: { ...blueprint().limits, resources: 1 }, manage: async () => state });
    const allocator = await world.start([large]);
    await Promise.all(Array.from({ length: 900 }, () => world.ask(allocator)));
    state = { state: 'broken', reason: 'y'.repeat(500) };
    await world.clock.pass(35_000);
    expect(world.events('LeaseBroken')).toHaveLength(900);
    const by = { environment: 'default', owner: { id: 'ada', type: 'user' as const }, reason: 'x'.repeat(500) };
    expect((await allocator.leases.reclaim(by, OPERATOR)).leaseIds).toHaveLength(900);
  }, 30_000);

  test('what does not say how it is, time after time, is broken', async () => {
    const silent = blueprint({
      manage: async () => {
        throw new SlipwayError('driver-failed', 'no answer');
      },
    });
    const allocator = await world.start([silent]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    await world.until(allocator, leaseId, 'broken');
    expect(world.events('ResourceBroken')).toMatchObject([{ reason: 'no answer' }]);
  });

  test('what cannot be taken back is shown, tried again with growing pauses, and can be forced', async () => {
    let tries = 0;
    const gone = blueprint({
      async takeBack() {
        tries += 1;
        throw new SlipwayError('driver-failed', 'its place does not answer');
      },
    });
    const allocator = await world.start([gone]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    await allocator.leases.release({ leaseId }, OPERATOR);
    await world.clock.pass(10_000);
    const irrevocable = world.events('LeaseIrrevocable');
    expect(irrevocable.map(({ reason }) => reason)).toEqual(Array(tries).fill('its place does not answer'));
    expect(irrevocable.map(({ tries: which }) => which)).toEqual([1, 2, 3, 4]);
    expect(irrevocable.map(({ retryAt, at }) => Math.round((retryAt - at) / 1000))).toEqual([1, 2, 4, 8]);
    const { reasons } = await allocator.leases.standing({ leaseId });
    expect(reasons.join()).toMatch(/could not be taken back 4 times: its place does not answer/);
    await allocator.leases.force({ leaseId, reason: 'the house burnt down' }, OPERATOR);
    expect(await allocator.leases.standing({ leaseId })).toMatchObject({ status: 'destroyed' });
    await world.clock.pass(600_000);
    expect(tries).toBe(4);
  });

  test('who has acquired what he cannot use yet is told why: made, prepared in vain, needed, or nobody there', async () => {
    const slow = blueprint({ name: 'Slow', type: 'slow', allocate: () => never });
    const on = blueprint({ name: 'On', type: 'on', needs: { under: { type: 'slow' } } });
    const bare = blueprint({
      async prepare() {
        throw new SlipwayError('driver-failed', 'no room for users');
      },
    });
    const far = blueprint({ name: 'Far', type: 'far', location: 'far' });
    const allocator = await world.start([slow, on, bare, far]);
    const why = async (type: string) => {
      const leaseId = await world.ask(allocator, { type });
      await world.clock.pass(1_500);
      const { status, reasons } = await allocator.leases.standing({ leaseId });
      return [status, ...reasons].join('; ').replaceAll(/-\d+/g, '-n');
    };
    expect(await why('slow')).toBe('acquired; slow-n is being made');
    expect(await why('on')).toBe(
      'acquired; on-n is made when what it needs itself can be used: under (default.lease-n: slow-n is being made)',
    );
    expect(await why('box')).toBe('acquired; it is prepared on box-n: it failed 2 times, and is tried again: no room for users');
    expect(await why('far')).toBe('acquired; nobody works at far, where far-n is');
    const there = await world.start([slow, on, bare, far], { replica: 'there', locations: ['far'] });
    expect(await why('far')).toBe('active');
    await world.end(there);
  });

  test('what its blueprint says can never be is tried once, and who wanted it is told why', async () => {
    let tries = 0;
    const cannot = async () => {
      tries += 1;
      throw new SlipwayError('lease-impossible', 'there is no revision v9');
    };
    const allocator = await world.start([
      blueprint({ name: 'Made', allocate: cannot }),
      blueprint({ name: 'Used', type: 'used', prepare: cannot }),
    ]);
    const [made, used] = [await world.ask(allocator), await world.ask(allocator, { type: 'used' })];
    await world.until(allocator, made, 'destroyed');
    await world.until(allocator, used, 'broken');
    await world.clock.pass(3_600_000);
    expect(tries).toBe(2);
    expect(world.events('LeaseReleased')).toMatchObject([
      { leaseId: made, because: 'broken', reason: expect.stringMatching(/could not be made: there is no revision v9/) },
    ]);
    expect((await allocator.leases.standing({ leaseId: used })).reasons).toEqual(['there is no revision v9']);
  });

  test('what cannot be made usable is broken after five tries', async () => {
    let tries = 0;
    const bare = blueprint({
      async prepare() {
        tries += 1;
        throw new SlipwayError('driver-failed', 'no room for users');
      },
    });
    const allocator = await world.start([bare]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'broken');
    expect([tries, (await allocator.leases.standing({ leaseId })).reasons]).toEqual([5, ['no room for users']]);
  });

  test('what is to have other attributes is brought to them, also when that fails at first', async () => {
    const told: unknown[] = [];
    const changeable = blueprint({
      attributes: { size: { default: 1, from: 1, to: 9 } },
      async update(_resource, attributes) {
        told.push(attributes);
        if (told.length === 1) throw new SlipwayError('driver-failed', 'busy');
        return { outputs: { size: attributes['size']! } };
      },
      prepare: async (_lease, { outputs }) => void told.push(outputs),
    });
    const allocator = await world.start([changeable]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const { resourceId } = await allocator.leases.standing({ leaseId });
    told.length = 0;
    await allocator.resources.change({ resourceId: resourceId!, attributes: { size: 4 } }, OPERATOR);
    await world.clock.pass(5_000);
    expect(told).toEqual([{ size: 4 }, { size: 4 }]);
    expect(world.events('ResourceUpdated')).toMatchObject([{ resourceId, attributes: { size: 4 }, outputs: { size: 4 } }]);
    await allocator.leases.release({ leaseId }, OPERATOR);
    await world.until(allocator, leaseId, 'destroyed');
    const next = await world.ask(allocator, { attributes: { size: 4 } });
    await world.until(allocator, next, 'active');
    expect(told.at(-1)).toEqual({ size: 4 });
  });

  test('what cannot be brought to other attributes is told, tried again, and looked after meanwhile', async () => {
    let isBroken = false;
    const stubborn = blueprint({
      attributes: { size: { default: 1, from: 1, to: 9 } },
      async update(_resource, attributes) {
        if (attributes['size'] === 4) throw new SlipwayError('driver-failed', 'it is too small for that');
      },
      manage: async (): Promise<Managed> => (isBroken ? { state: 'broken', reason: 'the disk is gone' } : { state: 'well' }),
    });
    const allocator = await world.start([stubborn]);
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const resourceId = (await allocator.leases.standing({ leaseId })).resourceId!;
    await allocator.resources.change({ resourceId, attributes: { size: 4 } }, OPERATOR);
    await world.clock.pass(200_000);
    const stuck = world.events('ResourceStuck');
    expect(stuck.map(({ what, tries }) => [what, tries])).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((tries) => ['update', tries]));
    expect(stuck[0]).toMatchObject({ resourceId, reason: 'it is too small for that' });
    // What is possible is done at once, however long the pause has become.
    await allocator.resources.change({ resourceId, attributes: { size: 5 } }, OPERATOR);
    await world.clock.pass(1_000);
    expect(world.events('ResourceUpdated')).toMatchObject([{ attributes: { size: 5 } }]);
    await allocator.resources.change({ resourceId, attributes: { size: 4 } }, OPERATOR);
    await world.clock.pass(100_000);
    isBroken = true;
    await world.until(allocator, leaseId, 'broken');
    expect(world.events('ResourceBroken')).toMatchObject([{ reason: 'the disk is gone' }]);
  });

  test('what cannot be destroyed is told, tried again with growing pauses after a restart too, and can be forced', async () => {
    let tries = 0;
    const gone = blueprint({
      async destroy() {
        tries += 1;
        throw new SlipwayError('driver-failed', 'its place does not answer');
      },
    });
    const first = await world.start([gone]);
    const leaseId = await world.ask(first);
    await world.until(first, leaseId, 'active');
    const resourceId = (await first.leases.standing({ leaseId })).resourceId!;
    await first.leases.release({ leaseId }, OPERATOR);
    await world.until(first, leaseId, 'destroyed');
    await first.resources.drain({ resourceId, reason: 'sold' }, OPERATOR);
    await world.clock.pass(10_000);
    const stuck = world.events('ResourceStuck');
    expect(stuck.map(({ what, tries: which }) => [what, which])).toEqual([1, 2, 3, 4].map((which) => ['destroy', which]));
    expect(stuck.map(({ retryAt, at }) => Math.round((retryAt - at) / 1000))).toEqual([1, 2, 4, 8]);
    await world.end(first);
    const second = await world.start([gone]);
    await world.clock.until(() => tries > 4, 60_000);
    await world.clock.pass(1_000);
    expect(world.events('ResourceStuck').at(-1)).toMatchObject({ tries: 5, reason: 'its place does not answer' });
    const ada = { correlationId: 'call-2', actor: { id: 'ada', type: 'user' as const } };
    const reason = 'the house burnt down';
    await expect(second.resources.force({ resourceId, reason }, ada)).rejects.toMatchObject({ code: 'forbidden' });
    await second.resources.force({ resourceId, reason }, OPERATOR);
    expect(world.events('ResourceDestroyed')).toMatchObject([{ resourceId, forced: { actor: OPERATOR.actor, reason } }]);
    await world.clock.pass(600_000);
    expect(tries).toBe(5);
  });

  test('what was left on a resource that was removed and broke is taken back before that is forgotten', async () => {
    let state: Managed = { state: 'well' };
    const back: number[] = [];
    const limits = { ...blueprint().limits, resources: 0 };
    const frail = blueprint({ limits, manage: async () => state, takeBack: async ({ token }) => void back.push(token) });
    const allocator = await world.start([frail]);
    const { resourceId } = await allocator.resources.enter(
      { environment: 'default', name: 'rack', blueprint: 'Box', capacity: 1 },
      OPERATOR,
    );
    const leaseId = await world.ask(allocator, { replace: true });
    await world.until(allocator, leaseId, 'active');
    const { token } = await allocator.leases.standing({ leaseId });
    await allocator.resources.drain({ resourceId, reason: 'sold' }, OPERATOR);
    state = { state: 'broken', reason: 'no answer' };
    await world.clock.until(() => world.events('LeaseRequeued').length > 0, 60_000);
    await world.clock.pass(60_000);
    expect([back, world.events('ResourceDestroyed')]).toEqual([[], []]);
    state = { state: 'well' };
    await world.clock.until(() => world.events('ResourceDestroyed').length > 0, 60_000);
    expect([back, world.events('ResourceDestroyed')]).toEqual([[token], [expect.objectContaining({ resourceId })]]);
  });

  test('what goes on for something that nobody wants any more is ended', async () => {
    const ended: unknown[] = [];
    const slow = blueprint({
      allocate: (_resource, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            ended.push(signal.reason);
            reject(signal.reason as Error);
          });
        }),
    });
    const allocator = await world.start([slow]);
    await world.ask(allocator);
    await world.clock.pass(1_000);
    const { resourceId } = world.events('ResourceRequested')[0]!;
    await allocator.blueprints.change({ environment: 'default', name: 'Box', limits: { resources: 1 } }, OPERATOR);
    await allocator.resources.drain({ resourceId, reason: 'not needed' }, OPERATOR);
    await world.clock.pass(1_000);
    expect(ended).toHaveLength(1);
    expect(world.events('ResourceDestroyed')).toMatchObject([{ resourceId }]);
    expect(world.events('ResourceFailed')).toEqual([]);
  });

  test('only who serves a location works there, and of several the first by name, until it is silent', async () => {
    const by: string[] = [];
    const at = (who: string) => blueprint({ allocate: async () => (by.push(who), { outputs: {} }) });
    const far = await world.start([at('far')], { replica: 'a-far', locations: ['far'] });
    const one = await world.start([at('b')], { replica: 'b-here' });
    const two = await world.start([at('c')], { replica: 'c-here' });
    for (const allocator of [far, one, two]) await world.until(allocator, await world.ask(allocator), 'active');
    expect(by).toEqual(['b', 'b', 'b']);
    await world.end(one);
    await world.until(far, await world.ask(far), 'active');
    expect(by).toEqual(['b', 'b', 'b', 'c']);
  });

  test('what is entered elsewhere is looked after there, also by whoever goes on in the place of another', async () => {
    const looked: string[] = [];
    const at = (who: string) => blueprint({ manage: async (): Promise<Managed> => (looked.push(who), { state: 'well' }) });
    const here = await world.start([at('here')], { replica: 'a' });
    const one = await world.start([at('one')], { replica: 'b', locations: ['far'] });
    await world.start([at('two')], { replica: 'c', locations: ['far'] });
    await here.resources.enter({ environment: 'default', name: 'rack', blueprint: 'Box', location: 'far' }, OPERATOR);
    await world.clock.pass(1_000);
    await world.end(one);
    await world.clock.pass(60_000);
    expect([...new Set(looked)]).toEqual(['one', 'two']);
  });

  test('where nobody looks after what stands there, that is told until somebody does', async () => {
    const here = await world.start([blueprint()], { replica: 'a' });
    expect(here.reasons()).toEqual([]);
    await here.resources.enter({ environment: 'default', name: 'rack', blueprint: 'Box', location: 'far' }, OPERATOR);
    expect(here.reasons()).toEqual([expect.stringMatching(/^nobody works at far: resources there \(1\) are not looked after/)]);
    const there = await world.start([blueprint()], { replica: 'b', locations: ['far'] });
    expect([here.reasons(), there.reasons()]).toEqual([[], []]);
    await world.end(there);
    expect(here.reasons()).toHaveLength(1);
    const { resourceId } = world.events('ResourceEntered')[0]!;
    await here.resources.drain({ resourceId, reason: 'sold' }, OPERATOR);
    expect(here.reasons()).toEqual([]);
  });

  test('what hangs because its place is gone takes the places of nobody else', async () => {
    let gone = false;
    const far = blueprint({ takeBack: () => (gone ? never : Promise.resolve()) });
    const allocator = await world.start([far]);
    const ids: string[] = [];
    for (let count = 20; count > 0; count -= 1) ids.push(await world.ask(allocator));
    for (const id of ids) await world.until(allocator, id, 'active');
    gone = true;
    for (const leaseId of ids) await allocator.leases.release({ leaseId }, OPERATOR);
    // Each has been tried, and hangs again.
    await world.clock.pass(300_000);
    expect(new Set(world.events('LeaseIrrevocable').map(({ leaseId }) => leaseId)).size).toBe(20);
    const asked = await world.ask(allocator);
    await world.clock.pass(5_000);
    expect(await allocator.leases.standing({ leaseId: asked })).toMatchObject({ status: 'active' });
  });

  test('what cannot be heard of the log for a while is heard afterwards', async () => {
    const one = await world.start([blueprint()]);
    let isAway = false;
    const log = new MemoryEventLog({ disk: world.disk, clock: world.clock }).as('allocator');
    const store = new Proxy(log, {
      get(target, name) {
        if (name === 'read' && isAway)
          return async () => {
            throw new SlipwayError('log-unavailable', 'The disk is gone');
          };
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const two = await world.start([blueprint()], { store, replica: 'two' });
    isAway = true;
    const leaseId = await world.ask(one);
    await world.clock.pass(1_000);
    expect(two.reasons().join()).toMatch(/not heard just now: The disk is gone/);
    isAway = false;
    await world.clock.pass(5_000);
    expect(two.reasons()).toEqual([]);
    // It goes on in the place of the other.
    await world.end(one);
    await two.leases.release({ leaseId }, OPERATOR);
    await world.until(two, leaseId, 'destroyed');
  });

  test('what failed is tried again, and what stands is looked at, also while the clock is behind after a start', async () => {
    let [looks, isAway] = [0, true];
    const away = (): void => {
      if (isAway) throw new SlipwayError('driver-failed', 'no answer');
    };
    const poor = blueprint({
      allocate: async () => (away(), { outputs: {} }),
      takeBack: async () => away(),
      manage: async (): Promise<Managed> => ((looks += 1), { state: 'well' }),
    });
    const before = await world.start([blueprint()]);
    const over = await world.ask(before);
    await world.until(before, over, 'active');
    await world.end(before);
    world.wallOff = -86_400_000;
    const allocator = await world.start([poor]);
    expect(allocator.reasons().join()).toMatch(/behind the last known time/);
    await allocator.leases.release({ leaseId: over }, OPERATOR);
    const made = await world.ask(allocator, { slots: ['alone'] });
    await world.clock.pass(60_000);
    for (const type of ['ResourceFailed', 'LeaseIrrevocable'] as const) expect(world.events(type).length).toBeGreaterThan(3);
    isAway = false;
    await world.clock.pass(120_000);
    expect(await allocator.leases.standing({ leaseId: over })).toMatchObject({ status: 'destroyed' });
    expect(await allocator.leases.standing({ leaseId: made })).toMatchObject({ status: 'active' });
    expect(looks).toBeGreaterThan(3);
    expect(allocator.reasons().join()).toMatch(/behind the last known time/);
  });

  test('what another replica records by a clock that is ahead ends no lease before ten minutes, in which it is renewed', async () => {
    const { clock } = world;
    const at =
      (off: number): ((lastAt: number) => SteadyClock) =>
      (lastAt) =>
        new SteadyClock({ wall: () => clock.now() + off, monotonic: () => clock.now() }, lastAt);
    const one = await world.start([blueprint()], { replica: 'a' });
    const inHalfAnHour = new Date(clock.now() + 1_800_000).toISOString();
    const leaseId = await world.ask(one, { until: inHalfAnHour });
    await world.until(one, leaseId, 'active');
    const ahead = await world.start([blueprint()], { replica: 'b', timeFrom: at(3_540_000) });
    await world.ask(ahead);
    await clock.pass(590_000);
    expect(one.reasons().join()).toMatch(/59 minutes ahead/);
    expect(await one.leases.standing({ leaseId })).toMatchObject({ status: 'active' });
    await clock.pass(60_000);
    expect(await one.leases.standing({ leaseId })).toMatchObject({ status: 'destroyed' });
  });

  test('a wall clock that jumps by a day ends no lease, and who asks by it gets as long as he asks for', async () => {
    const allocator = await world.start([blueprint()]);
    const inHalfAnHour = () => new Date(world.clock.now() + world.wallOff + 1_800_000).toISOString();
    const before = await world.ask(allocator, { until: inHalfAnHour() });
    await world.until(allocator, before, 'active');
    world.wallOff = 86_400_000;
    await world.clock.pass(60_000);
    expect(await allocator.leases.standing({ leaseId: before })).toMatchObject({ status: 'active' });
    expect(allocator.reasons()).toEqual([expect.stringMatching(/the clock was set ahead by 86400 s/)]);
  });
});
