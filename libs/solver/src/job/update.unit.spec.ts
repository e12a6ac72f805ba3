import { describe, expect, test } from '@jest/globals';
import type { AnnouncedDriver, ResolveQuery, ResourceKind } from '@slipway/contracts';
import { World, abstract, database, instance, keys, storage, wires } from '../testing.js';

const offering = (name: string, byDefault: string) => ({ name, title: name, schema: {}, default: byDefault });
const guestbook = (version: string, more: object = {}) =>
  instance(`guestbook@${version}`, ['db'], {
    requirements: [{ namespace: 'files', name: 'data', spec: { sizeLimit: '${offering.size}' } }],
    offerings: [offering('size', '64MiB'), offering('greeting', 'Hello')],
    spec: { command: ['node'], environment: { GREETING: '${offering.greeting}' } },
    ...more,
  });
const files = (version = '1.0.0', more: object = {}) =>
  storage(`volume@${version}`, [], { capabilities: [{ namespace: 'files' }], spec: { mode: '0750' }, ...more });

const can = (name: string, inPlace: string[], replaces: string[] = []): AnnouncedDriver => ({
  name,
  verbs: ['provision', 'updatable'],
  changes: { inPlace, replaces },
});
const ANNOUNCED: Partial<Record<ResourceKind, AnnouncedDriver[]>> = {
  storage: [can('directory', ['sizeLimit', 'mode'])],
  database: [{ name: 'sqlite', verbs: ['provision'] }],
  instance: [can('process', ['environment', 'command'], ['artefact'])],
};

/** A world with a guestbook in it. */
const there = (query: Partial<ResolveQuery> = {}) => {
  const world = new World(guestbook('1.0.0'), files(), database('db', [], { spec: { schema: 'one' } }));
  world.carryOut(world.plan('guestbook', 'shop', query), 'shop');
  return world;
};
const update = (world: World, query: Partial<ResolveQuery> = {}) => world.planUpdate({ announced: ANNOUNCED, ...query });
/** Steps in short, with why. */
const what = (plan: ReturnType<typeof update>) =>
  Object.fromEntries(
    plan.steps.map(({ id, action, generation, changes = [] }) => [
      `${action} ${id}:${generation}`,
      changes.map(({ field, from, to, how }) => `${field}: ${from} → ${to} ${how}`),
    ]),
  );
const reasons = (plan: ReturnType<typeof update>) => plan.unsatisfied.map(({ reason, message }) => `${reason}: ${message}`);

describe('a plan to update', () => {
  test('does nothing where all is as it is to be', () => {
    const world = there();
    const plan = update(world);
    expect([plan.outcome, plan.steps, plan.writes]).toEqual(['satisfied', [], []]);
    expect(keys(plan)).toEqual(['database/shop-db', 'instance/shop', 'storage/shop-data']);
    expect(plan.hash).toBe(update(world, { offerings: { size: '64MiB' } }).hash);
  });

  test('changes what differs under its own generation, says why and how, and pins what it was', () => {
    const world = there();
    const plan = update(world, { offerings: { size: '1GiB' } });
    expect(plan.outcome).toBe('update');
    expect(what(plan)).toEqual({
      'update storage/shop-data:1': ['spec.sizeLimit: 64MiB → 1GiB in-place'],
      'update instance/shop:1': ['offering.size: 64MiB → 1GiB in-place'],
    });
    expect(plan.steps.map(({ id, after, inverse }) => [id, after, inverse])).toEqual([
      ['storage/shop-data', [], 'update'],
      ['instance/shop', ['storage/shop-data'], 'update'],
    ]);
    expect(plan.steps[0]).toMatchObject({
      spec: { mode: '0750', sizeLimit: '1GiB' },
      before: { definition: { name: 'volume', version: '1.0.0' }, spec: { mode: '0750', sizeLimit: '64MiB' }, wires: [] },
    });
    expect(wires({ wires: plan.steps[1]!.before!.wires })).toEqual([
      'instance/shop -data-> storage/shop-data',
      'instance/shop -db-> database/shop-db',
    ]);
    expect(keys(plan)).toEqual(['database/shop-db']);
    expect(plan.writes).toEqual(['instance/shop', 'storage/shop-data']);
    expect(plan.reads.map(({ key, generation }) => [key, generation])).toEqual([
      ['database/shop-db', 1],
      ['instance/shop', 1],
      ['storage/shop-data', 1],
    ]);
  });

  test('always changes what an update has left uncertain, back to what it is asked for, though nothing of it is to be another', () => {
    const world = there();
    world.doubt('instance/shop');
    const plan = update(world);
    expect([plan.outcome, what(plan)]).toEqual([
      'update',
      { 'update instance/shop:1': ['state: uncertain → as asked for in-place'] },
    ]);
    expect(plan.steps[0]!.spec).toEqual(plan.steps[0]!.before!.spec);
    expect(plan.reads.find(({ key }) => key === 'instance/shop')).toMatchObject({ generation: 1, updates: 1 });
    expect(what(update(world, { offerings: { greeting: 'Welcome' } }))).toEqual({
      'update instance/shop:1': [
        'spec.environment.GREETING: Hello → Welcome in-place',
        'offering.greeting: Hello → Welcome in-place',
        'state: uncertain → as asked for in-place',
      ],
    });
    world.carryOut(plan, 'shop');
    expect(update(world).outcome).toBe('satisfied');
  });

  test('keeps what was chosen before, where it is offered still; what is chosen now counts more', () => {
    const world = there({ offerings: { size: '256MiB', greeting: 'Welcome' } });
    expect(what(update(world, { offerings: { greeting: 'Hi' } }))).toEqual({
      'update instance/shop:1': ['spec.environment.GREETING: Welcome → Hi in-place', 'offering.greeting: Welcome → Hi in-place'],
    });
    world.definitions.push(guestbook('1.1.0', { offerings: [offering('size', '1GiB')], spec: { command: ['node'] } }));
    const plan = update(world, { definition: 'guestbook' });
    expect(plan.steps.find(({ id }) => id === 'instance/shop')!.offerings).toEqual({ size: '256MiB' });
  });

  test('of what was chosen and is not offered with that value any more is refused: it is chosen anew', () => {
    const sized = (version: string, values: string[]) =>
      instance(`app@${version}`, [], {
        offerings: [{ ...offering('size', values[0]!), schema: { enum: values } }],
        spec: { environment: { SIZE: '${offering.size}' } },
      });
    const world = new World(sized('1.0.0', ['S', 'L']), sized('2.0.0', ['S', 'XL']));
    world.check = (offered, chosen) =>
      Object.entries(chosen).flatMap(([name, value]) => {
        const { enum: values } = offered.find((one) => one.name === name)!.schema as { enum: unknown[] };
        return values.includes(value) ? [] : [{ field: `offerings.${name}`, reason: `must be one of ${values.join(', ')}` }];
      });
    world.carryOut(world.plan('app@1.0.0', 'shop', { offerings: { size: 'L' } }), 'shop');
    const reason = 'must be one of S, XL; what was chosen before is not offered any more: choose anew';
    for (const definition of ['app', 'app@2.0.0'])
      expect(() => update(world, { definition })).toThrow(
        expect.objectContaining({ code: 'bad-input', details: { fields: [{ field: 'offerings.size', reason }] } }),
      );
    expect(what(update(world, { definition: 'app', offerings: { size: 'XL' } }))).toMatchObject({
      'update instance/shop:1': expect.arrayContaining(['offering.size: L → XL in-place']),
    });
  });

  test('upgrades what is named to the newest that is asked for, and nothing that it need not', () => {
    const world = there();
    world.definitions.push(
      guestbook('1.1.0', { spec: { command: ['node', 'new'] } }),
      files('2.0.0', { spec: { mode: '0700' } }),
    );
    expect(update(world).outcome).toBe('satisfied');
    const plan = update(world, { definition: 'guestbook@^1.0.0' });
    expect(what(plan)).toEqual({
      'update instance/shop:1': [
        'definition: guestbook@1.0.0 → guestbook@1.1.0 in-place',
        'spec.command: ["node"] → ["node","new"] in-place',
        'spec.environment.GREETING: Hello → undefined in-place',
      ],
    });
  });

  test('says what is replaced', () => {
    const world = there();
    world.definitions.push(
      guestbook('1.1.0', { spec: { command: ['node'], environment: { GREETING: '${offering.greeting}' }, artefact: 'new' } }),
    );
    expect(what(update(world, { definition: 'guestbook' }))).toMatchObject({
      'update instance/shop:1': expect.arrayContaining(['spec.artefact: undefined → new replaced']),
    });
  });

  test('says it of what lies in a field too, where that is changed in another way than the rest of it', () => {
    const world = there();
    const announced = { ...ANNOUNCED, instance: [can('process', ['limits'], ['limits.openFiles'])] };
    const limited = (version: string, limits: object) => guestbook(version, { spec: { ...guestbook('1.0.0').spec, limits } });
    world.definitions.push(limited('1.1.0', { openFiles: 64, memory: '1GiB' }));
    const first = update(world, { definition: 'guestbook', announced });
    expect(what(first)).toEqual({
      'update instance/shop:1': [
        'definition: guestbook@1.0.0 → guestbook@1.1.0 in-place',
        'spec.limits.memory: undefined → 1GiB in-place',
        'spec.limits.openFiles: undefined → 64 replaced',
      ],
    });
    world.carryOut(first, 'shop');
    world.definitions.push(limited('1.2.0', { openFiles: 64, memory: '2GiB' }));
    expect(what(update(world, { definition: 'guestbook', announced }))).toEqual({
      'update instance/shop:1': [
        'definition: guestbook@1.1.0 → guestbook@1.2.0 in-place',
        'spec.limits.memory: 1GiB → 2GiB in-place',
      ],
    });
  });

  test('makes what is new first, and takes away what is not needed any more and holds no data when all else is done', () => {
    const world = new World(
      instance('app', ['helper']),
      instance('helper', []),
      instance('app@2.0.0', ['cache']),
      storage('cache'),
    );
    world.carryOut(world.plan('app@1.0.0'), 'shop');
    for (const announced of [{}, { instance: [{ ...can('process', []), verbs: ['provision', 'updatable', 'portable'] }] }])
      expect(reasons(update(world, { definition: 'app', announced } as Partial<ResolveQuery>))).toEqual([
        expect.stringMatching(/^not-updatable: app does not need instance\/shop-helper any more.*may hold data.*Export it/),
      ]);
    const plan = update(world, { definition: 'app' });
    expect(plan.steps.map(({ id, action, after, inverse }) => [id, action, after, inverse])).toEqual([
      ['storage/shop-cache', 'ensure', [], 'destroy'],
      ['instance/shop', 'update', ['storage/shop-cache'], 'update'],
      ['instance/shop-helper', 'destroy', ['instance/shop', 'storage/shop-cache'], 'forward'],
    ]);
    expect(plan.reads.find(({ key }) => key === 'instance/shop-helper')).toMatchObject({ users: ['instance/shop'] });
    world.carryOut(plan, 'shop');
    expect(world.madeFor('shop').map(({ name, generation }) => [name, generation])).toEqual([
      ['shop', 1],
      ['shop-cache', 1],
    ]);
    expect(wires({ wires: world.allWires })).toEqual(['instance/shop -cache-> storage/shop-cache']);
    expect(update(world).outcome).toBe('satisfied');
  });

  test('keeps what was needed beside the definition', () => {
    const world = new World(
      guestbook('1.0.0'),
      files(),
      database('db'),
      storage('cache', [], { capabilities: [{ namespace: 'cache' }] }),
    );
    world.carryOut(world.plan('guestbook', 'shop', { requirements: [{ namespace: 'cache' }] }), 'shop');
    expect(update(world).outcome).toBe('satisfied');
    const plan = update(world, { offerings: { size: '1GiB' } });
    expect(plan.outcome).toBe('update');
    world.carryOut(plan, 'shop');
    expect(wires({ wires: world.allWires })).toContain('instance/shop -cache-> storage/shop-cache');
  });

  describe('with what was needed beside the definition', () => {
    const more = { capabilities: [{ namespace: 'cache' }] };
    const app = (version: string, names: string[] = []) =>
      instance(`app@${version}`, [], {
        requirements: names.map((name) => ({ namespace: 'files', name })),
        spec: { environment: { VERSION: version } },
      });
    const beside = (requirement: object, cache: object = {}) => {
      const world = new World(app('1.0.0', ['data']), files(), storage('cache', [], { ...more, ...cache }));
      const requirements = [{ namespace: 'cache', ...requirement }];
      for (const name of ['shop', 'blog']) world.carryOut(world.plan('app', name, { requirements }), name);
      return world;
    };
    const uses = (world: World) => wires({ wires: [...world.wiresFrom('instance/shop')] });

    test('knows it by what was recorded, when the definition of before is gone from the repository', () => {
      const world = beside({});
      expect(world.get('instance/shop')?.requirements).toEqual([{ namespace: 'cache', name: 'cache' }]);
      const before = uses(world);
      world.definitions = [app('2.0.0', ['data']), ...world.definitions.slice(1)];
      const plan = update(world, { definition: 'app' });
      expect(plan.steps.map(({ id, action }) => `${action} ${id}`)).toEqual(['update instance/shop']);
      world.carryOut(plan, 'shop');
      expect(uses(world)).toEqual(before);
      expect(world.get('instance/shop')?.requirements).toHaveLength(1);
    });

    test('keeps it where others share it', () => {
      const world = beside({}, { shared: true });
      world.definitions = [app('2.0.0', ['data']), ...world.definitions.slice(1)];
      const plan = update(world, { definition: 'app' });
      expect(plan.reads.some(({ leaving }) => leaving)).toBe(false);
      world.carryOut(plan, 'shop');
      expect(uses(world)).toContain('instance/shop -cache-> storage/cache');
    });

    test('is not misled by its name', () => {
      const world = beside({ name: 'data-2' });
      expect(update(world).outcome).toBe('satisfied');
      world.definitions.push(app('2.0.0', ['data']));
      const plan = update(world, { definition: 'app' });
      expect(plan.outcome).toBe('update');
      world.carryOut(plan, 'shop');
      expect(uses(world)).toContain('instance/shop -data-2-> storage/shop-data-2');
    });

    test('leaves to the definition the names that it has itself', () => {
      const world = new World(instance('app', ['cache']), storage('cache', [], more));
      world.carryOut(world.plan('app', 'shop', { requirements: [{ namespace: 'cache' }] }), 'shop');
      expect(uses(world)).toEqual(['instance/shop -cache-> storage/shop-cache', 'instance/shop -cache-2-> storage/shop-cache-2']);
      expect(world.get('instance/shop')?.requirements).toEqual([{ namespace: 'cache', name: 'cache-2' }]);
      expect(update(world).outcome).toBe('satisfied');
    });

    test('is refused where the definition comes to need something of that name itself, as a provision is', () => {
      const world = beside({ name: 'extra' });
      world.definitions.push(app('2.0.0', ['data', 'extra']));
      const refused = (field: string) =>
        expect.objectContaining({
          code: 'bad-input',
          details: { fields: [{ field, reason: expect.stringContaining('"extra"') }] },
        });
      expect(() => update(world, { definition: 'app' })).toThrow(refused('definition'));
      const requirements = [{ namespace: 'cache', name: 'extra' }];
      expect(() => world.plan('app', 'other', { requirements })).toThrow(refused('requirements.0.name'));
    });
  });

  test('never takes away what holds data, nor what would be left to nobody', () => {
    const world = new World(
      instance('app', ['db', 'pool']),
      database('db'),
      database('pool', [], { shared: true }),
      instance('app@2.0.0'),
    );
    world.carryOut(world.plan('app@1.0.0'), 'shop');
    const plan = update(world, { definition: 'app' });
    expect([plan.outcome, plan.steps]).toEqual(['unsatisfied', []]);
    expect(reasons(plan)).toEqual([
      expect.stringMatching(/^not-updatable: app does not need database\/shop-db any more.*Export it/),
      expect.stringMatching(/^not-updatable: app does not need database\/pool any more/),
    ]);
  });

  test('of which something cannot be changed is refused, by the field, with what can be and the way out', () => {
    const world = there();
    world.definitions.push(database('db@2.0.0', [], { spec: { schema: 'two' } }));
    world.definitions.push(guestbook('1.1.0', { dependencies: ['db@^2.0.0'], limits: {} }));
    expect(reasons(update(world, { definition: 'guestbook' }))).toEqual([
      expect.stringMatching(
        /^not-updatable: The database driver sqlite cannot change definition and spec.schema .*cannot change anything.*provision it anew/,
      ),
    ]);
    world.definitions.push(guestbook('1.2.0', { spec: { command: ['node'], limits: { openFiles: 7 } } }));
    expect(reasons(update(world, { definition: 'guestbook@1.2.0' }))).toEqual([
      expect.stringMatching(
        /cannot change spec.limits.openFiles of what is there; it can change environment, command and artefact\. Export/,
      ),
    ]);
  });

  test('is made where nothing was heard of the drivers: who cannot says so itself', () => {
    const world = there();
    world.definitions.push(guestbook('1.2.0', { spec: { limits: { openFiles: 7 } } }));
    expect(update(world, { definition: 'guestbook', announced: {} }).outcome).toBe('update');
  });

  test('stays with the driver that made it, unless its definition names another one', () => {
    const world = there();
    const place = { guestLocation: 'local', location: 'here', provisioner: 'slipway' };
    const drivers = { storage: ['s3', 'directory'], database: ['sqlite'], instance: ['process'] };
    const plan = update(world, { place: { ...place, drivers }, offerings: { size: '1GiB' } });
    expect(plan.steps.map(({ driver }) => driver)).toEqual(['directory', 'process']);
    world.definitions = [...world.definitions.filter(({ name }) => name !== 'volume'), files('2.0.0', { driver: 's3' })];
    expect(reasons(update(world, { place: { ...place, drivers } }))).toEqual([
      expect.stringContaining('storage/shop-data was made by the driver directory, and is to be made by s3 now'),
    ]);
  });

  test('knows what is there by its role, whatever it is called', () => {
    const world = there();
    const taken = new World(...world.definitions);
    taken.carryOut(taken.plan('volume', 'shop-data'), 'shop-data');
    taken.carryOut(taken.plan('guestbook', 'shop'), 'shop');
    taken.carryOut(taken.planRemoval('shop-data'), 'shop-data');
    const plan = update(taken, { offerings: { size: '1GiB' } });
    expect(plan.steps.map(({ id }) => id)).toEqual([expect.stringMatching(/^storage\/shop-data-[0-9a-f]{8}$/), 'instance/shop']);
    expect(plan.steps[1]!.after).toEqual([plan.steps[0]!.id]);
  });

  test('of what is not there, or came of an abstract definition, is refused', () => {
    expect(reasons(update(new World(guestbook('1.0.0'))))).toEqual(['not-updatable: Nothing stands under the name shop.']);
    const world = new World(abstract('stack', ['volume']), files());
    world.carryOut(world.plan('stack'), 'shop');
    expect(reasons(update(world))).toEqual([expect.stringContaining('it came of an abstract definition')]);
  });

  test('to another kind of thing, or to what only brings things together, is refused', () => {
    const world = there();
    world.definitions.push(storage('box'), abstract('stack', ['guestbook']));
    for (const [definition, kind] of Object.entries({ box: 'of the kind storage', stack: 'abstract' })) {
      const plan = update(world, { definition });
      expect([plan.outcome, plan.steps]).toEqual(['unsatisfied', []]);
      expect(reasons(plan)).toEqual([
        expect.stringContaining(`not-updatable: instance/shop cannot become ${definition}, which is ${kind}. Export it`),
      ]);
    }
  });

  test('of a definition that the repository has lost says so', () => {
    const world = there();
    world.definitions = [files(), database('db')];
    expect(update(world).unsatisfied).toMatchObject([{ reason: 'no-definition' }]);
  });

  test('takes again what satisfied a need that names only a namespace, though another comes first by now, and gives no reason', () => {
    const world = there();
    const before = storage('z-volume', [], { capabilities: [{ namespace: 'files' }], spec: { mode: '0750' } });
    world.definitions = world.definitions.map((one) => (one.name === 'volume' ? before : one));
    world.deprovision();
    world.carryOut(world.plan('guestbook', 'shop'), 'shop');
    world.definitions.push(files());
    const plan = update(world, { offerings: { size: '1GiB' } });
    const step = plan.steps.find(({ kind }) => kind === 'storage')!;
    expect([step.action, step.definition.name, step.because]).toEqual(['update', 'z-volume', undefined]);
    expect(world.plan('guestbook', 'other').steps.find(({ kind }) => kind === 'storage')!.because).toBe(
      'first by its name; z-volume@1.0.0 would do too',
    );
  });

  test('says of what is shared and left to others which users go', () => {
    const app = (version: string, needs: string[]) => instance(`app@${version}`, needs);
    const world = new World(app('1.0.0', ['pg']), database('pg', [], { shared: true }));
    for (const name of ['shop', 'blog']) world.carryOut(world.plan('app', name), name);
    world.definitions.push(app('2.0.0', []));
    const plan = update(world, { definition: 'app@2.0.0' });
    expect(plan.reads).toContainEqual({ key: 'database/pg', generation: 1, leaving: ['instance/shop'] });
    world.deprovision('blog');
    expect(reasons(update(world, { definition: 'app@2.0.0' }))).toEqual([expect.stringContaining('database/pg')]);
  });

  describe('of what others use', () => {
    /** `pg`, made by itself and shared, and `shop` that uses it. */
    const used = (need: string, pg: Parameters<typeof database>[2] = {}) => {
      const world = new World(database('pg@1.0.0', [], { shared: true, ...pg }), instance('app', [need]));
      for (const name of ['pg', 'shop']) world.carryOut(world.plan(name === 'pg' ? 'pg' : 'app', name), name);
      world.definitions.push(
        database('pg@1.1.0', [], { shared: true, capabilities: [{ namespace: 'sql' }] }),
        database('pg@2.0.0', [], { shared: true }),
      );
      return world;
    };
    const upgrade = (world: World, definition: string) => world.planUpdate({ definition }, 'pg');

    test('is made where all of them can go on with it, and rests on nobody else having come to use it', () => {
      const plan = upgrade(used('pg@^1.0.0'), 'pg@^1.0.0');
      expect(plan.steps.map(({ id, definition }) => [id, definition.version])).toEqual([['database/pg', '1.1.0']]);
      expect(plan.reads).toEqual([{ key: 'database/pg', generation: 1, users: ['instance/shop'] }]);
    });

    test('says who is touched by it, and through what', () => {
      const world = used('pg@^1.0.0');
      world.definitions.push(instance('api', ['pg'], { shared: true }), instance('front', ['api']));
      for (const [definition, name] of [
        ['api', 'api'],
        ['front', 'web'],
      ] as const)
        world.carryOut(world.plan(definition, name), name);
      expect(upgrade(world, 'pg@1.1.0').affected).toEqual([
        { key: 'instance/api', through: ['database/pg'], why: 'it uses database/pg, which becomes pg@1.1.0' },
        { key: 'instance/shop', through: ['database/pg'], why: 'it uses database/pg, which becomes pg@1.1.0' },
        {
          key: 'instance/web',
          through: ['instance/api', 'database/pg'],
          why: 'it uses instance/api, and that in turn database/pg, which becomes pg@1.1.0',
        },
      ]);
      // What the plan changes itself is told by its steps.
      expect(update(there(), { offerings: { size: '1GiB' } })).not.toHaveProperty('affected');
    });

    test('is told by the plans that rest on it from then on', () => {
      const world = used('pg@^1.0.0');
      const read = (plan: ReturnType<typeof update>) => plan.reads.find(({ key }) => key === 'database/pg');
      const before = world.plan('app', 'blog');
      expect(read(before)).toEqual({ key: 'database/pg', generation: 1 });
      world.carryOut(upgrade(world, 'pg@^1.0.0'), 'pg');
      expect(read(world.plan('app', 'blog'))).toEqual({ key: 'database/pg', generation: 1, updates: 1 });
      expect(read(upgrade(world, 'pg@1.0.0'))).toMatchObject({ updates: 1, users: ['instance/shop'] });
    });

    test('is refused where one of them cannot, with who and what it needs', () => {
      const plan = upgrade(used('pg@^1.0.0'), 'pg@2.0.0');
      expect([plan.outcome, plan.steps]).toEqual(['unsatisfied', []]);
      expect(plan.unsatisfied).toEqual([
        {
          chain: ['instance/shop'],
          requirement: 'pg@^1.0.0',
          reason: 'still-needed',
          message: expect.stringMatching(
            /^instance\/shop uses database\/pg and needs pg@\^1.0.0, which pg@2.0.0 does not satisfy\. Choose a version/,
          ),
        },
      ]);
    });

    test('is refused where a capability goes that one of them needs, through an abstract definition too', () => {
      const world = used('stack', { capabilities: [{ namespace: 'sql' }] });
      const plain = used('pg', { capabilities: [{ namespace: 'sql' }] });
      expect(upgrade(plain, 'pg@2.0.0').outcome).toBe('update');
      expect(world.madeFor('shop')).toEqual([]);
      world.definitions.push(abstract('stack', [], { requirements: [{ namespace: 'sql', name: 'data' }] }));
      world.carryOut(world.plan('app', 'shop'), 'shop');
      expect(wires({ wires: world.allWires })).toEqual(['instance/shop -stack-data-> database/pg']);
      expect(upgrade(world, 'pg@1.1.0').outcome).toBe('update');
      expect(upgrade(world, 'pg@2.0.0').unsatisfied).toMatchObject([
        { chain: ['instance/shop'], requirement: 'sql', reason: 'still-needed' },
      ]);
    });

    test('is refused where what one of them needs is not known any more', () => {
      const world = used('pg');
      world.definitions = world.definitions.filter(({ name }) => name !== 'app');
      // What was resolved is recorded with what is there; an earlier release recorded nothing.
      expect(upgrade(world, 'pg@1.1.0').outcome).toBe('update');
      expect(upgrade(world, 'pg@2.0.0').outcome).toBe('update');
      const { needs: _none, ...older } = world.get('instance/shop')!;
      const uses = world.wiresFrom('instance/shop');
      world.install(older);
      for (const wire of uses) world.connect(wire);
      expect(reasons(upgrade(world, 'pg@1.1.0'))).toEqual([
        expect.stringMatching(/^still-needed: .*the repository has not the definition app@1.0.0/),
      ]);
    });

    test('is refused where they were given secrets that it would not have any more', () => {
      const cache = (version: string, secrets: object) =>
        instance(`cache@${version}`, [], { shared: true, spec: { secrets: { ...secrets } } });
      const world = new World(cache('1.0.0', { token: {} }), instance('app', ['cache']));
      for (const name of ['cache', 'app']) world.carryOut(world.plan(name, name), name);
      world.definitions.push(cache('1.1.0', { token: {}, more: {} }), cache('1.2.0', { more: {} }));
      const announced = { instance: [can('process', ['secrets'])] };
      expect(world.planUpdate({ definition: 'cache@1.1.0', announced }, 'cache').outcome).toBe('update');
      expect(reasons(world.planUpdate({ definition: 'cache@1.2.0', announced }, 'cache'))).toEqual([
        expect.stringMatching(/^still-needed: instance\/app uses instance\/cache, and was given its secret token/),
      ]);
    });

    test('gives other secrets to its own users, which are changed as well', () => {
      const helper = (version: string, secrets: object) =>
        instance(`helper@${version}`, [], { spec: { secrets: { ...secrets } } });
      const world = new World(helper('1.0.0', { token: {} }), instance('app', ['helper']));
      world.carryOut(world.plan('app'), 'shop');
      world.definitions = [helper('1.0.0', { key: {} }), instance('app', ['helper'])];
      const plan = update(world, { announced: { instance: [can('process', ['secrets'])] } });
      expect(what(plan)).toMatchObject({
        'update instance/shop-helper:1': expect.arrayContaining(['spec.secrets.key: undefined → {} in-place']),
        'update instance/shop:1': ['requirements.helper.secrets: token → key in-place'],
      });
      expect(plan.steps.at(-1)).toMatchObject({ id: 'instance/shop', after: ['instance/shop-helper'] });
    });
  });
});
