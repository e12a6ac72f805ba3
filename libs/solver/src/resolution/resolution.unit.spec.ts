import { describe, expect, test } from '@jest/globals';
import { resolveRequirements } from './resolution.js';
import type { Resource } from './resource.js';
import { bundle, capability, importOf, input, requirement, resolve, resource, selected, wiresOf } from './testing.js';

describe('a resolution', () => {
  test('installs what is needed, each after what it needs, in the highest version', () => {
    const repository = [
      resource('shop@1.0.0', ['db@^1', 'lib']),
      resource('db@1.0.0', ['lib@^1']),
      resource('db@1.2.0', ['lib@^1']),
      resource('db@2.0.0'),
      resource('lib@1.0.0'),
      resource('lib@1.1.0'),
    ];
    const found = resolve(['shop'], repository);
    expect(selected(found)).toEqual(['lib@1.1.0', 'db@1.2.0', 'shop@1.0.0']);
    expect(wiresOf(found).toSorted()).toEqual([
      'db@1.2.0 -lib@^1-> lib@1.1.0',
      'job -shop-> shop@1.0.0',
      'shop@1.0.0 -db@^1-> db@1.2.0',
      'shop@1.0.0 -lib-> lib@1.1.0',
    ]);
  });

  test('uses what is installed, and answers at once where that is everything', () => {
    const installed = { resources: [resource('lib@1.0.0')] };
    expect(selected(resolve(['lib'], [resource('lib@2.0.0')], installed))).toEqual([]);
    expect(resolve(['lib'], [resource('lib@2.0.0')], installed).outcome).toBe('satisfied');
    expect(selected(resolve(['lib@^2'], [resource('lib@2.0.0')], installed))).toEqual(['lib@2.0.0']);
  });

  test('goes back where the highest version leads nowhere', () => {
    const repository = [
      resource('a@2.0.0', ['b@^2']),
      resource('a@1.0.0', ['b@^1']),
      resource('b@1.0.0'),
      resource('c', ['a', 'b@^1']),
    ];
    expect(selected(resolve(['c'], repository))).toEqual(['b@1.0.0', 'a@1.0.0', 'c@1.0.0']);
  });

  test('has several versions side by side, and one of a singleton', () => {
    const sides = (singleton: boolean) => [
      resource('app', ['x', 'y']),
      resource('x', ['lib@^1']),
      resource('y@2.0.0', ['lib@^2']),
      resource('y@1.0.0', ['lib@^1']),
      resource('lib@1.0.0', [], { singleton }),
      resource('lib@2.0.0', [], { singleton }),
    ];
    expect(selected(resolve(['app'], sides(false)))).toEqual(expect.arrayContaining(['lib@1.0.0', 'lib@2.0.0', 'y@2.0.0']));
    expect(selected(resolve(['app'], sides(true)))).toEqual(['lib@1.0.0', 'x@1.0.0', 'y@1.0.0', 'app@1.0.0']);
  });

  test('leaves nothing in that could be left out', () => {
    const repository = [resource('lib@1.0.0'), resource('lib@2.0.0'), resource('a', ['lib']), resource('b', ['lib@^1'])];
    expect(selected(resolve(['a', 'b'], repository))).toEqual(expect.not.arrayContaining(['lib@2.0.0']));
  });

  test('upgrades as little as it can, wiring anew who used what goes', () => {
    const old = resource('lib@1.0.0', [], { singleton: true });
    const user = resource('user@1.0.0', ['lib'], { id: 'instance/user' });
    const pinned = resource('pinned@1.0.0', ['lib@^1'], { id: 'instance/pinned' });
    const repository = [
      resource('app', ['lib@>=2']),
      resource('lib@2.0.0', [], { singleton: true }),
      resource('lib@3.0.0', [], { singleton: true }),
    ];
    const wire = (from: string, name: string) => ({ from, requirement: name, to: old.id, capability: 0 });
    const installed = (...users: (typeof user)[]) => ({
      resources: [old, ...users],
      wires: users.map((one) => wire(one.id, one.requirements[0]!.name)),
      upgradable: [old.id],
    });
    const found = resolve(['app'], repository, installed(user));
    expect(found).toMatchObject({ outcome: 'install', replaced: [{ old: { id: 'lib@1.0.0' }, by: { id: 'lib@3.0.0' } }] });
    expect(wiresOf(found)).toContain('instance/user -lib-> lib@3.0.0');
    expect(selected(resolve(['lib'], repository, installed(user)))).toEqual([]);
    expect(selected(resolve(['app'], repository, installed(user, pinned)))).toMatch(/lib/);
    expect(selected(resolve(['app'], repository, { ...installed(user), upgradable: [] }))).toMatch(/installed.*and stays/);
  });

  test('upgrades as many as it must', () => {
    const tools = ['hammer', 'saw'].map((name) => resource(`${name}@1.0.0`, [], { singleton: true, id: `instance/${name}` }));
    const repository = ['hammer', 'saw'].map((name) => resource(`${name}@2.0.0`, [], { singleton: true }));
    const installed = { resources: tools, upgradable: tools.map(({ id }) => id) };
    expect(resolve(['hammer@^2', 'saw@^2'], repository, installed)).toMatchObject({
      outcome: 'install',
      replaced: { length: 2 },
    });
    expect(resolve(['hammer@^2', 'saw'], repository, installed)).toMatchObject({ outcome: 'install', replaced: { length: 1 } });
  });

  test('who uses what is replaced goes on with what replaces it, though something else would do, or keeps it from going', () => {
    const x = bundle('x@1.0.0', [], ['q@1'], { singleton: true, id: 'at/x' });
    const u = bundle('u', ['q@[1,3)'], ['p:q'], { id: 'at/u' });
    const w = (range: string) => bundle('w', ['p', `q@${range}`], [], { id: 'at/w' });
    const wire = (from: Resource, name: string, to: Resource) => ({ from: from.id, requirement: name, to: to.id, capability: 1 });
    const installed = (user: Resource) => ({
      resources: [x, u, user],
      wires: [wire(u, 'import q', x), wire(user, 'import p', u), wire(user, 'import q', x)],
      upgradable: [x.id],
    });
    const repository = [bundle('x@2.0.0', [], ['q@2'], { singleton: true }), bundle('y', [], ['q@1.5'])];
    const found = resolve(['x@^2'], repository, installed(w('[1,3)')));
    expect(wiresOf(found).toSorted()).toEqual(['at/u -import q-> x@2.0.0', 'at/w -import q-> x@2.0.0', 'job -x@^2-> x@2.0.0']);
    expect(resolve(['x@^2'], repository, installed(w('[1,2)'))).outcome).toBe('unsatisfied');
  });

  test('has nothing for an optional requirement that what a later one brings would answer too', () => {
    const more = { optional: true };
    const repository = [
      resource('app', [requirement('cache;', more)]),
      resource('tier@2.0.0', [requirement('store;', more)], { capabilities: [capability('cache', { version: '2.0.0' })] }),
      resource('redis@1.0.0', [], { capabilities: [capability('cache', { version: '1.0.0' }), capability('store')] }),
    ];
    const found = resolve(['app'], repository);
    expect(selected(found)).toEqual(['redis@1.0.0', 'app@1.0.0']);
    expect(wiresOf(found)).toEqual(['job -app-> app@1.0.0', 'app@1.0.0 -cache;-> redis@1.0.0']);
  });

  test('never lets an optional requirement stand in the way', () => {
    const optional = (text: string) => requirement(text, { optional: true });
    const repository = [
      resource('app', [optional('missing'), optional('extra'), optional('lib@^1'), 'lib@^2']),
      resource('extra', ['deep', optional('more')]),
      resource('deep'),
      resource('more'),
      resource('lib@1.0.0', [], { singleton: true }),
      resource('lib@2.0.0', [], { singleton: true }),
    ];
    const found = resolve(['app'], repository);
    expect(selected(found)).toEqual(
      expect.arrayContaining(['deep@1.0.0', 'extra@1.0.0', 'lib@2.0.0', 'more@1.0.0', 'app@1.0.0']),
    );
    expect((selected(found) as string[]).length).toBe(5);
    expect((selected(found) as string[]).at(-1)).toBe('app@1.0.0');
  });

  test('wires what takes several to all that is there, and installs one at most', () => {
    const plug = (name: string) => resource(name, [], { capabilities: [capability('plug', { name })] });
    const several = requirement('plug;(name=*)', { multiple: true });
    const found = resolve(['app'], [resource('app', [several]), plug('p'), plug('q')], { resources: [plug('r'), plug('s')] });
    expect(selected(found)).toEqual(['app@1.0.0']);
    expect(wiresOf(found).filter((wire) => wire.includes('plug'))).toEqual([
      'app@1.0.0 -plug;(name=*)-> r@1.0.0',
      'app@1.0.0 -plug;(name=*)-> s@1.0.0',
    ]);
  });

  test('refuses circles, except among those that are there together', () => {
    expect(selected(resolve(['a'], [resource('a', ['b']), resource('b', ['a'])]))).toMatch(
      /each would have to be there before the other/,
    );
    const pair = [resource('a', ['b'], { together: true }), resource('b', ['a'], { together: true })];
    expect((selected(resolve(['a'], pair)) as string[]).toSorted()).toEqual(['a@1.0.0', 'b@1.0.0']);
    const way = [resource('a', ['b']), resource('b@2.0.0', ['a']), resource('b@1.0.0')];
    expect(selected(resolve(['a'], way))).toEqual(['b@1.0.0', 'a@1.0.0']);
  });

  test('finds the way out of a circle that is a wire within it', () => {
    const offering = { capabilities: [capability('x', {}, { capacity: 9 })] };
    const repository = [
      resource('a@3.0.0', ['x;'], offering),
      resource('a@1.0.0', ['a'], offering),
      resource('b', ['x;'], { ...offering, together: true }),
    ];
    expect(selected(resolve(['a'], repository))).toEqual(['b@1.0.0', 'a@3.0.0']);
  });

  test('takes of a limited capability no more than there is, and tells copies apart for that', () => {
    const host = (name: string, capacity: number) =>
      resource(name, [], { capabilities: [capability('host', { name }, { capacity })] });
    const guest = (name: string) => resource(name, ['unit'], {});
    const unit = resource('unit', [requirement('host;(name=*)')], { shared: false });
    const both = resource('both', ['one', 'two']);
    const repository = [unit, both, guest('one'), guest('two')];
    const found = resolve(['both'], repository, { resources: [host('h1', 1), host('h2', 1)] });
    expect(
      wiresOf(found)
        .filter((wire) => wire.includes('host'))
        .map((wire) => wire.slice(-8))
        .toSorted(),
    ).toEqual(['h1@1.0.0', 'h2@1.0.0']);
    expect(selected(resolve(['both'], repository, { resources: [host('h1', 1)] }))).toMatch(
      /h1@1.0.0 has 1 of host left, and 2 would be taken/,
    );
  });

  test('says that it is undecided when its limit is reached', () => {
    const repository = [resource('a', ['b']), resource('b', ['c']), resource('c')];
    const short = resolveRequirements({ ...input(['a'], repository), limits: { steps: 3 } });
    expect(short).toMatchObject({ outcome: 'undecided', limit: 'steps' });
    let time = 0;
    const late = resolveRequirements({
      ...input(
        ['a'],
        Array.from({ length: 300 }, (_, at) => resource(`a@1.0.${at}`, ['a'])),
      ),
      now: () => (time += 20_000),
    });
    expect(late).toMatchObject({ outcome: 'undecided', limit: 'time' });
  });
});

describe('class spaces', () => {
  test('have a package from one place: what a wire implies by uses is what an import gets', () => {
    const repository = [
      bundle('a', ['q@[1,1]'], ['p:q']),
      bundle('b', [], ['q@1.0']),
      bundle('c', [], ['q@2.0']),
      bundle('d', ['p', 'q@[2,3)'], []),
      bundle('e', ['p', 'q'], []),
    ];
    expect(wiresOf(resolve(['e'], repository))).toEqual(
      expect.arrayContaining(['a@1.0.0 -import q-> b@1.0.0', 'e@1.0.0 -import q-> b@1.0.0']),
    );
    expect(selected(resolve(['d'], repository))).toMatch(/d 1.0.0 would get the package q from two places: b@1.0.0 and c@1.0.0/);
  });

  test('are followed through providers, and may be made whole by another provider', () => {
    const repository = [
      bundle('a', ['p', 't'], []),
      bundle('b', ['q'], ['p:q']),
      bundle('c', ['t'], ['q:t']),
      bundle('d', [], ['t@1']),
      bundle('f', [], ['t@2']),
    ];
    const wires = wiresOf(resolve(['a'], repository)).filter((wire) => wire.includes('import t'));
    expect(new Set(wires.map((wire) => wire.slice(-7))).size).toBe(1);
  });

  test('see what is installed as it is wired', () => {
    const [a, b, c] = [bundle('a', ['q'], ['p:q']), bundle('b', [], ['q@1.0']), bundle('c', [], ['q@2.0'])];
    const installed = { resources: [a, b, c], wires: [{ from: a.id, requirement: 'import q', to: b.id, capability: 1 }] };
    expect(wiresOf(resolve(['e'], [bundle('e', ['p', 'q'], [])], installed))).toContain('e@1.0.0 -import q-> b@1.0.0');
    expect(selected(resolve(['e'], [bundle('e', ['p', 'q@[2,3)'], [])], installed))).toMatch(/two places/);
  });

  test('an optional import that clashes stays out', () => {
    const repository = [
      bundle('a', ['p', importOf('q@[2,3)', { optional: true })], []),
      bundle('b', ['q@[1,2)'], ['p:q']),
      bundle('c', [], ['q@1.0']),
      bundle('d', [], ['q@2.0']),
    ];
    const found = resolve(['a'], repository);
    expect((selected(found) as string[]).toSorted()).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
  });
});
