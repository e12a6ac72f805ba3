import { describe, expect, it } from '@jest/globals';
import { turnAfter } from './keep.js';
import { World, ada, asking, bob, declared, operator, T0 } from '../testing/world.js';

const limits = (over: Partial<ReturnType<typeof declared>['limits']>) => ({ limits: { ...declared().limits, ...over } });
const approve = (world: World, ...owners: { id: string; type: 'user' }[]) => {
  for (const owner of owners)
    for (const name of world.catalogue.keys()) world.run({ type: 'Approve', blueprint: name, owner, actor: ada });
};
const statuses = (world: World, ids: string[]) => ids.map((id) => world.lease(id).status);

describe('who asks', () => {
  it('is refused with which of three it is, and why by blueprint', () => {
    const world = new World(declared(), declared({ name: 'Other', type: 'other' }));
    expect(() => world.ask({ type: 'ship' })).toThrow('No blueprint makes a ship; there are host, other');
    expect(() => world.ask({ blueprint: 'Other' })).toThrow('No blueprint Other makes a host');
    expect(() => world.ask({ attributes: { memory: 16 } })).toThrow('RackHost has memory from 1 to 8, not 16');
    expect(() => world.ask({ attributes: { colour: 'red' } })).toThrow('RackHost has no attribute colour; it has memory');
    expect(() => world.ask({ filter: '(memory>=4)' })).toThrow('which (memory>=4) does not match');
    expect(() => world.ask({ amount: 2 })).toThrow('RackHost has 1 of it each, and 2 are wanted');
    world.ask();
    world.ask();
    expect(() => world.ask({}, false)).toThrow(
      /^No host like that is free now: RackHost: host-\d has 0 of 1 free, host-\d has 0 of 1 free, RackHost has made as many as it may: 2$/,
    );
    expect(world.state.leases.size).toBe(2);
  });

  it('is refused what could never be made because of what it needs itself, however deep', () => {
    const need = (name: string, type: string, needs: object) =>
      declared({ name, type, attributes: {}, needs: { one: needs as { type: string } } });
    const world = new World(
      declared(),
      need('Large', 'large', { type: 'host', attributes: { memory: 16 } }),
      need('Top', 'top', { type: 'large' }),
      need('Fine', 'fine', { type: 'host', attributes: { memory: 8 } }),
    );
    expect(() => world.ask({ type: 'top' })).toThrow(
      'No top can be like that: Top needs a large itself, and none can be like that: Large needs a host itself, and none can be like that: RackHost has memory from 1 to 8, not 16',
    );
    expect(world.lease(world.ask({ type: 'fine' })).status).toBe('acquired');
  });

  it('of two needs that can neither be had is told both, and another blueprint may still make it', () => {
    const needs = { one: { type: 'host', attributes: { memory: 16 } }, two: { type: 'host', attributes: { memory: 32 } } };
    const world = new World(
      declared(),
      declared({ name: 'Both', type: 'both', attributes: {}, needs }),
      declared({ name: 'Other', type: 'both', attributes: {} }),
    );
    expect(world.lease(world.ask({ type: 'both' })).status).toBe('acquired');
    expect(() => world.ask({ type: 'both', blueprint: 'Both' })).toThrow(/not 16.*not 32/);
  });

  it('and waits is told why of each thing that is needed, of what is kept for others, and of one that is named', () => {
    const both = declared({ name: 'Both', type: 'both', attributes: {}, needs: { one: { type: 'host' } } });
    const world = new World(declared({ can: [] }), both);
    const id = world.enter('rack', { capacity: 4 });
    const first = world.use();
    world.ask({ amount: 4 });
    expect(world.standing(world.ask())!.reasons).toEqual([
      'RackHost: rack has 3 of 4 free, kept for who is before, RackHost makes none',
    ]);
    const named = world.ask({ resourceId: id, amount: 4 });
    expect(world.standing(named)!.reasons).toEqual(['RackHost: rack has 3 of 4 free, and 4 are wanted']);
    world.run({ type: 'Drain', resourceId: id, actor: operator, reason: 'sold' });
    expect(world.standing(named)!.reasons).toEqual(['RackHost: rack is draining (sold), and no other one is wanted']);
    world.back(first);
    expect(world.standing(named)!.reasons).toEqual([`${id} is gone, and no other one is wanted`]);
    const full = new World(declared(), both);
    full.ask();
    full.ask();
    expect(full.standing(full.ask({ type: 'both' }))!.reasons).toEqual([
      'Both: what it needs itself is not free: one (RackHost: host-2 has 0 of 1 free, host-4 has 0 of 1 free, RackHost has made as many as it may: 2)',
    ]);
  });

  it('for what is none is told the field', () => {
    const world = new World(declared());
    for (const amount of [0, -1, 1.5, Number.NaN]) expect(() => world.ask({ amount })).toThrow('amount');
    expect(() => world.ask({ slots: ['a', 'a'] })).toThrow('slots');
    expect(() => world.ask({ filter: '(memory' })).toThrow('filter');
    expect(world.state.leases.size).toBe(0);
  });

  it('may use nothing that was not approved for him', () => {
    const world = new World(declared());
    expect(() => world.ask({ owner: bob })).toThrow(
      /^user\/bob may use none of RackHost in (\S+): .*\(slipway blueprints approve RackHost --owner bob --environment \1\)$/,
    );
    approve(world, bob);
    expect(world.lease(world.ask({ owner: bob })).status).toBe('acquired');
  });

  it('may use no more what was revoked, also through what another blueprint leases itself; what he has goes on', () => {
    const world = new World(
      declared(limits({ resources: 9 })),
      declared({ name: 'Both', type: 'both', attributes: {}, ...limits({ resources: 9 }), needs: { one: { type: 'host' } } }),
    );
    const before = [world.use(), world.ask({ type: 'both' })];
    expect(world.run({ type: 'Revoke', blueprint: 'RackHost', owner: ada, actor: operator, reason: 'left' })).toHaveLength(1);
    expect(world.run({ type: 'Revoke', blueprint: 'RackHost', owner: ada, actor: operator })).toEqual([]);
    expect(statuses(world, before)).toEqual(['active', 'acquired']);
    expect(world.types({ type: 'Renew', leaseId: before[0]!, until: world.lease(before[0]!).until!, actor: ada })).toEqual([]);
    expect(() => world.ask()).toThrow('may use none of RackHost');
    const later = world.ask({ type: 'both' });
    expect(world.lease(later).status).toBe('pending');
    world.run({ type: 'Approve', blueprint: 'RackHost', owner: ada, actor: operator });
    expect(world.lease(later).status).toBe('acquired');
  });

  it('has no more at once than his quota, by type and in all; what resources hold themselves is nobody’s, and what is over counts no more', () => {
    const world = new World(
      declared(limits({ resources: 9 })),
      declared({ name: 'Both', type: 'both', attributes: {}, needs: { one: { type: 'host' } } }),
    );
    const quota = (most: number | null, leaseType?: string) =>
      world.run({ type: 'SetQuota', owner: ada, most, actor: operator, ...(leaseType && { leaseType }) });
    quota(1, 'host');
    world.ask({ type: 'both' });
    const id = world.ask();
    expect(() => world.ask()).toThrow('user/ada has 1 leases of type host, and may have 1');
    quota(null, 'host');
    quota(2);
    expect(() => world.ask()).toThrow('user/ada has 2 leases, and may have 2');
    world.activate(id);
    world.release(id);
    world.run({ type: 'CannotTakeBack', leaseId: id, reason: 'no answer', retryAt: T0 + 1_000 });
    expect(world.lease(world.ask()).status).toBe('acquired');
    for (const wrong of [-1, 0.5]) expect(() => quota(wrong)).toThrow('most');
  });
});

describe('a lease is granted', () => {
  it('by blueprint first, in the order of the configuration, then by load', () => {
    const placed = (placing: 'spread' | 'pack') => {
      const world = new World(declared({ can: [], placing }), declared({ name: 'Later', can: [] }));
      world.enter('later', { blueprint: 'Later', capacity: 9 });
      for (const name of ['one', 'two']) world.enter(name, { capacity: 3 });
      world.ask({ resourceId: world.state.names.get('two')! });
      return Array.from({ length: 6 }, () => world.on(world.ask()).name);
    };
    expect(placed('spread').slice(0, 1)).toEqual(['one']);
    expect(placed('spread').toSorted()).toEqual(['later', 'one', 'one', 'one', 'two', 'two']);
    expect(placed('pack').slice(0, 2)).toEqual(['two', 'two']);
  });

  it('by the room that each has left, also where no two are alike', () => {
    const placed = (placing: 'spread' | 'pack') => {
      const world = new World(declared({ can: [], placing }));
      for (const [name, capacity] of Object.entries({ small: 2, large: 5, middle: 3 }))
        world.enter(name, { capacity, attributes: { address: name, rack: name === 'small' ? 1 : 2 } });
      const anywhere = Array.from({ length: 4 }, () => world.on(world.ask()).name);
      const there = Array.from({ length: 2 }, () => world.on(world.ask({ attributes: { rack: 2 } })).name);
      const large = world.ask({ amount: 3 });
      return { anywhere, there, large: statuses(world, [large]) };
    };
    const spread = placed('spread');
    expect(spread.anywhere.slice(0, 2)).toEqual(['large', 'large']);
    expect(spread.anywhere.slice(2).toSorted()).toEqual(['large', 'middle']);
    expect(spread.there.toSorted()).toEqual(['large', 'middle']);
    expect(spread.large).toEqual(['pending']);
    const pack = { anywhere: ['small', 'small', 'middle', 'middle'], there: ['middle', 'large'], large: ['acquired'] };
    expect(placed('pack')).toEqual(pack);
  });

  it('without looking at those that have no room, or not what is asked for, however many there are', () => {
    const world = new World(declared({ can: [] }));
    let looked = 0;
    const told = (address: string) =>
      Object.defineProperty({ address }, 'memory', { enumerable: true, get: () => ((looked += 1), 2) }) as { address: string };
    for (let at = 0; at < 500; at += 1) world.enter(`rack-${at}`, { attributes: told(`rack-${at}`) });
    const lookedFor = (work: () => string) => {
      looked = 0;
      const id = work();
      return { status: world.lease(id).status, few: looked < 150 };
    };
    const one = lookedFor(() => world.ask({ attributes: { memory: 2, address: 'rack-317' } }));
    expect(one).toEqual({ status: 'acquired', few: true });
    for (let at = 0; at < 499; at += 1) world.ask();
    const none = lookedFor(() => world.ask({ attributes: { memory: 2 } }));
    expect(none).toEqual({ status: 'pending', few: true });
    const full = lookedFor(() => world.ask({ attributes: { memory: 2, address: 'rack-317' } }));
    expect(full).toEqual({ status: 'pending', few: true });
  });

  it('with the one that is named, or waits for it', () => {
    const world = new World(declared({ can: [] }));
    const [one] = [world.enter('one'), world.enter('two')];
    const ids = [world.ask({ resourceId: one }), world.ask({ resourceId: one })];
    expect(statuses(world, ids)).toEqual(['acquired', 'pending']);
    expect(world.standing(ids[1]!)!.reasons).toEqual(['RackHost: one has 0 of 1 free']);
  });

  it('with all of its locks or none; who waits is told which is held by whom', () => {
    const world = new World(declared({ can: [] }));
    world.enter('one', { capacity: 5 });
    const first = world.ask({ slots: ['port/8080', 'port/8081'] });
    const second = world.ask({ slots: ['port/8082', 'port/8080'] });
    expect(world.standing(second)!.reasons[0]).toContain(`port/8080 on one is held by ${first}`);
    const third = world.ask({ slots: ['port/8082'] });
    const other = world.ask();
    expect(statuses(world, [second, third, other])).toEqual(['pending', 'pending', 'acquired']);
    world.back(first);
    expect(statuses(world, [second, third])).toEqual(['acquired', 'pending']);
  });

  it('on a pool of n exactly n times, in amounts too', () => {
    const world = new World(declared({ can: [] }));
    world.enter('pool', { capacity: 7 });
    const ids = Array.from({ length: 20 }, () => world.ask());
    expect(statuses(world, ids).filter((status) => status === 'acquired')).toHaveLength(7);
    world.back(ids[0]!);
    expect(world.resource('default.host-1').load).toBe(7);
  });

  it('with what it needs, all or none', () => {
    const both = declared({
      name: 'Both',
      type: 'both',
      attributes: {},
      needs: { one: { type: 'host' }, two: { type: 'host' } },
    });
    const world = new World(declared(), both);
    const first = world.ask();
    const id = world.ask({ type: 'both' });
    expect(world.standing(id)!.reasons).toEqual(['Both: what it needs itself is not free for it at once: one, two']);
    expect(world.state.resources.size).toBe(1);
    world.back(first);
    expect(world.lease(id).status).toBe('acquired');
    expect(Object.values(world.on(id).needs).map((need) => world.lease(need).status)).toEqual(['acquired', 'acquired']);
    expect(world.lease(world.on(id).needs.one!).until).toBeUndefined();
  });
});

describe('the queue', () => {
  it('goes by priority, and ten minutes of waiting count as one', () => {
    const world = new World(declared(limits({ resources: 1 })));
    const first = world.use();
    const patient = world.ask();
    const urgent = world.ask({ priority: 1 });
    expect([patient, urgent].map((id) => world.standing(id)!.place)).toEqual([2, 1]);
    world.later(20 * 60_000);
    const late = world.ask({ priority: 1 });
    expect([urgent, patient, late].map((id) => world.standing(id)!.place)).toEqual([1, 2, 3]);
    world.back(first);
    expect(statuses(world, [urgent, patient, late])).toEqual(['acquired', 'pending', 'pending']);
  });

  it('is fair by owner: who has the least is next, and then who asked first', () => {
    const world = new World(declared(limits({ resources: 2 })));
    approve(world, bob);
    const held = [world.use(), world.use()];
    const [one, two, three, bobs] = [world.ask(), world.ask(), world.ask(), world.ask({ owner: bob })];
    expect([one, two, three, bobs].map((id) => world.standing(id!)!.place)).toEqual([2, 3, 4, 1]);
    world.back(held[0]!);
    world.back(held[1]!);
    expect(statuses(world, [one!, two!, three!, bobs!])).toEqual(['acquired', 'pending', 'pending', 'acquired']);
  });

  it('keeps for a large one what becomes free, so that small ones do not starve it', () => {
    const world = new World(declared({ can: [] }));
    approve(world, bob);
    world.enter('one', { capacity: 3 });
    let small = [world.ask(), world.ask(), world.ask()];
    const large = world.ask({ owner: bob, amount: 3 });
    for (let round = 0; round < 3; round += 1) {
      small = [...small, world.ask()];
      world.activate(small[0]!);
      world.back(small.shift()!);
    }
    expect(world.lease(large).status).toBe('acquired');
  });

  it('keeps for a large one of what is free first, whatever has the most room now', () => {
    const world = new World(declared({ can: [], ...limits({ leaseSeconds: 36_000 }) }));
    approve(world, bob);
    const [long, short] = ['long', 'short'].map((name) => world.enter(name, { capacity: 4 }));
    world.use({ resourceId: long!, until: T0 + 8 * 3_600_000 });
    for (const minutes of [10, 20, 30, 30]) world.ask({ resourceId: short!, until: T0 + minutes * 60_000 });
    const large = world.ask({ owner: bob, amount: 4 });
    expect(world.standing(large)!.estimate).toBe(T0 + 30 * 60_000);
    const small = [1, 2, 3].map(() => world.ask({ until: T0 + 3_600_000 }));
    expect(small.map((id) => world.on(id).id)).toEqual([long, long, long]);
    const late = world.ask();
    for (const minutes of [10, 20, 30]) {
      world.now = T0 + minutes * 60_000;
      for (const [id, { until, granted }] of [...world.state.leases.entries()])
        if (until! <= world.now && granted) world.back(id);
    }
    expect(statuses(world, [large, late])).toEqual(['acquired', 'pending']);
  });

  it('keeps for a large one one after the other where nothing has an end, each twice as long as before', () => {
    const turns = [0, 9, 10, 19, 20, 39, 40, 59, 60, 99, 100].map((minutes) => turnAfter(minutes * 60_000, 2));
    expect(turns).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
  });

  it('keeps for one that needs several what becomes free of each', () => {
    const both = declared({
      name: 'Both',
      type: 'both',
      attributes: {},
      can: ['allocate'],
      needs: { one: { type: 'host' }, two: { type: 'host' } },
    });
    const world = new World(declared({ can: [] }), both);
    approve(world, bob);
    for (const name of ['one', 'two']) world.enter(name);
    const [first, second] = [world.use(), world.use()];
    const large = world.ask({ type: 'both', owner: bob });
    const small = world.ask();
    world.back(first);
    expect(statuses(world, [large, small])).toEqual(['pending', 'pending']);
    world.back(second);
    expect(statuses(world, [large, small])).toEqual(['acquired', 'pending']);
  });

  it('lets those behind one that stops waiting have what was kept for him', () => {
    const world = new World(declared({ can: [] }));
    approve(world, bob);
    world.enter('one', { capacity: 2 });
    world.ask();
    const large = world.ask({ owner: bob, amount: 2 });
    const small = world.ask();
    expect(world.lease(small).status).toBe('pending');
    world.release(large);
    expect(world.lease(small).status).toBe('acquired');
  });

  it('lets one that waits have what is left of a resource that is made for somebody after him', () => {
    const world = new World(declared({ capacity: 2 }));
    const first = world.ask();
    world.run({ type: 'Failed', resourceId: 'default.host-2', reason: 'no', retryAt: T0 + 60_000 });
    expect(world.lease(first).status).toBe('pending');
    const other = world.ask({ attributes: { memory: 8 } });
    expect(statuses(world, [first, other])).toEqual(['acquired', 'acquired']);
  });

  it('gives an idle resource back that is in the way of what is wanted', () => {
    const world = new World(declared(limits({ resources: 1 })));
    world.back(world.use());
    const large = world.ask({ attributes: { memory: 8 } });
    expect(world.resource('default.host-2').status).toBe('closed');
    world.run({ type: 'Gone', resourceId: 'default.host-2' });
    expect(world.on(large).attributes).toEqual({ memory: 8 });
  });

  it('tells when it may be: by the ends of those that have it; not where one has no end', () => {
    const world = new World(declared({ can: [] }));
    world.enter('one', { capacity: 3 });
    for (const minutes of [30, 10, 20]) world.ask({ until: T0 + minutes * 60_000 });
    const [next, after] = [world.ask(), world.ask({ amount: 1, slots: [] })];
    expect([next, after].map((id) => world.standing(id!)!.estimate)).toEqual([T0 + 600_000, T0 + 1_200_000]);
    const endless = new World(declared({ can: [], ...limits({ leaseSeconds: 0 }) }));
    endless.enter('one');
    endless.run({ type: 'Ask', ask: asking(), wait: true });
    expect(endless.standing(endless.ask())).toEqual({ place: 1, reasons: [expect.any(String)] });
  });

  it('tells who holds up what has no end that is known: what cannot be taken back, and what broke and is still held', () => {
    const world = new World(declared({ can: [] }));
    world.enter('one', { capacity: 1 });
    const held = world.use();
    world.release(held);
    const first = world.ask();
    expect(world.standing(first)!.estimate).toBe(T0);
    world.run({ type: 'CannotTakeBack', leaseId: held, reason: 'its place is gone', retryAt: T0 + 300_000 });
    expect(world.standing(first)).toEqual({
      place: 1,
      reasons: [`RackHost: one has 0 of 1 free (${held} cannot be taken back: its place is gone), RackHost makes none`],
    });
    const making = new World(declared(limits({ resources: 1 })));
    const broken = making.use();
    making.run({ type: 'Broke', resourceId: making.on(broken).id, reason: 'fire' });
    expect(making.standing(making.ask())!.reasons).toEqual([
      `RackHost: RackHost has made as many as it may: 1, host-2 is broken (fire), and ${broken} has yet to be released`,
    ]);
  });
});
