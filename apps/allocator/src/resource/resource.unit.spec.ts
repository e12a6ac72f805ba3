import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { fromParts, toParts } from '../allocation/snapshot.js';
import { standing } from '../lease/waiting.js';
import { World, ada, declared, operator, T0 } from '../testing/world.js';

const limits = (over: Partial<ReturnType<typeof declared>['limits']>) => ({ limits: { ...declared().limits, ...over } });
const tidy = { type: 'Tidy' } as const;
const statuses = (world: World, ids: string[]) => ids.map((id) => world.lease(id).status);

describe('a resource that the allocator made', () => {
  it('goes once nobody has had it for its idle time, and not before', () => {
    const world = new World(declared());
    const id = world.use();
    world.back(id);
    world.later(59_999);
    expect(world.run(tidy)).toEqual([]);
    world.later(1);
    expect(world.types(tidy)).toEqual(['ResourceDraining', 'ResourceClosed']);
    expect(world.types({ type: 'Gone', resourceId: 'default.host-2' })).toEqual(['ResourceDestroyed']);
    expect(world.run({ type: 'Gone', resourceId: 'default.host-2' })).toEqual([]);
    expect(world.state.resources.size).toBe(0);
    expect(world.state.blueprints.get('RackHost')).toMatchObject({ made: 0, making: 0, spare: 0, leaving: 0 });
  });

  it('is reused before a new one is made', () => {
    const world = new World(declared());
    world.back(world.use());
    const again = world.ask();
    expect(world.on(again).id).toBe('default.host-2');
    expect(world.state.resources.size).toBe(1);
  });

  it('that nobody gave back is not gone', () => {
    const world = new World(declared());
    const id = world.use();
    expect(() => world.run({ type: 'Gone', resourceId: world.on(id).id })).toThrow('it goes once it is drained');
  });

  it('goes without its blueprint’s help where that cannot destroy', () => {
    const world = new World(declared({ can: ['allocate'] }));
    world.back(world.use());
    world.later(60_000);
    expect(world.types(tidy)).toEqual(['ResourceDraining', 'ResourceClosed', 'ResourceDestroyed']);
  });

  it('stays when its blueprint is taken out of the configuration; its leases go on, there are no new ones, and it can be revoked', () => {
    const world = new World(declared());
    const leaseId = world.use({ until: T0 + 60_000 });
    const waiting = [world.use(), world.ask()].at(-1)!;
    const [known] = [...world.catalogue.values()];
    world.catalogue.clear();
    expect(world.types({ type: 'Renew', leaseId, until: T0 + 90_000, actor: ada })).toEqual(['LeaseRenewed']);
    expect(() => world.ask()).toThrow('No blueprint makes a host; there are none');
    world.back(leaseId);
    world.later(3_600_000);
    expect(world.run(tidy)).toEqual([]);
    expect(world.resource('default.host-2')).toMatchObject({ status: 'open', load: 0 });
    expect(world.standing(waiting)!.reasons).toEqual(['user/ada may use no blueprint any more that makes a host']);
    expect(world.types({ type: 'Revoke', blueprint: 'RackHost', owner: ada, actor: ada })).toEqual(['BlueprintRevoked']);
    world.run({ type: 'Drain', resourceId: 'default.host-2', actor: operator, reason: 'old' });
    expect(world.resource('default.host-2').status).toBe('closed');
    world.catalogue.set(known!.name, known!);
    expect(world.types({ type: 'Gone', resourceId: 'default.host-2' })).toEqual(['ResourceDestroyed']);
  });
});

describe('warm resources', () => {
  it('are made before anybody asks, kept beyond their idle time, and made anew when somebody has them', () => {
    const world = new World(declared(limits({ resources: 3, warm: 1 })));
    expect(world.types(tidy)).toEqual(['ResourceRequested']);
    expect(world.run(tidy)).toEqual([]);
    world.run({ type: 'Opened', resourceId: 'default.host-1' });
    world.later(3_600_000);
    expect(world.run(tidy)).toEqual([]);
    const id = world.ask();
    expect(world.on(id).id).toBe('default.host-1');
    expect(world.types(tidy)).toEqual(['ResourceRequested']);
  });

  it('never take the place of one that somebody waits for', () => {
    const world = new World(declared(limits({ resources: 2, warm: 1 })));
    world.use();
    world.run(tidy);
    expect(world.state.resources.size).toBe(2);
    world.run({ type: 'Opened', resourceId: 'default.host-3' });
    const large = world.ask({ attributes: { memory: 8 } });
    expect(world.resource('default.host-3')).toMatchObject({ status: 'closed', reason: expect.stringContaining('Makes room') });
    world.run({ type: 'Gone', resourceId: 'default.host-3' });
    expect(world.on(large)).toMatchObject({ attributes: { memory: 8 } });
    expect(world.run(tidy)).toEqual([]);
  });
});

describe('limits', () => {
  it('change live: what is more than there may be goes when nobody has it, and more are made when there may be', () => {
    const world = new World(declared());
    world.back(world.use());
    const held = world.use();
    world.run({ type: 'SetLimits', blueprint: 'RackHost', limits: { resources: 0 }, actor: operator });
    expect(world.run(tidy)).toEqual([]);
    world.back(held);
    expect(world.types(tidy)).toEqual(['ResourceDraining', 'ResourceClosed']);
    world.run({ type: 'Gone', resourceId: 'default.host-2' });
    expect(() => world.ask()).toThrow('RackHost may make none');
    world.run({ type: 'SetLimits', blueprint: 'RackHost', limits: { resources: 3 }, actor: operator });
    expect([world.ask(), world.ask(), world.ask()].map((id) => world.lease(id).status)).toEqual(Array(3).fill('acquired'));
  });

  it('that are none are refused', () => {
    const world = new World(declared());
    const set = (resources: number) => () =>
      world.run({ type: 'SetLimits', blueprint: 'RackHost', limits: { resources }, actor: operator });
    for (const wrong of [-1, 0.5, Number.NaN]) expect(set(wrong)).toThrow('must be a whole number from 0 on');
  });

  it('are not raised beyond what there is, which is not called a limit either', () => {
    const world = new World(declared({ mostResources: 1, ...limits({ resources: 1 }) }));
    const set = (resources: number) =>
      world.types({ type: 'SetLimits', blueprint: 'RackHost', limits: { resources }, actor: operator });
    expect(() => set(3)).toThrow('limits.resources: must be at most 1: there is no more of RackHost');
    expect(set(1)).toEqual(['BlueprintChanged']);
    world.use();
    const second = world.ask();
    const waiting = standing(world.state, world.catalogue, second, world.now)!;
    expect(waiting.reasons.join()).toContain('there is no more of RackHost');
    expect(waiting.reasons.join()).not.toContain('as many as it may');
  });

  it('keep nothing ready that needs leases itself', () => {
    const world = new World(declared(), declared({ name: 'Both', type: 'both', needs: { one: { type: 'host' } } }));
    const set = (blueprint: string, warm: number) =>
      world.types({ type: 'SetLimits', blueprint, limits: { warm }, actor: operator });
    expect(() => set('Both', 2)).toThrow('limits.warm');
    expect([set('Both', 0), set('RackHost', 2)]).toEqual([['BlueprintChanged'], ['BlueprintChanged']]);
  });
});

describe('a resource that breaks', () => {
  it('is marked, tells its leases, and goes once they are taken back', () => {
    const world = new World(declared());
    const leaseId = world.use();
    const { id } = world.on(leaseId);
    expect(world.types({ type: 'Broke', resourceId: id, reason: 'fire' })).toEqual(['ResourceBroken', 'LeaseBroken']);
    expect(world.lease(leaseId)).toMatchObject({ status: 'broken', reason: 'host-2 broke: fire' });
    expect(world.run({ type: 'Broke', resourceId: id, reason: 'still' })).toEqual([]);
    expect(world.back(leaseId).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed', 'ResourceClosed']);
  });

  it('is replaced by another one where that was asked for, in the lease’s old place, with a new token and patience', () => {
    const world = new World(declared(limits({ resources: 1 })));
    const leaseId = world.use({ replace: true, waitUntil: T0 + 60_000 });
    const next = world.ask();
    world.later(120_000);
    world.run({ type: 'Broke', resourceId: world.on(leaseId).id, reason: 'fire' });
    expect(world.lease(leaseId)).toMatchObject({ status: 'pending', waitUntil: world.now + 60_000 });
    world.run({ type: 'Gone', resourceId: 'default.host-2' });
    expect(world.lease(leaseId)).toMatchObject({ status: 'acquired', granted: { token: 2 } });
    expect(world.lease(next).status).toBe('pending');
  });

  it('and is drained stays broken, mends no more, and goes once its leases are taken back', () => {
    const world = new World(declared());
    const leaseId = world.use();
    const { id } = world.on(leaseId);
    world.run({ type: 'Broke', resourceId: id, reason: 'fire' });
    world.run({ type: 'Drain', resourceId: id, reason: 'moved', actor: operator });
    expect(world.state.resources.get(id)).toMatchObject({ status: 'broken', reason: 'moved' });
    expect(world.run({ type: 'Drain', resourceId: id, reason: 'again', actor: operator })).toEqual([]);
    expect(world.run({ type: 'Mended', resourceId: id, tookBack: [] })).toEqual([]);
    expect(world.back(leaseId).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed', 'ResourceClosed']);
  });

  it('and mends takes leases again; those that broke with it stay broken', () => {
    const world = new World(declared());
    const leaseId = world.use();
    const { id } = world.on(leaseId);
    world.run({ type: 'Broke', resourceId: id, reason: 'no answer' });
    expect(world.run({ type: 'Opened', resourceId: id })).toEqual([]);
    expect(world.types({ type: 'Mended', resourceId: id, tookBack: [] })).toEqual(['ResourceOpened']);
    expect(world.lease(leaseId).status).toBe('broken');
    world.back(leaseId);
    expect(world.on(world.ask()).id).toBe(id);
  });

  it('and was entered by hand remembers what those had on it who went elsewhere, until it mends', () => {
    const world = new World(declared({ can: [] }));
    const first = world.enter('one');
    const leaseId = world.use({ replace: true, slots: ['port/80'] });
    const other = world.enter('two');
    world.run({ type: 'Broke', resourceId: first, reason: 'no answer' });
    expect(world.on(leaseId).id).toBe(other);
    expect(world.resource(first)).toMatchObject({ load: 0, remains: [{ leaseId, token: 1, slots: ['port/80'] }] });
    // It was not known of it when this was begun.
    expect(world.run({ type: 'Mended', resourceId: first, tookBack: [] })).toEqual([]);
    world.run({ type: 'Mended', resourceId: first, tookBack: [1] });
    expect(world.resource(first)).toMatchObject({ status: 'open' });
    expect(world.resource(first).remains).toBeUndefined();
  });

  it('takes what stands on it along; what is only being made on it is not made, and whoever was to have it waits for another', () => {
    const both = declared({ name: 'Both', type: 'both', attributes: {}, needs: { one: { type: 'host' } } });
    const world = new World(declared(limits({ resources: 4 })), both);
    const done = world.ask({ type: 'both' });
    world.activate(world.on(done).needs.one!);
    world.activate(done);
    const making = world.ask({ type: 'both' });
    const holder = world.on(making);
    for (const id of [done, making])
      world.run({ type: 'Broke', resourceId: world.lease(world.on(id).needs.one!).granted!.resourceId, reason: 'fire' });
    expect(world.lease(done)).toMatchObject({ status: 'broken' });
    expect(world.resource(holder.id)).toMatchObject({ status: 'closed' });
    expect(world.state.leases.has(holder.needs.one!)).toBe(false);
    expect(world.lease(making).status).toBe('pending');
    world.run({ type: 'Gone', resourceId: holder.id });
    world.later(1_000);
    world.run(tidy);
    expect(world.on(making).id).not.toBe(holder.id);
  });
});

describe('a resource that cannot be made', () => {
  it('makes its blueprint back off and say why; then one is tried, and others go on meanwhile', () => {
    const world = new World(
      declared(limits({ resources: 5 })),
      declared({ name: 'Spare', limits: { ...declared().limits, resources: 1 } }),
    );
    const [first, second] = [world.ask(), world.ask()];
    world.run({ type: 'Failed', resourceId: 'default.host-2', reason: 'no disk', retryAt: T0 + 1_000 });
    expect(world.on(first)).toMatchObject({ id: 'default.host-5', blueprint: 'Spare' });
    world.run({ type: 'Failed', resourceId: 'default.host-4', reason: 'no disk', retryAt: T0 + 2_000 });
    expect(world.lease(second).status).toBe('pending');
    expect(world.standing(second)).toMatchObject({
      place: 1,
      reasons: [
        expect.stringContaining('RackHost failed (no disk) and is tried again at'),
        expect.stringContaining('Spare has made as many as it may: 1'),
      ],
      estimate: T0 + 2_000,
    });
    world.later(2_000);
    const third = world.ask();
    expect(world.lease(second).status).toBe('acquired');
    expect(world.standing(third)!.reasons[0]).toContain('is being tried again');
    world.run({ type: 'Opened', resourceId: world.on(second).id });
    expect(world.lease(third).status).toBe('acquired');
  });
});

describe('what cannot be made with some attributes', () => {
  const kinds = () => {
    const world = new World(declared(limits({ resources: 20 })));
    const wrong = world.ask({ attributes: { memory: 7 } });
    world.run({ type: 'Failed', resourceId: world.on(wrong).id, reason: 'no such', retryAt: T0 + 1_000 });
    return { world, wrong };
  };

  it('keeps nobody from what is made with others, however often it fails', () => {
    const { world, wrong } = kinds();
    for (let tries = 1; tries < 5; tries += 1) {
      const other = world.ask({ attributes: { memory: 1 + tries } });
      expect(statuses(world, [wrong, other])).toEqual(['pending', 'acquired']);
      world.activate(other);
      world.back(other);
      world.later(1_000);
      world.run(tidy);
      expect(
        world.types({ type: 'Failed', resourceId: world.on(wrong).id, reason: 'no such', retryAt: world.now + 1_000 }),
      ).toEqual(['ResourceFailed', 'LeaseRequeued']);
      expect(world.events.at(-2)).toMatchObject({ data: { failures: tries + 1 } });
    }
  });

  it('is tried by one at a time, also after a start', () => {
    const { world, wrong } = kinds();
    const second = world.ask({ attributes: { memory: 7 } });
    world.later(1_000);
    world.run(tidy);
    const kept = fromParts(JSON.parse(JSON.stringify([...toParts(world.state)])) as JsonObject[]);
    for (const state of [world.state, kept]) {
      world.state = state;
      world.run(tidy);
      expect(statuses(world, [wrong, second])).toEqual(['acquired', 'pending']);
      expect(world.standing(second)!.reasons[0]).toContain('is being tried again');
    }
    world.run({ type: 'Opened', resourceId: world.on(wrong).id });
    expect(world.lease(second).status).toBe('acquired');
  });

  it('fills no memory: of a hundred the failures are known', () => {
    const any = { seed: { matches: '.*', default: '' } };
    const world = new World(declared({ ...limits({ resources: 500 }), attributes: any }));
    for (let seed = 0; seed < 120; seed += 1) {
      const leaseId = world.ask({ attributes: { seed: `${seed}` } });
      world.run({ type: 'Failed', resourceId: world.on(leaseId).id, reason: 'no such', retryAt: T0 + 1_000 + seed });
      world.release(leaseId);
    }
    const { failed } = world.state.blueprints.get('RackHost')!;
    expect([failed.size, Math.min(...[...failed.values()].map(({ retryAt }) => retryAt))]).toEqual([100, T0 + 1_020]);
  });
});

describe('draining', () => {
  it('lets leases go on, be renewed too, takes no new ones, and gives it back after the last', () => {
    const world = new World(declared({ capacity: 2, ...limits({ resources: 1 }) }));
    const leaseId = world.use({ until: T0 + 60_000 });
    const { id } = world.on(leaseId);
    const prepared = world.ask();
    world.run({ type: 'Drain', resourceId: id, actor: operator, reason: 'old' });
    expect(world.types({ type: 'Renew', leaseId, until: T0 + 90_000, actor: ada })).toEqual(['LeaseRenewed']);
    expect(world.types({ type: 'Activate', leaseId: prepared, token: 2 })).toEqual(['LeaseActivated']);
    world.back(leaseId);
    expect(world.lease(world.ask()).status).toBe('pending');
    expect(world.back(prepared).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed', 'ResourceClosed']);
  });

  it('of what is being made sends those who were to have it to another one', () => {
    const world = new World(declared());
    const leaseId = world.ask();
    world.run({ type: 'Drain', resourceId: 'default.host-2', actor: operator, reason: 'wrong rack' });
    expect(world.resource('default.host-2').status).toBe('closed');
    expect(world.on(leaseId).id).toBe('default.host-3');
    expect(world.run({ type: 'Opened', resourceId: 'default.host-2' })).toEqual([]);
  });

  it('removes what was entered by hand, also when it breaks meanwhile', () => {
    const world = new World(declared({ can: [] }));
    const id = world.enter('one');
    const leaseId = world.use();
    world.run({ type: 'Drain', resourceId: id, actor: operator, reason: 'sold' });
    world.run({ type: 'Broke', resourceId: id, reason: 'unplugged' });
    expect(world.run({ type: 'Mended', resourceId: id, tookBack: [] })).toEqual([]);
    expect(world.back(leaseId).map(({ type }) => type)).toEqual(['LeaseReleased', 'LeaseDestroyed', 'ResourceDestroyed']);
    expect(world.state.names.size).toBe(0);
  });
});

describe('a resource that could never work as it is entered', () => {
  it('is refused: one that would need leases itself, and one of what only knows what it made', () => {
    const copy = declared({ name: 'Copy', type: 'copy', attributes: {}, needs: { host: { type: 'host' } } });
    const world = new World(declared(), copy, declared({ name: 'Cloud', isOnlyMade: true }));
    for (const [blueprint, reason] of [
      ['Copy', /Copy leases host for each that it makes/],
      ['Cloud', /Cloud works only with what it made itself/],
    ] as const)
      expect(() => world.enter('one', { blueprint })).toThrow(
        expect.objectContaining({
          code: 'bad-input',
          details: { fields: [{ field: 'blueprint', reason: expect.stringMatching(reason) }] },
        }),
      );
    expect(world.enter('one')).toBe('default.host-1');
  });
});

describe('a resource that hangs at what cannot be done', () => {
  const by = { actor: operator, reason: 'the house burnt down' };
  const cannot = (what: 'CannotUpdate' | 'CannotDestroy', resourceId: string, retryAt: number) =>
    ({ type: what, resourceId, reason: 'no answer', retryAt }) as const;

  it('is told with its tries when it cannot be destroyed, and is gone when an operator says so, with what it held', () => {
    const both = declared({ name: 'Both', type: 'both', attributes: {}, needs: { one: { type: 'host' } } });
    const world = new World(declared(), both);
    const leaseId = world.ask({ type: 'both' });
    const { id, needs } = world.on(leaseId);
    world.activate(needs['one']!);
    world.activate(leaseId);
    expect(world.run(cannot('CannotDestroy', id, T0))).toEqual([]);
    const refused = (reason: RegExp) =>
      expect(() => world.run({ type: 'ForceGone', resourceId: id, ...by })).toThrow(
        expect.objectContaining({ code: 'not-possible', message: expect.stringMatching(reason) }),
      );
    refused(/^There are leases on both-\d \(1\): reclaim them/);
    world.back(leaseId);
    refused(/^both-\d is open: remove it first/);
    world.run({ type: 'Drain', resourceId: id, ...by });
    for (const tries of [1, 2]) {
      expect(world.run(cannot('CannotDestroy', id, T0 + tries))).toMatchObject([{ type: 'ResourceStuck', data: { tries } }]);
      expect(world.resource(id).stuck).toEqual({ what: 'destroy', reason: 'no answer', tries, retryAt: T0 + tries });
    }
    expect(world.run({ type: 'ForceGone', resourceId: id, ...by })).toMatchObject([
      { type: 'ResourceDestroyed', data: { resourceId: id, forced: by } },
      { type: 'LeaseReleased', data: { leaseId: needs['one'], because: 'holder-gone' } },
    ]);
    expect(world.run({ type: 'ForceGone', resourceId: id, ...by })).toEqual([]);
    expect(world.run(cannot('CannotDestroy', id, T0))).toEqual([]);
  });

  it('is told with its tries when it cannot be changed, until it was, or is to be something else', () => {
    const world = new World(declared({ can: ['allocate', 'update', 'destroy'] }));
    const { id } = world.on(world.use());
    const change = (memory: number) => world.run({ type: 'Change', resourceId: id, actor: operator, attributes: { memory } });
    expect(world.run(cannot('CannotUpdate', id, T0))).toEqual([]);
    change(4);
    world.run(cannot('CannotUpdate', id, T0 + 1));
    expect(world.resource(id)).toMatchObject({ behind: true, stuck: { what: 'update', tries: 1 } });
    world.run({ type: 'Change', resourceId: id, actor: operator, capacity: 2 });
    expect(world.resource(id).stuck).toBeDefined();
    change(8);
    expect(world.resource(id).stuck).toBeUndefined();
    world.run(cannot('CannotUpdate', id, T0 + 1));
    world.run({ type: 'Updated', resourceId: id, attributes: { memory: 8 } });
    expect(world.resource(id)).not.toHaveProperty('stuck');
  });

  /** Entered by hand, broken, and what one had on it who went elsewhere was not taken back. */
  const left = (world: World, drained = false) => {
    const id = world.enter('one');
    const leaseId = world.use({ replace: true });
    if (drained) world.run({ type: 'Drain', resourceId: id, ...by });
    world.run({ type: 'Broke', resourceId: id, reason: 'no answer' });
    return { id, leaseId };
  };

  it('and has something left on it is not removed by hand, unless it is forced', () => {
    const world = new World(declared({ can: [] }));
    const { id, leaseId } = left(world);
    expect(() => world.run({ type: 'Drain', resourceId: id, ...by })).toThrow(
      expect.objectContaining({ code: 'not-possible', message: expect.stringMatching(/rid of what .*lease-\d+ had on it/) }),
    );
    expect(world.lease(leaseId).status).toBe('pending');
    expect(world.types({ type: 'ForceGone', resourceId: id, ...by })).toEqual(['ResourceDestroyed']);
    expect(world.state.names.size).toBe(0);
  });

  it('and has something left on it stays when it was removed before it broke, until that was taken back', () => {
    const world = new World(declared({ can: [] }));
    const { id } = left(world, true);
    expect(world.resource(id)).toMatchObject({ status: 'broken', isDrained: true, remains: [{ token: 1 }] });
    expect(world.types({ type: 'Mended', resourceId: id, tookBack: [1] })).toEqual(['ResourceCleared', 'ResourceDestroyed']);
  });
});

describe('a resource that was made', () => {
  it('is brought only to what its blueprint can make, and keeps what is fixed and what nobody speaks of', () => {
    const rack = { default: 'a', oneOf: ['a', 'b'], isFixed: true };
    const world = new World(
      declared({ can: ['allocate', 'update', 'destroy'], attributes: { memory: { default: 2, from: 1, to: 8 }, rack } }),
    );
    const resourceId = world.on(world.use()).id;
    const change = (attributes: JsonObject) => world.types({ type: 'Change', resourceId, actor: operator, attributes });
    const reason = (of: RegExp) =>
      expect.objectContaining({ details: { fields: [{ field: 'attributes', reason: expect.stringMatching(of) }] } });
    expect(() => change({ memory: 9 })).toThrow(reason(/memory from 1 to 8, not 9/));
    expect(() => change({ colour: 'red' })).toThrow(reason(/no attribute colour/));
    expect(() => change({ rack: 'b' })).toThrow('makes another one for another rack');
    expect(change({ memory: 2, rack: 'a' })).toEqual([]);
    expect(change({ memory: 4 })).toEqual(['ResourceChanged']);
    expect(world.resource(resourceId).attributes).toEqual({ memory: 4, rack: 'a' });
  });
});

describe('a resource that is entered by hand', () => {
  it('is not entered again under another name, where its blueprint says by what it is known', () => {
    const world = new World(declared({ distinct: ['serial'] }), { ...declared({ distinct: ['serial'] }), name: 'OtherHost' });
    const first = world.enter('one', { attributes: { serial: 'S1', rack: 'A' } });
    expect(world.enter('one', { attributes: { serial: 'S1', rack: 'A' } })).toBe(first);
    const refused = {
      code: 'bad-input',
      details: { fields: [{ field: 'attributes.serial', reason: `is that of one (${first})` }] },
    };
    expect(() => world.enter('two', { attributes: { serial: 'S1', rack: 'B' } })).toThrow(expect.objectContaining(refused));
    const second = world.enter('two', { attributes: { serial: 'S2', rack: 'A' } });
    for (const name of ['three', 'four']) world.enter(name, { attributes: { rack: 'A' } });
    world.enter('of-another', { attributes: { serial: 'S1' }, blueprint: 'OtherHost' });
    const change = (attributes: JsonObject) => world.types({ type: 'Change', resourceId: second, attributes, actor: operator });
    expect(() => change({ serial: 'S1' })).toThrow(expect.objectContaining(refused));
    expect(change({ serial: 'S2', rack: 'C' })).toEqual(['ResourceChanged']);
    world.run({ type: 'Drain', resourceId: first, reason: 'sold', actor: operator });
    expect(change({ serial: 'S1' })).toEqual(['ResourceChanged']);
  });

  it('is leased, never made or destroyed, and entered twice as once', () => {
    const world = new World(declared({ can: ['allocate', 'destroy'], ...limits({ resources: 0 }) }));
    const id = world.enter('rack-7', { capacity: 2 });
    expect(world.enter('rack-7', { capacity: 2 })).toBe(id);
    expect(() => world.enter('rack-7', { capacity: 3 })).toThrow('There is a resource rack-7 already');
    expect(() => world.enter('host-7')).toThrow('such names are given to what blueprints make');
    expect(() => world.enter('none', { capacity: 0 })).toThrow('must be a whole number from 1 on');
    world.back(world.use());
    world.later(3_600_000_000);
    expect(world.run(tidy)).toEqual([]);
  });

  it('is changed, but never to less than is leased', () => {
    const world = new World(declared({ can: [] }));
    const resourceId = world.enter('one', { capacity: 3 });
    world.ask({ amount: 2 });
    const change = (over: object) => world.types({ type: 'Change', resourceId, actor: operator, ...over });
    expect(() => change({ capacity: 1 })).toThrow('2 of it are leased');
    expect(change({ capacity: 3 })).toEqual([]);
    expect(() => world.ask({ attributes: { memory: 4 } })).toThrow('of those that there are none is like that');
    expect(change({ attributes: { memory: 4 } })).toEqual(['ResourceChanged']);
    expect(world.lease(world.ask({ attributes: { memory: 4 } })).status).toBe('acquired');
  });
});
