import { describe, expect, test } from '@jest/globals';
import type { AnnouncedDriver, Plan, ResolveQuery } from '@slipway/contracts';
import { World, database, instance, keys, storage, wires } from '../testing.js';

const pg = (version: string, needs: string[] = [], more: object = {}) =>
  database(`pg@${version}`, needs, { shared: true, capabilities: [{ namespace: 'sql' }], ...more });
const volume = (version: string, more: object = {}) => storage(`volume@${version}`, [], more);
const app = (name: string, ...needs: string[]) => instance(name, needs);

const can = (name: string, ...inPlace: string[]): AnnouncedDriver => ({
  name,
  verbs: ['provision', 'updatable'],
  changes: { inPlace, replaces: [] },
});

/** `old` uses pg@1; `new` needs pg@2. */
const world = (...more: Parameters<typeof database>[2][]) => worldOf('pg', ...more);
const worldOf = (need: string, ...more: Parameters<typeof database>[2][]) => {
  const there = new World(pg('1.0.0', [], more[0]), app('old', need), app('new', 'pg@^2.0.0'));
  there.provision('old', 'one');
  there.definitions.push(pg('2.0.0', [], more[1]));
  return there;
};
const upgrading = (there: World, query: Partial<ResolveQuery> = {}, definition = 'new') =>
  there.plan(definition, 'two', { allowUpgrade: ['pg'], ...query });
const what = (plan: Plan) => plan.steps.map(({ action, id, definition: { version } }) => `${action} ${id} ${version}`);
const reasons = (plan: Plan) => plan.unsatisfied.map(({ reason, message }) => `${reason}: ${message}`);

describe('what others have', () => {
  test('is never upgraded unasked, and it is said that an upgrade would do, where it would', () => {
    const plan = world().plan('new', 'two');
    expect([plan.outcome, plan.steps]).toEqual(['unsatisfied', []]);
    expect(plan.explanation!.fixes).toContain(
      'It would do if database/pg were upgraded to pg@2.0.0: allowUpgrade pg (--allow-upgrade=pg).',
    );
    const needing = worldOf('pg@^1.0.0');
    expect(needing.plan('new', 'two').explanation!.fixes.join()).not.toContain('upgrade');
    const unable = upgradeOfUnable();
    expect(unable.explanation!.fixes.join()).not.toContain('upgrade');
  });

  test('is looked at within the limits of the plan as a whole: that there is none is said also where nothing is left for what would do', () => {
    const more = Array.from({ length: 20 }, (_, at) => storage(`more-${at}`));
    const there = worldOf('pg', {}, { dependencies: more.map(({ name }) => name) });
    there.definitions.push(...more);
    const within = (steps: number, query: Partial<ResolveQuery> = {}) => {
      there.limits = { steps };
      try {
        const { outcome, explanation } = there.plan('new', 'two', query);
        return explanation?.fixes.some((fix) => fix.includes('allowUpgrade pg')) ? 'with what would do' : outcome;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    /** Fewest steps that are enough for an answer; it is the same with more. */
    const enoughFor = (outcomes: string[], query?: Partial<ResolveQuery>): number => {
      let [less, enough] = [0, 5000];
      while (enough - less > 1) {
        const middle = Math.floor((less + enough) / 2);
        if (outcomes.includes(within(middle, query))) enough = middle;
        else less = middle;
      }
      return enough;
    };
    const byItself = enoughFor(['install'], { allowUpgrade: ['pg'] });
    const told = enoughFor(['unsatisfied', 'with what would do']);
    const whole = enoughFor(['with what would do']);
    expect([told - 1, told, whole - 1, whole].map((steps) => within(steps))).toEqual([
      'undecided',
      'unsatisfied',
      'unsatisfied',
      'with what would do',
    ]);
    expect(whole).toBeGreaterThanOrEqual(told + byItself);
  });

  const upgradeOfUnable = () =>
    world().plan('new', 'two', { announced: { database: [{ name: 'sqlite', verbs: ['provision'] }] } });

  test('is upgraded where the job allows it: a step beside its own, with why, what it was, whose it is, and who is touched', () => {
    const there = world();
    there.provision('old', 'another');
    const plan = upgrading(there);
    expect(plan.outcome).toBe('install');
    expect(what(plan)).toEqual(['update database/pg 2.0.0', 'ensure instance/two 1.0.0']);
    expect(plan.steps[0]).toMatchObject({
      generation: 1,
      because: 'replaced because instance/two needs pg@^2.0.0',
      changes: [{ field: 'definition', from: 'pg@1.0.0', to: 'pg@2.0.0', how: 'in-place' }],
      before: { definition: { version: '1.0.0' }, wires: [] },
      belongs: { owner: { id: 'ada', type: 'user' }, guestLocation: 'local' },
      inverse: 'update',
      shared: true,
    });
    expect(plan.steps[1]!.after).toEqual(['database/pg']);
    expect(plan.affected).toEqual(
      ['instance/another', 'instance/one'].map((key) => ({
        key,
        through: ['database/pg'],
        why: 'it uses database/pg, which becomes pg@2.0.0',
      })),
    );
    expect(plan.reads).toEqual([
      { key: 'database/pg', generation: 1, users: ['instance/another', 'instance/one'] },
      { key: 'instance/two', generation: null },
    ]);
    expect(plan.writes).toEqual(['database/pg', 'instance/two']);
    there.carryOut(plan, 'two');
    expect(there.get('database/pg')).toMatchObject({ generation: 1, definition: { version: '2.0.0' } });
    expect(there.get('database/pg')).not.toHaveProperty('instanceId');
    expect(wires({ wires: there.allWires })).toEqual([
      'instance/one -pg-> database/pg',
      'instance/another -pg-> database/pg',
      'instance/two -pg-> database/pg',
    ]);
    expect(upgrading(there).outcome).toBe('satisfied');
  });

  test('is upgraded only where nothing else does, and no more of it than must be', () => {
    const there = world();
    there.definitions.push(app('any', 'pg'), app('both', 'pg@^2.0.0', 'cache'), storage('cache@2.0.0', [], { shared: true }));
    there.definitions.push(storage('cache@1.0.0', [], { shared: true }), app('cached', 'cache@^1.0.0'));
    there.provision('cached', 'three');
    expect(what(upgrading(there, { allowUpgrade: ['*'] }, 'any'))).toEqual(['ensure instance/two 1.0.0']);
    expect(keys(upgrading(there, { allowUpgrade: ['*'] }, 'any'))).toEqual(['database/pg']);
    expect(what(upgrading(there, { allowUpgrade: ['*'] }, 'both'))).toEqual([
      'update database/pg 2.0.0',
      'ensure instance/two 1.0.0',
    ]);
  });

  test('is not upgraded where it is to stay as it is, or another name is allowed', () => {
    for (const query of [{ allowUpgrade: ['*'], keepAsIs: ['pg'] }, { allowUpgrade: ['cache'] }])
      expect(upgrading(world(), query).outcome).toBe('unsatisfied');
    expect(upgrading(world(), { keepAsIs: ['pg'] }).explanation!.fixes.join()).not.toContain('--allow-upgrade');
  });

  test('is upgraded together with what could not go on otherwise', () => {
    const lib = (version: string, more: object = {}) => storage(`lib@${version}`, [], { shared: true, ...more });
    const there = new World(lib('1.0.0'), pg('1.0.0', ['lib@^1.0.0']), app('old', 'pg'), app('new', 'lib@^2.0.0'));
    there.provision('old', 'one');
    there.definitions.push(lib('2.0.0'), pg('2.0.0', ['lib@^2.0.0']), pg('3.0.0-rc.1', ['lib@^2.0.0']));
    expect(upgrading(there, { allowUpgrade: ['lib'] }).outcome).toBe('unsatisfied');
    const plan = upgrading(there, { allowUpgrade: ['lib', 'pg'] });
    expect(what(plan)).toEqual(['update storage/lib 2.0.0', 'update database/pg 2.0.0', 'ensure instance/two 1.0.0']);
    expect(plan.steps.find(({ id }) => id === 'database/pg')!.because).toBe(
      'replaced because database/pg cannot go on with what is upgraded besides',
    );
    there.carryOut(plan, 'two');
    expect(wires({ wires: there.allWires })).toContain('database/pg -lib-> storage/lib');
  });

  test('keeps what was made for it alone, or has that changed, and takes nothing away that may hold data', () => {
    const there = new World(volume('1.0.0'), pg('1.0.0', ['volume']), app('old', 'pg'), app('new', 'pg@^2.0.0'));
    there.provision('old', 'one');
    expect(there.get('storage/pg-volume')).not.toHaveProperty('instanceId');
    there.definitions.push(volume('1.1.0'), pg('2.0.0', ['volume']));
    const plan = upgrading(there);
    expect([what(plan), keys(plan)]).toEqual([['update database/pg 2.0.0', 'ensure instance/two 1.0.0'], ['storage/pg-volume']]);
    there.definitions = there.definitions.slice(0, -1);
    there.definitions.push(pg('2.0.0', ['volume@^1.1.0']));
    expect(what(upgrading(there))).toEqual([
      'update storage/pg-volume 1.1.0',
      'update database/pg 2.0.0',
      'ensure instance/two 1.0.0',
    ]);
    there.definitions = there.definitions.slice(0, -1);
    there.definitions.push(pg('2.0.0', []));
    expect(reasons(upgrading(there))).toEqual([
      expect.stringMatching(/^not-updatable: pg@2.0.0 does not need storage\/pg-volume/),
    ]);
  });

  test('keeps its names: what the job makes for itself is called otherwise', () => {
    const there = new World(volume('1.0.0'), pg('1.0.0', ['volume']), app('old', 'pg'));
    there.provision('old', 'one');
    there.definitions.push(pg('2.0.0', ['volume']), app('new', 'volume', 'pg@^2.0.0'));
    const plan = there.plan('new', 'pg', { allowUpgrade: ['pg'] });
    expect([plan.steps.map(({ id }) => id), keys(plan)]).toEqual([
      ['database/pg', expect.stringMatching(/^storage\/pg-volume-[0-9a-f]{8}$/), 'instance/pg'],
      ['storage/pg-volume'],
    ]);
  });

  test('what comes to be made for it alone is shared as it is, and goes with it', () => {
    const there = world();
    there.definitions[3] = pg('2.0.0', ['volume']);
    there.definitions.push(volume('1.0.0'));
    there.carryOut(upgrading(there), 'two');
    expect(there.get('storage/pg-volume')).not.toHaveProperty('instanceId');
    there.deprovision('one');
    there.deprovision('two');
    expect([...there.keys]).toEqual([]);
  });

  test('is upgraded only to what has room for all its users', () => {
    const room = (version: string, capacity: number) =>
      database(`pool@${version}`, [], { shared: true, capabilities: [{ namespace: 'sql', attributes: { version }, capacity }] });
    const user = (name: string, range: string) => instance(name, [], { requirements: [{ namespace: 'sql', name: 'db', range }] });
    for (const [capacity, outcome] of [
      [1, 'unsatisfied'],
      [2, 'install'],
    ] as const) {
      const there = new World(room('1.0.0', 1), user('old', '>=1.0.0'), user('new', '>=2.0.0'));
      there.provision('old', 'one');
      there.definitions.push(room('2.0.0', capacity));
      expect([capacity, there.plan('new', 'two', { allowUpgrade: ['pool'] }).outcome]).toEqual([capacity, outcome]);
    }
  });

  test('that was asked for by itself stays its owner’s, with what was chosen for it and needed beside', () => {
    const sized = (version: string) =>
      pg(version, [], {
        spec: { sizeLimit: '${offering.size}' },
        offerings: [{ name: 'size', title: 'size', schema: {}, default: '64MiB' }],
      });
    const there = new World(
      sized('1.0.0'),
      storage('cache', [], { capabilities: [{ namespace: 'cache' }] }),
      app('new', 'pg@^2.0.0'),
    );
    const asked = { offerings: { size: '1GiB' }, requirements: [{ namespace: 'cache' }] };
    there.carryOut(there.plan('pg', 'main', asked), 'main');
    there.definitions.push(sized('2.0.0'));
    const plan = upgrading(there);
    expect(what(plan)).toEqual(['update database/main 2.0.0', 'ensure instance/two 1.0.0']);
    expect(plan.steps[0]).toMatchObject({
      belongs: { instanceId: 'main' },
      spec: { sizeLimit: '1GiB' },
      offerings: { size: '1GiB' },
      requirements: [{ namespace: 'cache', name: 'cache' }],
    });
    there.carryOut(plan, 'two');
    expect(there.madeFor('main').map(({ kind }) => kind)).toEqual(['database', 'storage']);
    expect(there.planUpdate({}, 'main').outcome).toBe('satisfied');
  });

  test('is upgraded by an update too', () => {
    const there = world();
    there.definitions.push(instance('shop@1.0.0', ['pg@^1.0.0 || ^2.0.0']), instance('shop@2.0.0', ['pg@^2.0.0']));
    there.provision('shop@1.0.0', 'two');
    const update = (query: Partial<ResolveQuery>) => there.planUpdate({ definition: 'shop@2.0.0', ...query }, 'two');
    expect(update({}).outcome).toBe('unsatisfied');
    const plan = update({ allowUpgrade: ['pg'] });
    expect([plan.outcome, what(plan)]).toEqual(['update', ['update database/pg 2.0.0', 'update instance/two 2.0.0']]);
    expect(plan.affected!.map(({ key }) => key)).toEqual(['instance/one']);
  });

  test('is not upgraded where its driver cannot change it, it stands elsewhere, or a user needs what it would not have any more', () => {
    const announced = { database: [can('sqlite', 'mode')] };
    const plan = upgrading(world({ spec: { schema: 'one' } }, { spec: { schema: 'two' } }), { announced });
    expect(reasons(plan)).toEqual([
      expect.stringMatching(/^not-updatable: The database driver sqlite cannot change spec.schema/),
    ]);
    const place = { ...upgradePlace, location: 'elsewhere' };
    expect(upgrading(world(), { place }).outcome).toBe('unsatisfied');
    const needing = worldOf('pg@^1.0.0');
    expect(
      upgrading(needing)
        .explanation!.lines.map(({ because }) => because)
        .join('\n'),
    ).toContain('old 1.0.0 needs pg@^1.0.0');
    const unknown = world();
    // As an earlier release recorded it.
    delete unknown.get('instance/one')!.needs;
    unknown.definitions = unknown.definitions.filter(({ name }) => name !== 'old');
    expect(upgrading(unknown).outcome).toBe('unsatisfied');
  });

  const upgradePlace: ResolveQuery['place'] = {
    guestLocation: 'local',
    location: 'here',
    provisioner: 'slipway',
    drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
  };
});

describe('what is preferred', () => {
  const engines = () =>
    new World(
      database('alpha', [], { capabilities: [{ namespace: 'sql' }] }),
      database('beta@1.0.0', [], { capabilities: [{ namespace: 'sql' }] }),
      database('beta@2.0.0', [], { capabilities: [{ namespace: 'sql' }] }),
      instance('app', [], { requirements: [{ namespace: 'sql', name: 'db' }] }),
      app('named', 'beta'),
    );
  const made = (plan: Plan) => what(plan)[0];

  test('comes first where several would do, the first named before the next, in the version that is named', () => {
    expect(made(engines().plan('app'))).toBe('ensure database/shop-db 1.0.0');
    expect(engines().plan('app').steps[0]!.definition.name).toBe('alpha');
    expect(made(engines().plan('app', 'shop', { prefer: ['beta'] }))).toBe('ensure database/shop-db 2.0.0');
    expect(made(engines().plan('named', 'shop', { prefer: ['beta@^1.0.0'] }))).toBe('ensure database/shop-beta 1.0.0');
    const both = engines().plan('app', 'shop', { prefer: ['beta@^3.0.0', 'alpha', 'beta'] });
    expect(both.steps[0]!.definition.name).toBe('alpha');
    expect(both.steps[0]!.because).toBe('preferred; beta@2.0.0 and beta@1.0.0 would do too');
    expect(engines().plan('app', 'shop', { prefer: ['beta@^1.0.0'] }).steps[0]!.because).toMatch(/^preferred; alpha@1.0.0/);
  });

  test('does not come before what is there', () => {
    const there = new World(
      database('alpha', [], { shared: true, capabilities: [{ namespace: 'sql' }] }),
      database('beta', [], { capabilities: [{ namespace: 'sql' }] }),
      instance('app', [], { requirements: [{ namespace: 'sql', name: 'db' }] }),
    );
    there.provision('alpha', 'main');
    const plan = there.plan('app', 'shop', { prefer: ['beta'] });
    expect([keys(plan), what(plan)]).toEqual([['database/main'], ['ensure instance/shop 1.0.0']]);
  });
});
