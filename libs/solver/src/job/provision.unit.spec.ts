import { describe, expect, test } from '@jest/globals';
import { hashOf, type ResourceDefinition } from '@slipway/contracts';
import { PLACE, World, abstract, database, instance, keys, steps, storage, wires } from '../testing.js';

const volume = storage('volume', [], { capabilities: [{ namespace: 'storage' }], spec: { mode: '0750' } });
const sqlite = database('sqlite', [], { capabilities: [{ namespace: 'database', attributes: { engine: 'sqlite' } }] });
const guestbook = instance('guestbook', [], {
  requirements: [
    { namespace: 'storage', name: 'data', spec: { sizeLimit: '1GiB' } },
    { namespace: 'database', name: 'db', attributes: { engine: 'sqlite' } },
  ],
  spec: { command: ['node', 'server.mjs'] },
});

describe('a plan to provision', () => {
  test('orders storage and database side by side before the instance, wires by requirement, pins all', () => {
    const plan = new World(volume, sqlite, guestbook).plan('guestbook');
    expect(plan.outcome).toBe('install');
    expect(steps(plan)).toEqual({
      'database/shop-db:1': [],
      'storage/shop-data:1': [],
      'instance/shop:1': ['database/shop-db', 'storage/shop-data'],
    });
    expect(wires(plan)).toEqual(['instance/shop -data-> storage/shop-data', 'instance/shop -db-> database/shop-db']);
    expect(plan.steps.find((step) => step.id === 'storage/shop-data')).toEqual({
      id: 'storage/shop-data',
      action: 'ensure',
      kind: 'storage',
      name: 'shop-data',
      generation: 1,
      capabilities: [{ namespace: 'storage' }],
      definition: { name: 'volume', version: '1.0.0', hash: hashOf(volume) },
      location: 'here',
      driver: 'directory',
      spec: { mode: '0750', sizeLimit: '1GiB' },
      after: [],
      inverse: 'destroy',
    });
    expect(plan.writes).toEqual(['database/shop-db', 'instance/shop', 'storage/shop-data']);
    expect(plan.reads).toEqual(plan.writes.map((key) => ({ key, generation: null })));
    const { hash, ...rest } = plan;
    expect(hash).toBe(hashOf(rest));
    expect([plan.leases, plan.unsatisfied, plan.alreadySatisfied]).toEqual([[], [], []]);
  });

  test('is satisfied, with no step, when it is there; it reads what it rests on and writes nothing', () => {
    const world = new World(volume, sqlite, guestbook);
    world.provision('guestbook');
    for (const reference of ['guestbook', 'guestbook@^1.0.0']) {
      const plan = world.plan(reference);
      expect(plan).toMatchObject({ outcome: 'satisfied', steps: [], writes: [], unsatisfied: [] });
      expect(keys(plan)).toEqual(['database/shop-db', 'instance/shop', 'storage/shop-data']);
      expect(plan.reads.map(({ key, generation }) => `${key}:${generation}`)).toEqual([
        'database/shop-db:1',
        'instance/shop:1',
        'storage/shop-data:1',
      ]);
      expect(wires(plan)).toHaveLength(2);
    }
  });

  test('stays satisfied when the repository no longer has the definition, or a newer one', () => {
    const world = new World(volume, sqlite, guestbook);
    world.provision('guestbook');
    world.definitions = [];
    expect(world.plan('guestbook')).toMatchObject({ outcome: 'satisfied', steps: [] });
    world.definitions = [instance('guestbook@1.5.0')];
    expect(world.plan('guestbook')).toMatchObject({ outcome: 'satisfied', steps: [] });
  });

  test('what stands under the name is never changed into something else', () => {
    const world = new World(volume, sqlite, guestbook, instance('notes'));
    world.provision('guestbook');
    for (const reference of ['notes', 'guestbook@^2.0.0'])
      expect(world.plan(reference)).toMatchObject({
        outcome: 'unsatisfied',
        steps: [],
        unsatisfied: [
          {
            reason: 'name-in-use',
            message:
              'instance/shop is guestbook@1.0.0, and what is there is not changed. Deprovision it first, or choose another name.',
          },
        ],
      });
  });

  test('a name that something else has from another instance is refused', () => {
    const worker = instance('app', [], {
      requirements: [{ namespace: 'slipway.identity', attributes: { name: 'worker' }, name: 'w' }],
    });
    const world = new World(worker, instance('worker'));
    world.provision('app', 'shop');
    expect(world.plan('worker', 'shop-w').unsatisfied).toEqual([
      {
        chain: [],
        requirement: 'worker',
        reason: 'name-in-use',
        message: 'instance/shop-w is worker@1.0.0, made for shop. Choose another name.',
      },
    ]);
  });

  test('what is made anew gets the next generation, also when it was removed or only planned before', () => {
    const world = new World(volume, sqlite, guestbook);
    world.provision('guestbook');
    world.deprovision();
    world.reach('database/shop-db', 7);
    expect(steps(world.plan('guestbook'))).toEqual({
      'database/shop-db:8': [],
      'storage/shop-data:2': [],
      'instance/shop:2': ['database/shop-db', 'storage/shop-data'],
    });
  });

  test('the highest release in range is taken, a prerelease only where a range names it or nothing else is there', () => {
    const world = new World(instance('a@1.9.0'), instance('a@1.10.0'), instance('a@2.0.0'), instance('a@3.0.0-rc.1'));
    const version = (reference: string) => world.plan(reference).steps[0]?.definition.version;
    expect(version('a')).toBe('2.0.0');
    expect(version('a@^1.0.0')).toBe('1.10.0');
    expect(version('a@>=3.0.0-rc.0')).toBe('3.0.0-rc.1');
    world.definitions = [instance('a@3.0.0-rc.1')];
    expect(version('a')).toBe('3.0.0-rc.1');
  });

  test('where the highest version cannot have what it requires, the next one is taken', () => {
    const world = new World(instance('a@2.0.0', ['gone']), instance('a@1.0.0', ['b']), storage('b'));
    expect(world.plan('a').steps.map((step) => step.definition.version)).toEqual(['1.0.0', '1.0.0']);
  });

  test('a capability is found by equal attributes and by a range on its version', () => {
    const pg = (version: string, engine: string) =>
      database(`pg@${version}`, [], {
        capabilities: [{ namespace: 'database', attributes: { engine: 'postgres', version: engine } }],
      });
    const needs = (range: string, attributes = { engine: 'postgres' }) =>
      instance('a', [], { requirements: [{ namespace: 'database', name: 'db', range, attributes }] });
    const taken = (...definitions: ConstructorParameters<typeof World>) =>
      new World(...definitions).plan('a').steps.find((step) => step.kind === 'database')?.definition.version;
    expect(taken(pg('1.0.0', '16.0.0'), pg('2.0.0', '17.1.0'), needs('^16.0.0'))).toBe('1.0.0');
    expect(taken(pg('1.0.0', '16.0.0'), pg('2.0.0', '17.1.0'), needs('>=16.0.0'))).toBe('2.0.0');
    expect(taken(pg('1.0.0', '16.0.0'), sqlite, needs('^16.0.0', { engine: 'sqlite' }))).toBeUndefined();
  });

  test('inherited properties are no attributes', () => {
    const strange = JSON.parse('{"__proto__": "x", "toString": "x"}');
    const needs = instance('a', [], { requirements: [{ namespace: 'database', name: 'db', attributes: strange }] });
    expect(new World(needs, sqlite).plan('a').unsatisfied[0]).toMatchObject({ reason: 'no-capability' });
  });

  test('an abstract definition makes nothing itself; what it brings together is wired by both names', () => {
    const stack = abstract('stack', [], {
      requirements: [
        { namespace: 'storage', name: 'data' },
        { namespace: 'database', name: 'db' },
      ],
    });
    const app = instance('app', ['stack']);
    const plan = new World(volume, sqlite, stack, app).plan('app');
    expect(steps(plan)).toEqual({
      'database/shop-stack-db:1': [],
      'storage/shop-stack-data:1': [],
      'instance/shop:1': ['database/shop-stack-db', 'storage/shop-stack-data'],
    });
    expect(wires(plan)).toEqual([
      'instance/shop -stack-data-> storage/shop-stack-data',
      'instance/shop -stack-db-> database/shop-stack-db',
    ]);
    const alone = new World(volume, sqlite, stack);
    expect(steps(alone.provision('stack'))).toEqual({ 'database/shop-db:1': [], 'storage/shop-data:1': [] });
    expect(alone.plan('stack')).toMatchObject({ outcome: 'satisfied', steps: [] });
    expect(steps(alone.planRemoval('shop'))).toEqual({ 'database/shop-db:1': [], 'storage/shop-data:1': [] });
  });

  test('says of each part what it offers and needs, as it was resolved, under the names of its wires', () => {
    const stack = abstract('stack', [], {
      requirements: [
        { namespace: 'storage', name: 'data', spec: { sizeLimit: '1GiB' } },
        { namespace: 'cache', name: 'cache', filter: '(size>=2)', resolution: 'optional' },
      ],
    });
    const app = instance('app', ['stack'], { capabilities: [{ namespace: 'greeting', attributes: { to: 'all' } }] });
    const [data, made] = new World(volume, stack, app).plan('app').steps;
    expect(made).toMatchObject({ id: 'instance/shop', capabilities: [{ namespace: 'greeting', attributes: { to: 'all' } }] });
    expect(made!.needs).toEqual([
      { name: 'stack-data', namespace: 'storage', through: ['stack@1.0.0'] },
      { name: 'stack-cache', namespace: 'cache', filter: '(size>=2)', resolution: 'optional', through: ['stack@1.0.0'] },
    ]);
    expect(data).toMatchObject({ id: 'storage/shop-stack-data', capabilities: [{ namespace: 'storage' }] });
    expect(data).not.toHaveProperty('needs');
  });

  test('what is shared is made once, by its definition’s name, and reused by every plan and instance', () => {
    const cache = storage('cache', [], { shared: true });
    const web = instance('web', ['cache', 'part']);
    const world = new World(cache, instance('part', ['cache']), web);
    const first = world.provision('web', 'one');
    expect(steps(first)).toEqual({
      'storage/cache:1': [],
      'instance/one-part:1': ['storage/cache'],
      'instance/one:1': ['instance/one-part', 'storage/cache'],
    });
    expect(first.steps.map((step) => step.shared)).toEqual([true, undefined, undefined]);
    const second = world.provision('web', 'two');
    expect(steps(second)).toEqual({ 'instance/two-part:1': [], 'instance/two:1': ['instance/two-part'] });
    expect(keys(second)).toEqual(['storage/cache']);
    expect(wires(second)).toContain('instance/two -cache-> storage/cache');
    expect(second.reads).toContainEqual({ key: 'storage/cache', generation: 1 });
  });

  test('something shared that was asked for by itself is reused too', () => {
    const world = new World(database('pg', [], { shared: true }), instance('app', ['pg']));
    expect(steps(world.provision('pg', 'main'))).toEqual({ 'database/main:1': [] });
    expect(steps(world.plan('app'))).toEqual({ 'instance/shop:1': [] });
    expect(keys(world.plan('app'))).toEqual(['database/main']);
    expect(world.plan('pg', 'other')).toMatchObject({ outcome: 'satisfied', steps: [] });
  });

  test('what only an abstract definition brings in belongs to the instance, shared or not: nothing is left without an owner', () => {
    const world = new World(storage('cache', [], { shared: true }), abstract('suite', ['cache']));
    expect(world.provision('suite').steps).toMatchObject([{ id: 'storage/cache' }]);
    expect(steps(world.planRemoval('shop'))).toEqual({ 'storage/cache:1': [] });
  });

  test('what a bundle that is shared brings in stands for the instance that uses the bundle itself, whatever uses it besides', () => {
    const bundle = abstract('base', ['data'], { shared: true });
    const world = new World(
      abstract('stack', ['tier', 'base']),
      storage('tier', ['base'], { shared: true }),
      bundle,
      storage('data'),
    );
    expect(world.provision('stack').steps.map(({ id, shared }) => [id, shared])).toEqual([
      ['storage/base-data', undefined],
      ['storage/tier', undefined],
    ]);
    expect(world.plan('stack').outcome).toBe('satisfied');
  });

  test('what is made for something shared is called the same whatever it was first needed for', () => {
    const bundle = abstract('base', ['data'], { shared: true });
    const world = new World(
      storage('taken'),
      abstract('stack', ['tier', 'base']),
      storage('tier', ['base'], { shared: true }),
      bundle,
      storage('data'),
    );
    world.provision('taken', 'base-data');
    const { id } = world.provision('stack').steps[0]!;
    expect(id).toMatch(/^storage\/base-data-[0-9a-f]{8}$/);
    expect(world.plan('stack').outcome).toBe('satisfied');
  });

  test('there is one version of what is shared', () => {
    const pg = (version: string) => database(`pg@${version}`, [], { shared: true });
    const world = new World(pg('1.0.0'), pg('2.0.0'), instance('old', ['pg@^1.0.0']), instance('new', ['pg@^2.0.0']));
    world.provision('old', 'a');
    expect(world.plan('new', 'b').unsatisfied).toEqual([
      {
        chain: ['new@1.0.0'],
        requirement: 'pg@^2.0.0',
        reason: 'no-version',
        message: 'pg is shared by the whole environment, and there can be one version: it is installed as database/pg, pg@1.0.0.',
      },
    ]);
  });

  test('an optional requirement is used where it can be had, and never fails a plan', () => {
    const optional = (dependency: string) => ({
      requirements: [
        { namespace: 'slipway.identity', attributes: { name: dependency }, name: 'extra', resolution: 'optional' as const },
      ],
    });
    expect(steps(new World(instance('a', [], optional('b')), storage('b')).plan('a'))).toEqual({
      'storage/shop-extra:1': [],
      'instance/shop:1': ['storage/shop-extra'],
    });
    for (const definitions of [
      [instance('a', [], optional('b'))],
      [instance('a', [], optional('b')), storage('b', ['gone'])],
      [instance('a', [], optional('a'))],
      [instance('a', [], optional('b')), storage('b', ['a'])],
    ])
      expect(steps(new World(...definitions).plan('a'))).toEqual({ 'instance/shop:1': [] });
  });

  test('an optional requirement does not stand in the way of a mandatory one', () => {
    const pg = (version: string) => database(`pg@${version}`, [], { shared: true });
    const greedy = instance('greedy', [], {
      requirements: [{ namespace: 'slipway.identity', attributes: { name: 'pg' }, name: 'pg', resolution: 'optional' }],
    });
    const plan = new World(pg('1.0.0'), pg('2.0.0'), greedy, instance('app', ['greedy', 'pg@^1.0.0'])).plan('app');
    expect(wires(plan)).toEqual([
      'instance/shop -greedy-> instance/shop-greedy',
      'instance/shop -pg-> database/pg',
      'instance/shop-greedy -pg-> database/pg',
    ]);
    expect(plan.steps.find((step) => step.id === 'database/pg')?.definition.version).toBe('1.0.0');
  });

  test('what was left from an earlier try under the instance’s name is used again', () => {
    const world = new World(volume, sqlite, guestbook);
    world.provision('guestbook');
    world.take('instance/shop');
    world.definitions.push(storage('volume@1.1.0', [], { capabilities: [{ namespace: 'storage' }] }));
    const plan = world.plan('guestbook');
    expect(steps(plan)).toEqual({ 'instance/shop:2': [] });
    expect(keys(plan)).toEqual(['database/shop-db', 'storage/shop-data']);
  });

  test('names that meet, or are too long, are told apart, and stay legal', () => {
    const app = (name: string) => instance(`app-${name}`, [], { requirements: [{ namespace: 'storage', name }] });
    const world = new World(volume, app('x-data'), app('data'));
    world.provision('app-x-data', 'shop');
    const second = world.provision('app-data', 'shop-x');
    expect(second.steps[0]!.id).toMatch(/^storage\/shop-x-data-[0-9a-f]{8}$/);
    const long = 'n'.repeat(63);
    expect(world.plan('app-data', long).steps[0]!.name).toMatch(/^n{54}-[0-9a-f]{8}$/);
  });

  test('requirements without a name are called as what they require, each by a name of its own', () => {
    const app = instance('app', ['org.example.volume', 'org.example.volume'], {
      requirements: [{ namespace: 'storage', attributes: { fast: true } }, { namespace: 'storage' }],
    });
    const fast = storage('org.example.volume', [], { capabilities: [{ namespace: 'storage', attributes: { fast: true } }] });
    expect(new World(app, fast).plan('app').steps.map((step) => step.name)).toEqual([
      'shop-org-example-volume',
      'shop-org-example-volume-2',
      'shop-storage',
      'shop-storage-2',
      'shop',
    ]);
  });
});

describe('what is unsatisfied is named', () => {
  const only = (world: World, reference = 'a', query = {}) => {
    const plan = world.plan(reference, 'shop', query);
    expect(plan).toMatchObject({ outcome: 'unsatisfied', steps: [], wires: [], writes: [] });
    return plan.unsatisfied;
  };

  test('no definition, with what was probably meant', () => {
    expect(only(new World(instance('guestbook')), 'guestbok')).toEqual([
      {
        chain: [],
        requirement: 'guestbok',
        reason: 'no-definition',
        message: 'There is no definition "guestbok". Did you mean guestbook?',
      },
    ]);
    expect(only(new World(), 'a')[0]!.message).toBe('There is no definition "a". The repository is empty.');
    expect(only(new World(instance('wiki'), instance('notes')), 'guestbook')[0]!.message).toBe(
      'There is no definition "guestbook". There are notes and wiki.',
    );
  });

  test('no version in range, with those that exist', () => {
    expect(only(new World(instance('a', ['b@^2.0.0']), storage('b@1.0.0'), storage('b@1.1.0')))).toEqual([
      {
        chain: ['a@1.0.0'],
        requirement: 'b@^2.0.0',
        reason: 'no-version',
        message: 'b has no version in ^2.0.0; there are 1.1.0 and 1.0.0.',
      },
    ]);
    expect(only(new World(instance('a@2.0.0-rc.1')), 'a@*')[0]!.message).toContain(
      'A prerelease is taken only by a range that names one.',
    );
    expect(only(new World(instance('a')), 'a@^^1')[0]).toMatchObject({
      reason: 'no-version',
      message: '"^^1" is not a semver range such as "^1.0.0".',
    });
  });

  test('no capability, with what there is in its namespace', () => {
    const needs = instance('a', [], {
      requirements: [{ namespace: 'database', attributes: { engine: 'postgres' }, name: 'db' }],
    });
    expect(only(new World(needs, sqlite))).toEqual([
      {
        chain: ['a@1.0.0'],
        requirement: 'database {engine: postgres}',
        reason: 'no-capability',
        message: 'Nothing provides database {engine: postgres}. There is database {engine: sqlite} (sqlite@1.0.0).',
      },
    ]);
    expect(only(new World(needs))[0]!.message).toContain('No definition provides database at all.');
  });

  test('all that is missing at once, each with its chain from the root', () => {
    const world = new World(instance('a', ['b', 'x']), storage('b', ['c']), storage('c', ['y', 'z@^3']), storage('z@2.0.0'));
    expect(only(world).map(({ chain, requirement, reason }) => [chain.join(' > '), requirement, reason])).toEqual([
      ['a@1.0.0 > b@1.0.0 > c@1.0.0', 'y', 'no-definition'],
      ['a@1.0.0 > b@1.0.0 > c@1.0.0', 'z@^3', 'no-version'],
      ['a@1.0.0', 'x', 'no-definition'],
    ]);
  });

  test.each([
    ['two', [instance('a', ['b']), storage('b', ['a'])], 'a@1.0.0 → b@1.0.0 → a@1.0.0', ['a@1.0.0', 'b@1.0.0']],
    ['itself', [instance('a', ['a'])], 'a@1.0.0 → a@1.0.0', ['a@1.0.0']],
    [
      'three, further down',
      [instance('a', ['b']), storage('b', ['c']), storage('c', ['d']), storage('d', ['b'])],
      'b@1.0.0 → c@1.0.0 → d@1.0.0 → b@1.0.0',
      ['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'd@1.0.0'],
    ],
  ])('a circle of %s', (_what, definitions, circle, chain) => {
    const unsatisfied = only(new World(...definitions));
    expect(unsatisfied).toHaveLength(1);
    expect(unsatisfied[0]).toMatchObject({ reason: 'circular', chain });
    expect(unsatisfied[0]!.message).toContain(circle);
  });

  test("a provisioner's resource-uri is laid into what runs, where its definition says none", () => {
    const place = { ...PLACE, resourceUri: '/api' };
    const specs = (...definitions: ResourceDefinition[]) =>
      new World(volume, ...definitions).plan('app', 'shop', { place }).steps.map(({ kind, spec }) => [kind, spec['resourceUri']]);
    expect(specs(instance('app', ['volume']))).toEqual([
      ['storage', undefined],
      ['instance', '/api'],
    ]);
    expect(specs(instance('app', [], { spec: { command: ['x'], resourceUri: '/own' } }))).toEqual([['instance', '/own']]);
  });

  describe('where a guest location has several drivers of a kind', () => {
    const place = { ...PLACE, drivers: { ...PLACE.drivers, database: ['sqlite', 'postgres'] } };
    const made = (one: ResourceDefinition, at = place) =>
      new World(one).plan(one.name, 'shop', { place: at }).steps.map(({ driver }) => driver);

    test('the first makes what names none, and the one that a definition names makes it', () => {
      expect(made(database('any'))).toEqual(['sqlite']);
      expect(made(database('postgres', [], { driver: 'postgres' }))).toEqual(['postgres']);
    });

    test('one that is not there is named, with those that are', () => {
      const exact = database('mariadb@11.0.0', [], { driver: 'mariadb' });
      expect(only(new World(exact), 'mariadb', { place })).toEqual([
        {
          chain: [],
          requirement: 'mariadb',
          reason: 'no-driver',
          message:
            'Guest location "local" has no database driver mariadb, which mariadb@11.0.0 is made by; it has sqlite and postgres.',
        },
      ]);
    });

    test('of two definitions that would do, the one is taken that a driver is there for', () => {
      const sql = { capabilities: [{ namespace: 'sql' }] };
      const world = new World(
        database('a-mariadb', [], { ...sql, driver: 'mariadb' }),
        database('b-postgres', [], { ...sql, driver: 'postgres' }),
        instance('app', [], { requirements: [{ namespace: 'sql', name: 'db' }] }),
      );
      const { steps: chosen } = world.plan('app', 'shop', { place });
      expect(chosen.map(({ definition, driver }) => `${definition.name} by ${driver}`)).toEqual([
        'b-postgres by postgres',
        'app by process',
      ]);
    });

    describe('what names only a namespace', () => {
      const provides = { capabilities: [{ namespace: 'database' }] };
      const [mariadb, postgres, lite] = ['mariadb', 'postgres', 'sqlite'].map((driver) =>
        database(driver, [], { ...provides, driver }),
      );
      const app = instance('app', [], { requirements: [{ namespace: 'database', name: 'db' }] });
      const db = (drivers: string[], definitions = [mariadb!, postgres!, lite!]) => {
        const at = { ...PLACE, drivers: { ...PLACE.drivers, database: drivers } };
        const { steps: planned } = new World(...definitions, app).plan('app', 'shop', { place: at });
        const { definition, because } = planned.find(({ kind }) => kind === 'database')!;
        return [definition.name, because];
      };

      test('is made by the first driver of its place, and its step says why, whatever the order of definitions', () => {
        const expected = ['sqlite', 'by sqlite, which comes first at local; mariadb@1.0.0 and postgres@1.0.0 would do too'];
        // In the order of the place's drivers.
        const others = ['sqlite', 'by sqlite, which comes first at local; postgres@1.0.0 and mariadb@1.0.0 would do too'];
        expect(db(['sqlite', 'mariadb', 'postgres'])).toEqual(expected);
        expect(db(['sqlite', 'mariadb', 'postgres'], [lite!, postgres!, mariadb!])).toEqual(expected);
        expect(db(['sqlite', 'postgres', 'mariadb'])).toEqual(others);
        expect(db(['postgres', 'sqlite'])).toEqual([
          'postgres',
          'by postgres, which comes first at local; sqlite@1.0.0 would do too',
        ]);
      });

      test('is made by the only driver there that can, which needs no word', () => {
        expect(db(['mariadb'])).toEqual(['mariadb', undefined]);
      });

      test('is the first by its name where one driver makes several', () => {
        const plain = ['b-any', 'a-any'].map((name) => database(name, [], provides));
        expect(db(['sqlite'], plain)).toEqual(['a-any', 'first by its name; b-any@1.0.0 would do too']);
      });

      test('is another one where the first cannot have what it needs, and its step says so', () => {
        const needy = database('sqlite', ['nowhere'], { ...provides, driver: 'sqlite' });
        const because = 'sqlite@1.0.0 would come first, and cannot be had';
        expect(db(['sqlite', 'mariadb'], [mariadb!, needy])).toEqual(['mariadb', because]);
      });

      test('keeps the order of versions of a definition that is named, whatever its driver', () => {
        const newest = database('db@2.0.0', [], { ...provides, driver: 'postgres' });
        const world = new World(newest, database('db@1.0.0', [], { ...provides, driver: 'sqlite' }), instance('app', ['db']));
        expect(world.plan('app', 'shop', { place }).steps[0]).toMatchObject({ definition: { version: '2.0.0' } });
      });
    });
  });

  test('a kind that the provisioner does not provide, and no such guest location', () => {
    const drivers = { storage: ['directory'], instance: ['process'] };
    expect(only(new World(volume, sqlite, guestbook), 'guestbook', { place: { ...PLACE, drivers } })).toEqual([
      {
        chain: ['guestbook@1.0.0'],
        requirement: 'database {engine: sqlite}',
        reason: 'no-driver',
        message:
          'The provisioner slipway does not provide database at guest location "local"; it provides instance and storage there.',
      },
    ]);
    expect(only(new World(guestbook), 'guestbook', { place: { ...PLACE, guestLocation: 'moon' } })).toEqual([
      {
        chain: [],
        requirement: 'guestbook',
        reason: 'no-location',
        message: 'There is no guest location "moon". There are local.',
      },
    ]);
  });

  test('many versions in a circle are refused without trying every combination', () => {
    const versions = Array.from({ length: 12 }, (_, index) => `${index + 1}.0.0`);
    const ring = Array.from({ length: 12 }, (_, index) => `r${index}`);
    const definitions = ring.flatMap((name, index) =>
      versions.map((v) => storage(`${name}@${v}`, [ring[(index + 1) % ring.length]!])),
    );
    expect(new World(...definitions).plan('r0').unsatisfied[0]).toMatchObject({ reason: 'circular' });
  });

  test('plans without end are refused: nested too deep, too many parts', () => {
    const deep = Array.from({ length: 200 }, (_, index) => storage(`d${index}`, index < 199 ? [`d${index + 1}`] : []));
    expect(() => new World(...deep).plan('d0')).toThrow(expect.objectContaining({ code: 'too-large' }));
    const wide = Array.from({ length: 30 }, (_, index) =>
      storage(`w${index}`, index < 29 ? [`w${index + 1}`, `w${index + 1}`] : []),
    );
    expect(() => new World(...wide).plan('w0')).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('what has another name because the first was taken is found again, also when that one has become free', () => {
    const world = new World(abstract('stack', ['base']), abstract('base', ['data'], { shared: true }), storage('data'));
    for (const name of ['one', 'two']) {
      expect(world.provision('stack', name).outcome).toBe('install');
      expect(world.plan('stack', name).outcome).toBe('satisfied');
    }
    expect([...world.keys]).toEqual(['storage/base-data', expect.stringMatching(/^storage\/base-data-[0-9a-f]{8}$/)]);
    world.deprovision('one');
    expect(world.plan('stack', 'two').outcome).toBe('satisfied');
  });
});
