import { describe, expect, test } from '@jest/globals';
import type { Capability, Requirement, ResourceDefinition } from '@slipway/contracts';
import { World, instance, steps, wires } from './testing.js';

const PACKAGE = 'osgi.wiring.package';
const exported = (name: string, more: Partial<Capability> = {}): Capability => ({
  namespace: PACKAGE,
  ...more,
  attributes: { [PACKAGE]: name, version: '1.0.0', ...more.attributes },
});
const imported = (name: string, more = ''): Requirement => ({
  namespace: PACKAGE,
  filter: `(&(${PACKAGE}=${name})${more})`,
  name,
});

/** As a bundle's manifest says it. */
const bundle = (identity: string, imports: Requirement[], exports: Capability[], more: Partial<ResourceDefinition> = {}) => {
  const [name] = identity.split('@');
  const whole = { namespace: 'osgi.wiring.bundle', attributes: { 'osgi.wiring.bundle': name!, version: '1.0.0' } };
  return instance(identity, [], { requirements: imports, capabilities: [whole, ...exports], ...more });
};

describe('bundles', () => {
  const ring = () => [
    bundle('a', [imported('q')], [exported('p')]),
    bundle('b', [imported('p')], [exported('q')]),
    instance('app', ['a']),
  ];

  test('may need each other: they are there once, one goes ahead, and both are wired', () => {
    const world = new World(...ring());
    const plan = world.provision('app', 'one');
    expect(steps(plan)).toEqual({ 'instance/a:1': [], 'instance/b:1': ['instance/a'], 'instance/one:1': ['instance/a'] });
    expect(wires(plan)).toEqual(['instance/a -q-> instance/b', 'instance/b -p-> instance/a', 'instance/one -a-> instance/a']);
    expect(world.plan('app', 'two').steps.map(({ id }) => id)).toEqual(['instance/two']);
  });

  test('go with their last user, though they use each other', () => {
    const world = new World(...ring());
    world.provision('app', 'one');
    world.provision('app', 'two');
    expect(steps(world.deprovision('one'))).toEqual({ 'instance/one:1': [] });
    expect(Object.keys(steps(world.deprovision('two')))).toEqual(['instance/two:1', 'instance/a:1', 'instance/b:1']);
    expect(world.size).toBe(0);
  });

  test('stand beside other versions of themselves', () => {
    const world = new World(
      ...['1.0.0', '2.0.0'].map((version) => bundle(`lib@${version}`, [], [exported('p', { attributes: { version } })])),
      bundle('old', [imported('p', '(!(version>=2))')], []),
      bundle('new', [imported('p', '(version>=2)')], []),
      instance('app', ['old', 'new']),
    );
    expect(world.plan('app').steps.filter(({ definition }) => definition.name === 'lib')).toHaveLength(2);
  });

  test('that ask for no value of a mandatory attribute are not wired to it', () => {
    const vendor = exported('p', { attributes: { vendor: 'acme', version: '2.0.0' }, mandatory: ['Vendor'] });
    const world = new World(
      bundle('special', [], [vendor]),
      bundle('plain', [], [exported('p')]),
      bundle('any', [imported('p')], []),
      bundle('picky', [imported('p', '(vendor=acme)')], []),
      bundle('evasive', [imported('p', '(|(vendor=acme)(version=2))')], []),
    );
    const taken = (name: string) => world.plan(name).steps.map(({ definition }) => definition.name);
    expect(taken('any')).toEqual(['plain', 'any']);
    expect(taken('picky')).toEqual(['special', 'picky']);
    expect(world.plan('evasive').outcome).toBe('unsatisfied');
    const wrong = bundle('wrong', [], [exported('p', { mandatory: ['colour'] })]);
    expect(() => new World(wrong).plan('wrong')).toThrow(/capabilities\.1\.mandatory\.0: "colour" is none of its attributes/);
  });

  test('come after the framework that they go into, which is called a bundle itself', () => {
    const target = { namespace: 'slipway.target', attributes: { type: 'osgi' } };
    const world = new World(
      bundle('felix', [], [exported('java.x'), target], { shared: true }),
      bundle('a', [imported('java.x'), { namespace: 'slipway.target', name: 'target' }], []),
    );
    expect(steps(world.plan('a'))).toEqual({ 'instance/felix:1': [], 'instance/shop:1': ['instance/felix'] });
  });

  test('that are abstract and need each other lead to what they bring together', () => {
    const abstract = { type: undefined } as object;
    const world = new World(
      bundle('a', [imported('q')], [exported('p')], abstract),
      bundle('b', [imported('p'), imported('r')], [exported('q')], abstract),
      bundle('c', [], [exported('r')]),
      instance('app', ['a']),
    );
    expect(wires(world.plan('app'))).toEqual(['instance/shop -a-q-r-> instance/c']);
  });
});
