import { describe, expect, test } from '@jest/globals';
import type { EnvironmentEvent, Installed, JobKind, Owner, PlanRead } from '@slipway/contracts';
import { given as givenEvents } from '@slipway/event-store/testing';
import { environment } from './environment.js';
import { fromJson, toJson } from './snapshot.js';
import type { Admit, EnvironmentCommand, Settle } from './state.js';

const ADA: Owner = { id: 'ada', type: 'user' };
const BOB: Owner = { id: 'bob', type: 'user' };

const given = (...events: EnvironmentEvent[]) => givenEvents(environment, events);
const claim = (requestId: string, name = 'shop', more: Partial<{ owner: Owner; job: JobKind; queue: number }> = {}) =>
  ({ type: 'Claim', requestId, name, owner: ADA, job: 'provision', queue: 100, ...more }) as const;
const claimed = (requestId: string, name = 'shop', owner = ADA, job: JobKind = 'provision'): EnvironmentEvent => ({
  type: 'NameClaimed',
  data: { kind: 'instance', name, requestId, owner, job },
});
const admit = (
  requestId: string,
  more: Partial<Omit<Admit, 'type' | 'claim'>> & { name?: string; owner?: Owner } = {},
): EnvironmentCommand => {
  const { name = 'shop', owner = ADA, ...plan } = more;
  return {
    type: 'Admit',
    claim: { requestId, name, owner, job: 'provision' },
    planHash: `plan of ${requestId}`,
    reads: [],
    writes: [],
    limits: { concurrent: 10, perOwner: 5 },
    ...plan,
  };
};
const admitted = (
  requestId: string,
  reads: PlanRead[] = [],
  writes: { key: string; generation: number }[] = [],
  owner = ADA,
): EnvironmentEvent => ({
  type: 'PlanAdmitted',
  data: { requestId, owner, planHash: `plan of ${requestId}`, reads, writes },
});
const make = (key: string, generation = 1) => ({ key, generation, make: true });
const installed = (key: string, more: Partial<Installed> = {}): Installed => {
  const [kind, name] = key.split('/') as [Installed['kind'], string];
  const definition = { name: 'd', version: '1.0.0', hash: 'h' };
  const place = { location: 'local', guestLocation: 'local', driver: 'x' };
  return {
    kind,
    name,
    generation: 1,
    definition,
    ...place,
    instanceId: 'shop',
    owner: ADA,
    spec: {},
    outputs: { of: key },
    ...more,
  };
};
const settlement = (requestId: string, more: Partial<Settle> = {}) => ({
  requestId,
  name: 'shop',
  outcome: 'done' as const,
  installed: [] as Installed[],
  removed: [] as string[],
  wires: [],
  ...more,
});
const settle = (requestId: string, more: Partial<Settle> = {}): EnvironmentCommand => ({
  ...settlement(requestId, more),
  type: 'Settle',
});
const settled = (requestId: string, more: Partial<Settle> = {}): EnvironmentEvent => ({
  type: 'PlanSettled',
  data: settlement(requestId, more),
});
const released = (requestId: string, name = 'shop'): EnvironmentEvent => ({ type: 'NameReleased', data: { name, requestId } });

const wire = { from: 'instance/shop', requirement: 'data', to: 'database/pg' };
/** ada's shop stands, wired to a database that is shared. */
const SHOP = [
  claimed('r1'),
  admitted(
    'r1',
    [],
    [
      { key: 'database/pg', generation: 1 },
      { key: 'instance/shop', generation: 1 },
    ],
  ),
  settled('r1', { installed: [installed('database/pg', { instanceId: undefined }), installed('instance/shop')], wires: [wire] }),
];

describe('N1: names', () => {
  test('an import never takes one that something stands under; an export and an update need one, and leave it its owner', () => {
    given(...SHOP)
      .when(claim('r2', 'shop', { job: 'import' }))
      .thenRefuses('name-taken');
    given()
      .when(claim('r1', 'shop', { job: 'import' }))
      .then([claimed('r1', 'shop', ADA, 'import')]);
    for (const kind of ['export', 'update'] as const) {
      given()
        .when(claim('r1', 'shop', { job: kind }))
        .thenRefuses('not-found');
      given(...SHOP)
        .when(claim('r2', 'shop', { job: kind, owner: BOB }))
        .then([claimed('r2', 'shop', ADA, kind)]);
      given(...SHOP, claimed('r2'))
        .when(claim('r3', 'shop', { job: kind }))
        .thenRefuses('name-taken');
    }
  });

  test('free: claimed; claimed again by the same request: nothing to record', () => {
    given()
      .when(claim('r1'))
      .then([claimed('r1')]);
    given(claimed('r1')).when(claim('r1')).then([]);
  });

  test('held by an unfinished request: taken, whoever asks', () => {
    given(claimed('r1')).when(claim('r2')).thenRefuses('name-taken');
    given(...SHOP, claimed('r2'))
      .when(claim('r3', 'shop', { job: 'deprovision' }))
      .thenRefuses('name-taken');
  });

  test('installed: its owner may claim it, nobody else', () => {
    given(...SHOP)
      .when(claim('r2'))
      .then([claimed('r2')]);
    given(...SHOP)
      .when(claim('r2', 'shop', { owner: BOB }))
      .thenRefuses('name-taken');
    given(...SHOP)
      .when(claim('r2', 'shop', { owner: { ...ADA, type: 'team' } }))
      .thenRefuses('name-taken');
  });

  test('to give back: there must be something, and its owner stays', () => {
    given()
      .when(claim('r2', 'shop', { job: 'deprovision' }))
      .thenRefuses('not-found');
    given(...SHOP)
      .when(claim('r2', 'shop', { job: 'deprovision', owner: BOB }))
      .then([claimed('r2', 'shop', ADA, 'deprovision')]);
  });

  test('more than may wait are refused; what is being carried out does not count', () => {
    given(claimed('r1', 'a'), claimed('r2', 'b'))
      .when(claim('r3', 'c', { queue: 2 }))
      .thenRefuses('too-busy');
    given(claimed('r1', 'a'), claimed('r2', 'b'), admitted('r1'))
      .when(claim('r3', 'c', { queue: 2 }))
      .then([claimed('r3', 'c')]);
    given(claimed('r1', 'a'))
      .when(claim('r1', 'a', { queue: 0 }))
      .then([]);
  });
});

describe('N2, N3: plans', () => {
  test('admitted once; the same again records nothing', () => {
    given(claimed('r1'))
      .when(admit('r1', { writes: [make('instance/shop')] }))
      .then([admitted('r1', [], [{ key: 'instance/shop', generation: 1 }])]);
    given(claimed('r1'), admitted('r1')).when(admit('r1')).then([]);
    given(claimed('r1'), admitted('r1'))
      .when(admit('r1', { planHash: 'another' }))
      .thenRefuses('plan-stale');
  });

  test('plans that do not touch each other proceed side by side', () => {
    given(claimed('r1'), claimed('r2', 'blog'), admitted('r1', [], [{ key: 'instance/shop', generation: 1 }]))
      .when(admit('r2', { name: 'blog', writes: [make('instance/blog')] }))
      .then([admitted('r2', [], [{ key: 'instance/blog', generation: 1 }])]);
  });

  test.each<[string, EnvironmentEvent, Partial<Admit>]>([
    ['both write', admitted('r1', [], [{ key: 'database/pg', generation: 1 }]), { writes: [make('database/pg')] }],
    [
      'one reads what the other writes',
      admitted('r1', [], [{ key: 'database/pg', generation: 1 }]),
      { reads: [{ key: 'database/pg', generation: null }] },
    ],
    [
      'one writes what the other reads',
      admitted('r1', [{ key: 'database/pg', generation: null }]),
      { writes: [make('database/pg')] },
    ],
  ])('stale while another one is in the way, which is named: %s', (_what, first, plan) => {
    const before = [claimed('r1'), claimed('r2', 'blog'), first];
    const state = before.reduce(environment.evolve, environment.initialState());
    const inTheWay = { code: 'plan-stale', details: expect.objectContaining({ holder: 'r1' }) };
    expect(() => environment.decide(state, admit('r2', { name: 'blog', ...plan }))).toThrow(expect.objectContaining(inTheWay));
    const { reads = [], writes = [] } = plan;
    const newer = writes.map((write) => ({ ...write, generation: 2 }));
    given(...before, settled('r1', { outcome: 'undone' }), released('r1'))
      .when(admit('r2', { name: 'blog', reads, writes: newer }))
      .then([
        admitted(
          'r2',
          reads,
          newer.map(({ key, generation }) => ({ key, generation })),
        ),
      ]);
  });

  describe('that take turns', () => {
    const turn = (generation: number) => ({ key: 'capacity/storage/pool', generation, make: true });
    const first = [claimed('r1'), claimed('r2', 'blog'), admitted('r1', [], [{ key: turn(1).key, generation: 1 }])];

    test('wait for whose turn it is, and are planned anew when it is theirs', () => {
      const state = first.reduce(environment.evolve, environment.initialState());
      const inTheWay = { code: 'plan-stale', details: expect.objectContaining({ key: turn(1).key, holder: 'r1' }) };
      const asked = (generation: number) => admit('r2', { name: 'blog', writes: [turn(generation)] });
      expect(() => environment.decide(state, asked(1))).toThrow(expect.objectContaining(inTheWay));
      given(...first, settled('r1'))
        .when(asked(1))
        .thenRefuses('plan-stale');
      given(...first, settled('r1'))
        .when(asked(2))
        .then([admitted('r2', [], [{ key: turn(2).key, generation: 2 }])]);
    });

    test('go on beside those that take none', () => {
      given(...first)
        .when(admit('r2', { name: 'blog', reads: [{ key: 'storage/pool', generation: null }], writes: [make('instance/blog')] }))
        .then([admitted('r2', [{ key: 'storage/pool', generation: null }], [{ key: 'instance/blog', generation: 1 }])]);
    });
  });

  test.each<[string, Partial<Admit>]>([
    ['what was read is another generation', { reads: [{ key: 'database/pg', generation: 7 }] }],
    ['what was not there is there', { reads: [{ key: 'database/pg', generation: null }] }],
    ['what was there is gone', { reads: [{ key: 'storage/gone', generation: 1 }] }],
    ['somebody new uses what is removed', { reads: [{ key: 'database/pg', generation: 1, users: [] }] }],
    ['the generation was planned meanwhile', { writes: [make('instance/shop', 1)] }],
  ])('stale: %s', (_what, plan) => {
    given(...SHOP, claimed('r2'))
      .when(admit('r2', plan))
      .thenRefuses('plan-stale');
  });

  test('holds while what was read stands, users too', () => {
    const reads = [{ key: 'database/pg', generation: 1, users: ['instance/shop'] }];
    given(...SHOP, claimed('r2'))
      .when(admit('r2', { reads }))
      .then([admitted('r2', reads)]);
  });

  test('stale when what was read was updated meanwhile, though its generation is the same; planned on that it is admitted', () => {
    const updated = [
      claimed('r3'),
      admitted('r3', [], [{ key: 'database/pg', generation: 1 }]),
      settled('r3', { installed: [installed('database/pg', { instanceId: undefined })] }),
    ];
    const reads = (updates?: number) => [{ key: 'database/pg', generation: 1, ...(updates && { updates }) }];
    const plan = (updates?: number) => admit('r2', { name: 'blog', reads: reads(updates) });
    const told = (updates?: number) => [claimed('r2', 'blog'), admitted('r2', reads(updates))];
    given(...SHOP)
      .when(plan())
      .then(told());
    given(...SHOP, ...updated)
      .when(plan())
      .thenRefuses('plan-stale');
    given(...SHOP, ...updated)
      .when(plan(1))
      .then(told(1));
    given(...SHOP, ...updated, ...updated)
      .when(plan(1))
      .thenRefuses('plan-stale');
  });

  test('stale when an update of what was read was given up half done; told once, however many wires are told with it', () => {
    const wires = Array.from({ length: 300 }, (_, n) => ({ from: 'instance/shop', requirement: `r${n}`, to: 'database/pg' }));
    const uncertain = ['database/pg', 'storage/unknown'];
    const before = [...SHOP, claimed('r3'), admitted('r3', [], [{ key: 'database/pg', generation: 1 }])];
    const first = settled('r3', { outcome: 'abandoned', wires: wires.slice(0, 250), uncertain });
    const second = settled('r3', { outcome: 'abandoned', wires: wires.slice(250) });
    given(...before)
      .when(settle('r3', { outcome: 'abandoned', wires, uncertain }))
      .then([first, second]);
    const plan = (updates?: number) => {
      const reads = [{ key: 'database/pg', generation: 1, ...(updates && { updates }) }];
      return { told: [claimed('r2', 'blog'), admitted('r2', reads)], command: admit('r2', { name: 'blog', reads }) };
    };
    given(...before, first, second)
      .when(plan().command)
      .thenRefuses('plan-stale');
    given(...before, first, second)
      .when(plan(1).command)
      .then(plan(1).told);
  });

  test('of what was made anew, nothing was updated', () => {
    const anew = settled('r3', { installed: [installed('database/pg', { instanceId: undefined, generation: 2 })] });
    const reads = [{ key: 'database/pg', generation: 2 }];
    given(...SHOP, claimed('r3'), anew)
      .when(admit('r2', { name: 'blog', reads }))
      .then([claimed('r2', 'blog'), admitted('r2', reads)]);
  });

  describe('that leave something shared to others', () => {
    const blog = { instanceId: 'blog' };
    const BLOG = [
      claimed('r2', 'blog'),
      admitted('r2', [], [{ key: 'instance/blog', generation: 1 }]),
      settled('r2', { name: 'blog', installed: [installed('instance/blog', blog)], wires: [{ ...wire, from: 'instance/blog' }] }),
    ];
    const leaves = (user: string) => [
      { key: user, generation: 1, users: [] },
      { key: 'database/pg', generation: 1, leaving: [user] },
    ];
    const goes = (user: string) => [{ key: user, generation: 1, make: false }];
    const shopGoes = admitted('r3', leaves('instance/shop'), [{ key: 'instance/shop', generation: 1 }]);
    const blogGoes = admit('r4', { name: 'blog', reads: leaves('instance/blog'), writes: goes('instance/blog') });

    test('are admitted while somebody stays', () => {
      given(...SHOP, ...BLOG, claimed('r3'))
        .when(admit('r3', { reads: leaves('instance/shop'), writes: goes('instance/shop') }))
        .then([shopGoes]);
    });

    test('wait for the other one that may be leaving as well, whatever becomes of it', () => {
      const both = [...SHOP, ...BLOG, claimed('r3'), claimed('r4', 'blog'), shopGoes];
      const state = both.reduce(environment.evolve, environment.initialState());
      const inTheWay = { code: 'plan-stale', details: expect.objectContaining({ key: 'database/pg', holder: 'r3' }) };
      expect(() => environment.decide(state, blogGoes)).toThrow(expect.objectContaining(inTheWay));
      given(...both, settled('r3', { outcome: 'undone' }))
        .when(blogGoes)
        .then([admitted('r4', leaves('instance/blog'), [{ key: 'instance/blog', generation: 1 }])]);
    });

    test('are stale when nobody else is left', () => {
      given(...SHOP, ...BLOG, shopGoes, settled('r3', { removed: ['instance/shop'] }), claimed('r4', 'blog'))
        .when(blogGoes)
        .thenRefuses('plan-stale');
    });
  });

  test('generations only grow, after removal too', () => {
    const gone = [claimed('r2'), settled('r2', { removed: ['instance/shop', 'database/pg'] }), released('r2')];
    given(...SHOP, ...gone, claimed('r3'))
      .when(admit('r3', { writes: [make('instance/shop', 1)] }))
      .thenRefuses('plan-stale');
    given(...SHOP, ...gone, claimed('r3'))
      .when(admit('r3', { writes: [make('instance/shop', 2)] }))
      .then([admitted('r3', [], [{ key: 'instance/shop', generation: 2 }])]);
  });

  test('a name that was lost is claimed again with the admission, or the plan is refused', () => {
    given()
      .when(admit('r1'))
      .then([claimed('r1'), admitted('r1')]);
    given(claimed('r2', 'shop', BOB))
      .when(admit('r1'))
      .thenRefuses('name-taken');
  });

  test('a big one is told in several events of one append', () => {
    const writes = Array.from({ length: 600 }, (_, n) => make(`storage/s${n}`));
    const state = environment.evolve(environment.initialState(), claimed('r1'));
    const events = environment.decide(state, admit('r1', { writes }));
    expect(events.map(({ type }) => type)).toEqual(['PlanAdmitted', 'PlanAdmitted', 'PlanAdmitted']);
    const after = events.reduce(environment.evolve, state);
    expect(after.admitted.get('r1')!.writes).toHaveLength(600);
    expect([after.admitted.size, after.perOwner.get('user/ada')]).toEqual([1, 1]);
  });
});

describe('N4: limits', () => {
  const limits = { concurrent: 2, perOwner: 1 };
  test.each([
    ['of one owner', [claimed('r1', 'a'), admitted('r1')], ADA, 'per-owner'],
    [
      'of all',
      [claimed('r1', 'a'), admitted('r1'), claimed('r2', 'b', BOB), admitted('r2', [], [], BOB)],
      { ...ADA, id: 'cy' },
      'concurrent',
    ],
    ['paused', [{ type: 'DispatchPaused', data: { actor: ADA } } as EnvironmentEvent], ADA, 'paused'],
  ])('%s', (_what, before, owner, why) => {
    const state = before.reduce(environment.evolve, environment.initialState());
    expect(() => environment.decide(state, admit('r9', { name: 'z', owner, limits }))).toThrow(
      expect.objectContaining({ code: 'limit-reached', details: { why } }),
    );
  });

  test('what has ended makes room', () => {
    given(
      claimed('r1', 'a'),
      admitted('r1'),
      settled('r1', { name: 'a', outcome: 'undone' }),
      released('r1', 'a'),
      claimed('r2', 'b'),
    )
      .when(admit('r2', { name: 'b', limits }))
      .then([admitted('r2')]);
  });

  test('paused and resumed, each recorded once', () => {
    const paused: EnvironmentEvent = { type: 'DispatchPaused', data: { actor: ADA, reason: 'maintenance' } };
    given().when({ type: 'PauseDispatch', actor: ADA, reason: 'maintenance' }).then([paused]);
    given(paused).when({ type: 'PauseDispatch', actor: BOB }).then([]);
    given(paused)
      .when({ type: 'ResumeDispatch', actor: BOB })
      .then([{ type: 'DispatchResumed', data: { actor: BOB } }]);
    given().when({ type: 'ResumeDispatch', actor: BOB }).then([]);
  });
});

describe('N5: the end', () => {
  const running = [claimed('r1'), admitted('r1', [], [{ key: 'instance/shop', generation: 1 }])];

  test("something stands under the name: it stays its owner's", () => {
    const done = { installed: [installed('instance/shop')] };
    given(...running)
      .when(settle('r1', done))
      .then([settled('r1', done)]);
  });

  test('nothing is left: the name is free', () => {
    given(...running)
      .when(settle('r1', { outcome: 'undone' }))
      .then([settled('r1', { outcome: 'undone' }), released('r1')]);
    given(claimed('r1'))
      .when(settle('r1', { outcome: 'undone' }))
      .then([released('r1')]);
    const removed = { removed: ['instance/shop', 'database/pg'] };
    given(...SHOP, claimed('r2', 'shop', ADA, 'deprovision'))
      .when(settle('r2', removed))
      .then([settled('r2', removed), released('r2')]);
  });

  test('what was there before stays when a request for it comes to nothing', () => {
    given(...SHOP, claimed('r2'))
      .when(settle('r2', { outcome: 'undone' }))
      .then([settled('r2', { outcome: 'undone' })]);
  });

  test('told again it records nothing', () => {
    given(...SHOP)
      .when(settle('r1'))
      .then([]);
    given(claimed('r1'), released('r1'))
      .when(settle('r1', { outcome: 'undone' }))
      .then([]);
  });

  test('nothing of it is kept: name, plan, limits, who reads and writes', () => {
    const state = [...running, settled('r1', { outcome: 'undone' }), released('r1')].reduce(
      environment.evolve,
      environment.initialState(),
    );
    for (const map of [state.names, state.held, state.admitted, state.perOwner, state.writers, state.readers])
      expect(map.size).toBe(0);
  });

  test('wires and users follow what is installed and removed', () => {
    const state = SHOP.reduce(environment.evolve, environment.initialState());
    expect(state.users.get('database/pg')).toEqual(['instance/shop']);
    const after = environment.evolve(state, settled('r2', { removed: ['instance/shop'] }));
    expect([after.users.size, after.standing.size, after.installed.has('database/pg')]).toEqual([0, 0, true]);
  });
});

describe('instances that a deprovision takes along', () => {
  const own: EnvironmentEvent = {
    type: 'NameClaimed',
    data: { kind: 'instance', name: 'blog', requestId: 'r3', owner: BOB, job: 'deprovision', along: true },
  };
  const standing = [
    ...SHOP,
    claimed('r2', 'blog', BOB),
    admitted('r2', [], [{ key: 'instance/blog', generation: 1 }], BOB),
    settled('r2', { name: 'blog', installed: [installed('instance/blog', { instanceId: 'blog', owner: BOB })] }),
  ];
  const going = [...standing, claimed('r3', 'shop', ADA, 'deprovision')];
  const gone = ['instance/shop', 'instance/blog'];
  const take = (): EnvironmentCommand => ({
    ...(admit('r3', { along: ['blog'], writes: gone.map((key) => ({ key, generation: 1, make: false })) }) as Admit),
    claim: { requestId: 'r3', name: 'shop', owner: ADA, job: 'deprovision' },
  });
  const taken = [
    own,
    admitted(
      'r3',
      [],
      gone.map((key) => ({ key, generation: 1 })),
    ),
  ];

  test('are claimed with the plan, for the owner that they have, and nobody works on them meanwhile', () => {
    given(...going)
      .when(take())
      .then(taken);
    given(...going, ...taken)
      .when(take())
      .then([]);
    for (const job of ['deprovision', 'export', 'update', 'provision'] as const)
      given(...going, ...taken)
        .when(claim('r4', 'blog', { owner: BOB, job }))
        .thenRefuses('name-taken');
  });

  test('of which another request works on one are left alone: the plan is refused with its name', () => {
    const busy = [...going, claimed('r4', 'blog', BOB, 'export')].reduce(environment.evolve, environment.initialState());
    const details = { name: 'blog', holder: 'r4' };
    expect(() => environment.decide(busy, take())).toThrow(expect.objectContaining({ code: 'name-taken', details }));
    given(...going, settled('r5', { name: 'blog', removed: ['instance/blog'] }), released('r5', 'blog'))
      .when(take())
      .thenRefuses('plan-stale');
  });

  test('are free when they are gone, and otherwise left to their owners', () => {
    const removed = { removed: gone };
    const told = { ...settlement('r3', removed), along: ['blog'] };
    given(...going, ...taken)
      .when(settle('r3', removed))
      .then([{ type: 'PlanSettled', data: told }, released('r3', 'blog'), released('r3')]);
    const givenUp = { ...settlement('r3', { outcome: 'abandoned' }), along: ['blog'] };
    given(...going, ...taken)
      .when(settle('r3', { outcome: 'abandoned' }))
      .then([{ type: 'PlanSettled', data: givenUp }]);
    given(...going, ...taken, { type: 'PlanSettled', data: givenUp })
      .when(claim('r4', 'blog', { owner: BOB }))
      .then([claimed('r4', 'blog', BOB)]);
    const state = [
      ...going,
      ...taken,
      { type: 'PlanSettled', data: told } as const,
      released('r3', 'blog'),
      released('r3'),
    ].reduce(environment.evolve, environment.initialState());
    for (const map of [state.names, state.held, state.along, state.admitted, state.writers]) expect(map.size).toBe(0);
  });
});

test('a kept state is the state', () => {
  const state = [...SHOP, claimed('r2', 'blog', BOB), admitted('r2', [{ key: 'database/pg', generation: 1 }], [], BOB)].reduce(
    environment.evolve,
    environment.initialState(),
  );
  const back = fromJson(JSON.parse(JSON.stringify(toJson(state))));
  expect(toJson(back)).toEqual(toJson(state));
  const command = admit('r3', { name: 'other', writes: [make('database/pg', 2)] });
  expect(() => environment.decide(back, command)).toThrow(expect.objectContaining({ code: 'plan-stale' }));
});
