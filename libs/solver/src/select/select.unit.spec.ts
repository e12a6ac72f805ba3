import { describe, expect, test } from '@jest/globals';
import type { CapabilityRequirement } from '@slipway/contracts';
import { Catalogue } from '../definition/catalogue.js';
import { Environment } from '../installed/environment.js';
import { resolve } from '../job/resolve.js';
import { PLACE, World, abstract, database, instance, keys, storage, wires } from '../testing.js';

const sql = (version: string, attributes = {}) =>
  database(`sql@${version}`, [], {
    capabilities: [{ namespace: 'database', attributes: { engine: 'sql', version, ...attributes } }],
  });
const needing = (...requirements: CapabilityRequirement[]) => instance('app', [], { requirements });
const made = (world: World, ...given: Parameters<World['plan']>) =>
  world.plan(...given).steps.map(({ definition }) => `${definition.name}@${definition.version}`);

describe('what a plan is made by', () => {
  test('compares by type: a filter on versions and numbers, of a definition and of a job', () => {
    const filter = '(&(version>=1.9)(!(version>=1.11))(size>=9))';
    const some = [
      sql('1.9.0', { size: 10 }),
      sql('1.10.0', { size: 10 }),
      sql('1.11.0', { size: 10 }),
      sql('1.10.1', { size: 8 }),
    ];
    expect(made(new World(...some, needing({ namespace: 'database', filter })), 'app')).toEqual(['sql@1.10.0', 'app@1.0.0']);
    const job = { definition: undefined, requirements: [{ namespace: 'database', filter }] } as object;
    expect(made(new World(...some), '', 'shop', job)).toEqual(['sql@1.10.0']);
    const [none] = new World(...some).plan('', 'shop', {
      ...job,
      requirements: [{ namespace: 'database', filter: '(size>=11)' }],
    }).unsatisfied;
    expect(none).toMatchObject({ chain: [], requirement: 'database (size>=11)', reason: 'no-capability' });
    expect(() => new World().plan('', 'shop', { ...job, requirements: [{ namespace: 'database', filter: '(size' }] })).toThrow(
      /requirements\.0\.filter: character/,
    );
  });

  test('explains what only a job needs in its own words', () => {
    const job = { definition: undefined, requirements: [{ namespace: 'database' }, { namespace: 'storage' }] } as object;
    const { unsatisfied, explanation } = new World(
      sql('1.0.0'),
      storage('disk', ['driver@2'], { capabilities: [{ namespace: 'storage' }] }),
    ).plan('', 'shop', job);
    expect(unsatisfied).toMatchObject([{ chain: ['disk@1.0.0'], requirement: 'driver@2' }]);
    const lines = explanation!.lines.map(({ because, therefore }) => [because, therefore].filter(Boolean).join(': '));
    expect(lines).toEqual([
      'storage is asked for: disk 1.0.0 must be there',
      'disk 1.0.0 needs driver@2, and nothing provides that: that cannot be',
    ]);
  });

  test('takes several versions side by side, unless there can be only one', () => {
    const uses = (name: string, range: string) => storage(name, [`lib@${range}`]);
    const both = [uses('one', '^1.0.0'), uses('two', '^2.0.0'), instance('app', ['one', 'two'])];
    expect(made(new World(...both, storage('lib@1.0.0'), storage('lib@2.0.0')), 'app')).toHaveLength(5);
    const only = { singleton: true };
    const { unsatisfied, explanation } = new World(...both, storage('lib@1.0.0', [], only), storage('lib@2.0.0', [], only)).plan(
      'app',
    );
    expect(unsatisfied).toEqual([expect.objectContaining({ reason: 'no-version', chain: ['app@1.0.0', expect.any(String)] })]);
    expect(unsatisfied[0]!.message).toContain('There can be only one version of lib, and more than one is needed.');
    expect(explanation!.fixes).toContain('It would do if several versions of lib could be there side by side.');
    expect(explanation!.lines.length).toBeGreaterThan(1);
  });

  test('goes back on an earlier choice where a later one would fail, whatever is in between', () => {
    const shared = { shared: true };
    const world = new World(
      ...['1.0.0', '2.0.0'].map((version) => storage(`lib@${version}`, [], shared)),
      storage('new@2.0.0', ['lib@^2.0.0']),
      storage('new@1.0.0', ['lib@^1.0.0']),
      storage('old', ['lib@^1.0.0']),
      instance('app', ['new', 'old']),
    );
    expect(made(world, 'app').toSorted()).toEqual(['app@1.0.0', 'lib@1.0.0', 'new@1.0.0', 'old@1.0.0']);
  });

  test('takes of a limited capability what there is, also over what is installed already', () => {
    const pool = storage('pool', [], { shared: true, capabilities: [{ namespace: 'space', capacity: 10 }] });
    const app = instance('app', [], { requirements: [{ namespace: 'space', name: 'room', amount: 6 }] });
    const world = new World(pool, app);
    world.provision('app', 'one');
    const { unsatisfied } = world.plan('app', 'two');
    expect(unsatisfied).toEqual([expect.objectContaining({ reason: 'no-capacity', chain: ['app@1.0.0'] })]);
    expect(unsatisfied[0]!.message).toContain('has 4 of space left, and 6 would be taken');
    world.deprovision('one');
    expect(world.plan('app', 'two').outcome).toBe('install');
    // Also where it is an abstract definition that brings it in.
    world.definitions.push(abstract('suite', [], { requirements: app.requirements! }), instance('web', ['suite']));
    world.provision('web', 'one');
    expect(world.plan('app', 'two').unsatisfied).toMatchObject([{ reason: 'no-capacity' }]);
  });

  test('wires to all that are there where several are wanted, and installs none for that', () => {
    const agent = (name: string) => storage(name, [], { shared: true, capabilities: [{ namespace: 'agent' }] });
    const watched = instance('app', [], { requirements: [{ namespace: 'agent', name: 'agents', cardinality: 'multiple' }] });
    const world = new World(agent('a'), agent('b'), agent('c'), instance('x', ['a']), instance('y', ['b']), watched);
    for (const name of ['x', 'y']) world.provision(name, name);
    const plan = world.plan('app');
    expect(wires(plan)).toEqual(['instance/shop -agents-> storage/a', 'instance/shop -agents-> storage/b']);
    expect([keys(plan), plan.steps.length]).toEqual([['storage/a', 'storage/b'], 1]);
  });

  test('takes no notice of what is not needed to resolve', () => {
    const active = { namespace: 'nothing', effective: 'active' } as CapabilityRequirement;
    expect(made(new World(needing(active)), 'app')).toEqual(['app@1.0.0']);
  });

  test('says of one that other parts need too that it is there anyway', () => {
    const kind = { capabilities: [{ namespace: 'cache' }], shared: true };
    const world = new World(
      storage('a-cache', ['more'], kind),
      storage('b-cache', [], kind),
      storage('more'),
      instance('app', ['b-cache'], { requirements: [{ namespace: 'cache' }] }),
    );
    const plan = world.plan('app');
    expect(plan.steps.map(({ id, because }) => [id, because])).toEqual([
      ['storage/b-cache', 'it is part of the plan anyway; a-cache@1.0.0 would do too'],
      ['instance/shop', undefined],
    ]);
  });

  test('of what would do alike, what stands in the upper layer comes first, in whatever order definitions come', () => {
    const kind = (version: string) => ({ capabilities: [{ namespace: 'cache', attributes: { version } }] });
    const [first, second] = [storage('a-cache', [], kind('1.0.0')), storage('b-cache', [], kind('1.0.0'))];
    const app = instance('app', [], { requirements: [{ namespace: 'cache' }] });
    const taken = (layers: [object, number][]) => {
      const catalogues = [layers, layers.toReversed()].map((some) => {
        const layerOf = new Map(some);
        return new Catalogue([app, ...layerOf.keys()] as (typeof app)[], (one) => layerOf.get(one) ?? 0);
      });
      const plans = catalogues.map((catalogue) =>
        resolve({
          query: { job: 'provision', environment: 'default', instanceId: 'shop', definition: 'app', place: PLACE },
          environment: new Environment(),
          catalogue,
          guestLocations: ['local'],
          now: () => 0,
        }),
      );
      expect(plans[1]!.hash).toBe(plans[0]!.hash);
      expect(catalogues[1]!.hash).toBe(catalogues[0]!.hash);
      return [plans[0]!.steps[0]!.definition.name, catalogues[0]!.hash] as const;
    };
    const [[same, hash], [upper, otherHash]] = [
      taken([
        [first, 1],
        [second, 1],
      ]),
      taken([
        [first, 2],
        [second, 1],
      ]),
    ];
    expect([same, upper]).toEqual(['a-cache', 'b-cache']);
    expect(otherHash).not.toBe(hash);
    const [higher] = taken([
      [first, 0],
      [storage('b-cache', [], kind('1.1.0')), 6],
    ]);
    expect(higher).toBe('b-cache');
  });

  test('gives up at its limit of time, and says that nothing is known', () => {
    let now = 0;
    const definitions = Array.from({ length: 600 }, (_, at) => storage(`n${at}`, at < 599 ? [`n${at + 1}`] : []));
    expect(() =>
      resolve({
        query: { job: 'provision', environment: 'default', instanceId: 'shop', definition: 'n0', place: PLACE },
        environment: new Environment(),
        catalogue: new Catalogue(definitions),
        guestLocations: ['local'],
        now: () => (now += 20_000),
      }),
    ).toThrow(
      expect.objectContaining({
        code: 'undecided',
        message: expect.stringContaining('within the limit of time'),
        details: { limit: 'time', tries: 0, impossible: [], obstacles: [] },
      }),
    );
  });

  test('says no more than can be recorded, of the first and the last', () => {
    const long = 'x'.repeat(100);
    const chain = Array.from({ length: 400 }, (_, at) => storage(`${long}${at}`, at < 399 ? [`${long}${at + 1}`] : ['gone']));
    const { unsatisfied, explanation } = new World(...chain).plan(`${long}0`);
    expect(unsatisfied).toMatchObject([{ reason: 'no-definition', requirement: 'gone' }]);
    expect(unsatisfied[0]!.chain).toHaveLength(101);
    expect([unsatisfied[0]!.chain[50], unsatisfied[0]!.chain.at(-1)]).toEqual(['… (300 more)', `${long}399@1.0.0`]);
    expect(explanation!.lines.length).toBeLessThan(102);
    const wide = instance(
      'app',
      Array.from({ length: 200 }, (_, at) => `gone-${at}`),
    );
    expect(JSON.stringify(new World(wide).plan('app').unsatisfied).length).toBeLessThan(30_000);
  });

  test('what stands for one requirement is not made again for another that it would satisfy too', () => {
    const shared = { shared: true };
    const optional = {
      requirements: [{ namespace: 'slipway.identity', attributes: { name: 'c' }, resolution: 'optional' as const }],
    };
    const world = new World(
      abstract('b', ['c'], shared),
      abstract('c@1.0.0', ['e'], shared),
      storage('c@3.0.0-rc.1'),
      storage('e', [], { ...shared, ...optional }),
    );
    expect(world.provision('b').steps.map(({ id }) => id)).toEqual(['storage/e-c', 'storage/e']);
    expect(world.plan('b')).toMatchObject({ outcome: 'satisfied', steps: [] });
  });

  test('decides a circle of many versions at once', () => {
    const versions = Array.from({ length: 20 }, (_, at) => `${at + 1}.0.0`);
    const ring = versions.flatMap((_one, at) => versions.map((version) => storage(`r${at}@${version}`, [`r${(at + 1) % 20}`])));
    expect(new World(...ring).plan('r0').unsatisfied[0]).toMatchObject({ reason: 'circular' });
  });
});
