import { describe, expect, it } from '@jest/globals';
import { World, ada, asking, bob, declared, operator, T0 } from '../testing/world.js';
import { isUsable } from './lease.js';

const MINUTE = 60_000;

describe('a lease', () => {
  it('is not what has the number of a resource that there is, nor the other way round', () => {
    const world = new World(declared());
    world.use();
    expect(() => world.release('default.lease-2')).toThrow('There is no lease default.lease-2');
    expect(() => world.run({ type: 'Drain', resourceId: 'default.host-1', actor: operator, reason: 'so' })).toThrow(
      'There is no resource default.host-1',
    );
  });

  it('of which none is there is granted on one that is made for it, is active once that is open, and gives it back', () => {
    const world = new World(declared());
    expect(world.types({ type: 'Ask', ask: asking(), wait: true })).toEqual([
      'LeaseRequested',
      'ResourceRequested',
      'LeaseAcquired',
    ]);
    const leaseId = 'default.lease-1';
    expect(world.lease(leaseId)).toMatchObject({ status: 'acquired', granted: { resourceId: 'default.host-2', token: 1 } });
    expect(world.run({ type: 'Activate', leaseId, token: 1 })).toEqual([]);
    world.run({ type: 'Opened', resourceId: 'default.host-2', outputs: {} });
    world.run({ type: 'Activate', leaseId, token: 1 });
    expect(world.lease(leaseId)).toMatchObject({ status: 'active', activeAt: T0 });
    expect(world.back(leaseId).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed']);
    expect(world.state.leases.size).toBe(0);
  });

  it('that is over keeps its place until it was taken back, and then the next one has it, with a greater token', () => {
    const world = new World(declared({ limits: { ...declared().limits, resources: 1 } }));
    const first = world.use();
    const next = world.ask();
    expect(world.release(first)).toHaveLength(1);
    expect(world.lease(next).status).toBe('pending');
    expect(world.types({ type: 'TookBack', leaseId: first })).toEqual(['LeaseDestroyed', 'LeaseAcquired']);
    expect(world.lease(next).granted).toMatchObject({ resourceId: 'default.host-2', token: 2 });
  });

  it('on what is still being made gives it back at once: nothing was given out', () => {
    const world = new World(declared());
    const id = world.ask();
    expect(world.release(id).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed']);
    expect(world.resource('default.host-2')).toMatchObject({ status: 'pending', load: 0 });
  });

  it('is released twice as once, and whoever releases what never was is told so', () => {
    const world = new World(declared());
    const id = world.use();
    world.back(id);
    expect(world.release(id)).toEqual([]);
    expect(() => world.release('default.lease-99')).toThrow('There is no lease default.lease-99');
    expect(() => world.release('prod.lease-1')).toThrow('There is no lease prod.lease-1');
  });

  it('that must not end by itself is of a blueprint that lets it last as long as it is wanted, or refused with the way out', () => {
    const world = new World(declared());
    const { name: blueprint } = declared();
    expect(() => world.ask({ endless: true })).toThrow(
      `No host is leased without an end: ${blueprint} leases for ${declared().limits.leaseSeconds} s at most (as long as it is wanted: slipway blueprints limit ${blueprint} --lease-seconds 0)`,
    );
    world.run({ type: 'SetLimits', blueprint, limits: { leaseSeconds: 0 }, actor: operator });
    const id = world.use({ endless: true });
    expect(world.lease(id).until).toBeUndefined();
    expect(world.lease(world.use()).until).toBeUndefined();
  });

  it('is activated only by the acquisition that was prepared', () => {
    const world = new World(declared());
    const id = world.ask({ replace: true });
    world.run({ type: 'Opened', resourceId: 'default.host-2' });
    world.run({ type: 'Broke', resourceId: 'default.host-2', reason: 'fire' });
    world.run({ type: 'Opened', resourceId: world.on(id).id });
    expect(world.run({ type: 'Activate', leaseId: id, token: 1 })).toEqual([]);
    expect(world.types({ type: 'Activate', leaseId: id, token: 2 })).toEqual(['LeaseActivated']);
    expect([isUsable(world.lease(id), 1), isUsable(world.lease(id), 2)]).toEqual([false, true]);
    world.release(id);
    expect(isUsable(world.lease(id), 2)).toBe(false);
  });

  it('asked for again with its key is the same, with another body is refused', () => {
    const world = new World(declared());
    const key = { id: 'k', body: 'one' };
    const id = world.ask({ key });
    expect(world.run({ type: 'Ask', ask: asking({ key }), wait: true })).toEqual([]);
    expect(world.state.keys.get('k')).toEqual({ leaseId: id, body: 'one' });
    expect(() => world.ask({ key: { id: 'k', body: 'two' } })).toThrow('which is another lease');
    world.back(id);
    expect(world.run({ type: 'Ask', ask: asking({ key }), wait: true })).toEqual([]);
  });
});

describe('a lease’s end', () => {
  it('is by its blueprint’s longest time where none is said, counted from when it was acquired', () => {
    const world = new World(declared({ limits: { ...declared().limits, resources: 1 } }));
    const first = world.use();
    const id = world.ask();
    expect(world.lease(id).until).toBeUndefined();
    world.later(30 * MINUTE);
    world.back(first);
    expect(world.lease(id)).toMatchObject({ until: T0 + 90 * MINUTE, latest: T0 + 90 * MINUTE });
  });

  it('is nowhere where the blueprint leases for as long as it is wanted', () => {
    const world = new World(declared({ limits: { ...declared().limits, leaseSeconds: 0 } }));
    const id = world.use();
    expect(world.lease(id).until).toBeUndefined();
    expect(() => world.run({ type: 'Renew', leaseId: id, until: world.now + 1, actor: ada })).toThrow(
      'has no end that could be put off',
    );
  });

  it('beyond the longest time is refused, in the past too', () => {
    const world = new World(declared());
    expect(() => world.ask({ until: T0 + 61 * MINUTE })).toThrow('a host is leased for 3600 s at most');
    expect(() => world.ask({ until: T0 })).toThrow('must be later than');
    expect(world.state.leases.size).toBe(0);
  });

  it('is put off by renewing, never beyond its longest time, and not once it is over', () => {
    const world = new World(declared());
    const leaseId = world.use({ until: T0 + 10 * MINUTE });
    const renew = (until: number) => world.types({ type: 'Renew', leaseId, until, actor: ada });
    expect(renew(T0 + 20 * MINUTE)).toEqual(['LeaseRenewed']);
    expect(renew(T0 + 20 * MINUTE)).toEqual([]);
    expect(() => renew(T0 + 15 * MINUTE)).toThrow('must be later than');
    expect(renew(T0 + 60 * MINUTE)).toEqual(['LeaseRenewed']);
    expect(() => renew(T0 + 60 * MINUTE + 1)).toThrow('longer it may not last in all');
    world.later(60 * MINUTE);
    expect(world.types({ type: 'Expire', leaseId })).toEqual(['LeaseReleased']);
    expect(() => renew(T0 + 100 * MINUTE)).toThrow('over it stays');
  });

  it('comes when its time is over, not before', () => {
    const world = new World(declared());
    const leaseId = world.use({ until: T0 + MINUTE });
    world.later(MINUTE - 1);
    expect(world.run({ type: 'Expire', leaseId })).toEqual([]);
    world.later(1);
    expect(world.run({ type: 'Expire', leaseId })).toMatchObject([{ type: 'LeaseReleased', data: { because: 'expired' } }]);
    expect(world.run({ type: 'Expire', leaseId })).toEqual([]);
  });

  it('comes for one that waits when its patience is', () => {
    const world = new World(declared({ limits: { ...declared().limits, resources: 1 } }));
    world.ask();
    const leaseId = world.ask({ waitUntil: T0 + MINUTE });
    world.later(MINUTE);
    expect(world.run({ type: 'Expire', leaseId })).toMatchObject([
      { type: 'LeaseReleased', data: { because: 'waited' } },
      { type: 'LeaseDestroyed' },
    ]);
  });

  it('comes with its request’s end, for all that the request holds', () => {
    const world = new World(declared());
    const one = world.use({ requestId: 'r1' });
    const other = world.use({ requestId: 'r2' });
    expect(world.run({ type: 'EndRequest', requestId: 'r1' })).toMatchObject([
      { data: { leaseId: one, because: 'request-ended' } },
    ]);
    expect(world.run({ type: 'EndRequest', requestId: 'r1' })).toEqual([]);
    expect(world.lease(other).status).toBe('active');
    world.run({ type: 'TookBack', leaseId: one });
    expect(world.state.requests.has('r1')).toBe(false);
  });
});

describe('reclaiming', () => {
  const reclaim = (of: object) => ({ type: 'Reclaim', of, actor: operator, reason: 'needed' }) as const;

  it('takes back one, with who did it and why, twice as once', () => {
    const world = new World(declared());
    const leaseId = world.use();
    expect(world.run(reclaim({ leaseId }))).toMatchObject([{ data: { because: 'reclaim', actor: operator, reason: 'needed' } }]);
    expect(world.run(reclaim({ leaseId }))).toEqual([]);
  });

  it('takes back all of an owner or with attributes, and never all at once', () => {
    const world = new World(declared({ capacity: 9 }));
    world.run({ type: 'Approve', blueprint: 'RackHost', owner: bob, actor: ada });
    const [plain, big] = [world.use(), world.use({ attributes: { memory: 4 } })];
    const bobs = world.use({ owner: bob, attributes: { memory: 4 } });
    expect(world.run(reclaim({ owner: ada, attributes: { memory: 4 } }))).toMatchObject([{ data: { leaseId: big } }]);
    expect(world.run(reclaim({ attributes: { memory: 4 } }))).toMatchObject([{ data: { leaseId: bobs } }]);
    expect(world.run(reclaim({ attributes: { colour: null } }))).toEqual([]);
    for (const nothing of [{}, { attributes: {} }]) expect(() => world.run(reclaim(nothing))).toThrow('not all leases at once');
    expect(world.lease(plain).status).toBe('active');
  });

  it('of what a resource holds itself takes that resource first, with all who have it', () => {
    const world = new World(
      declared(),
      declared({ name: 'Both', type: 'both', attributes: {}, needs: { one: { type: 'host' } } }),
    );
    const id = world.ask({ type: 'both' });
    const need = world.on(id).needs.one!;
    const holderId = world.on(id).id;
    world.activate(need);
    world.activate(id);
    expect(() => world.release(need)).toThrow(`${holderId} holds it`);
    world.run(reclaim({ leaseId: need }));
    expect(world.lease(id)).toMatchObject({ status: 'released', end: { because: 'reclaim' } });
    expect(world.lease(need).status).toBe('active');
    expect(world.types({ type: 'TookBack', leaseId: id })).toEqual(['LeaseDestroyed', 'ResourceClosed']);
    world.run({ type: 'Gone', resourceId: holderId });
    expect(world.lease(need)).toMatchObject({ status: 'released', end: { because: 'holder-gone' } });
  });
});

describe('what cannot be taken back', () => {
  it('is counted, keeps its place, and goes by force alone or once it can', () => {
    const world = new World(declared());
    const leaseId = world.use();
    world.release(leaseId);
    const fails = { type: 'CannotTakeBack', leaseId, reason: 'no route', retryAt: T0 + 5 } as const;
    world.run(fails);
    world.run(fails);
    expect(world.lease(leaseId).irrevocable).toEqual({ reason: 'no route', tries: 2, retryAt: T0 + 5 });
    expect(world.on(leaseId).load).toBe(1);
    const forced = { actor: operator, reason: 'it burnt down' };
    expect(world.run({ type: 'Force', leaseId, ...forced })).toMatchObject([{ type: 'LeaseDestroyed', data: { forced } }]);
  });

  it('is nothing that nobody has ended', () => {
    const world = new World(declared());
    const leaseId = world.use();
    expect(() => world.run({ type: 'TookBack', leaseId })).toThrow('release it first');
    expect(() => world.run({ type: 'Force', leaseId, actor: operator, reason: 'now' })).toThrow('release it first');
    expect(world.run({ type: 'CannotTakeBack', leaseId, reason: 'x', retryAt: 1 })).toEqual([]);
  });
});
