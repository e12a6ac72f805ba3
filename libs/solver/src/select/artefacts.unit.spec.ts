import { describe, expect, test } from '@jest/globals';
import type { JsonObject, ResourceDefinition } from '@slipway/contracts';
import { World, instance, steps, wires } from '../testing.js';

const container = (identity: string, type: string, more: Partial<ResourceDefinition> = {}) =>
  instance(identity, [], { shared: true, capabilities: [{ namespace: 'slipway.target', attributes: { type } }], ...more });

type Facts = { kind: string; file: string; name: string; version?: string; osgi?: JsonObject };

/** What the repository makes of a definition whose artefact says that. */
const brought = (identity: string, type: string, artefactFacts: Facts, more: Partial<ResourceDefinition> = {}) =>
  instance(identity, [], {
    spec: { artefactFacts: { ...artefactFacts } as JsonObject },
    ...more,
    requirements: [{ namespace: 'slipway.target', name: 'target', attributes: { type } }, ...(more.requirements ?? [])],
  });
const war = (identity: string, file: string, more: Partial<ResourceDefinition> = {}) =>
  brought(identity, 'tomcat', { kind: 'war', file, name: file.replace('.war', '') }, more);
const jar = (identity: string, name: string, version: string, more: Partial<ResourceDefinition> = {}) =>
  brought(identity, 'tomcat', { kind: 'jar', file: `${name}-${version}.jar`, name, version }, { shared: true, ...more });

const TOMCAT = container('tomcat@10.1.0', 'tomcat');

describe('artefacts in a plan', () => {
  test('what goes into a target comes after it, and the plan pins where it goes', () => {
    const plan = new World(TOMCAT, war('hello@1.0.0', 'hello.war')).plan('hello');
    expect(steps(plan)).toEqual({ 'instance/tomcat:1': [], 'instance/shop:1': ['instance/tomcat'] });
    expect(wires(plan)).toEqual(['instance/shop -target-> instance/tomcat']);
    const [, step] = plan.steps;
    expect(step!.spec['placement']).toEqual({ target: 'tomcat', path: 'webapps/hello.war', by: 'file' });
  });

  test('what its container does not take is an unsatisfied requirement that names container, artefact and rule', () => {
    const plan = new World(TOMCAT, jar('lib@1.0.0', 'lib', '1.0', { shared: false })).plan('lib');
    expect(plan.outcome).toBe('unsatisfied');
    expect(plan.unsatisfied).toEqual([
      {
        chain: [],
        requirement: 'lib',
        reason: 'artefact-unfit',
        message: 'Tomcat does not take lib-1.0.jar (a jar, lib 1.0): what is not shared is a WAR; it is a jar',
      },
    ]);
  });

  test('another version that its container takes is taken', () => {
    const world = new World(
      TOMCAT,
      instance('app@1.0.0', ['lib']),
      jar('lib@2.0.0', 'lib', '2.0', { shared: false }),
      jar('lib@1.0.0', 'lib', '1.0'),
    );
    const made = world.plan('app').steps.map(({ definition }) => `${definition.name}@${definition.version}`);
    expect(made.toSorted()).toEqual(['app@1.0.0', 'lib@1.0.0', 'tomcat@10.1.0']);
  });

  describe('of one symbolic name, Tomcat has one version among the shared', () => {
    const wide = instance('app@1.0.0', ['one', 'two']);

    test('a version that fits beside the other is taken instead of a higher one', () => {
      const world = new World(
        TOMCAT,
        wide,
        jar('one@1.0.0', 'util', '1.0'),
        jar('two@2.0.0', 'util', '2.0'),
        jar('two@1.0.0', 'misc', '1.0'),
      );
      const plan = world.plan('app');
      expect(plan.steps.map(({ definition: { name, version } }) => `${name}@${version}`).toSorted()).toEqual([
        'app@1.0.0',
        'one@1.0.0',
        'tomcat@10.1.0',
        'two@1.0.0',
      ]);
    });

    test('where none does the rule is named, also beside what is installed', () => {
      const world = new World(TOMCAT, instance('first@1.0.0', ['one']), instance('second@1.0.0', ['two']), wide);
      world.definitions.push(jar('one@1.0.0', 'util', '1.0'), jar('two@2.0.0', 'util', '2.0'));
      const message =
        /^Tomcat does not take util-\d.0.jar \(a jar, util \d.0\) as shared: of one symbolic name only one version is shared; util-\d.0.jar \(a jar, util \d.0\) is shared already$/;
      const unfit = [expect.objectContaining({ reason: 'artefact-unfit', message: expect.stringMatching(message) })];
      expect(world.plan('app')).toMatchObject({ outcome: 'unsatisfied', unsatisfied: unfit });
      world.provision('first', 'a');
      expect(world.plan('second', 'b')).toMatchObject({ outcome: 'unsatisfied', unsatisfied: unfit });
    });

    test('in another Tomcat it may stand', () => {
      const own = { shared: false };
      const world = new World(
        container('tomcat@10.1.0', 'tomcat', own),
        jar('one@1.0.0', 'util', '1.0'),
        jar('two@2.0.0', 'util', '2.0'),
        wide,
      );
      expect(world.plan('app').outcome).toBe('install');
    });
  });

  test('bundles that import from each other come one after the other, and go together with the last who needs them', () => {
    const pack = (name: string) => ({ namespace: 'osgi.wiring.package', attributes: { 'osgi.wiring.package': name } });
    const needs = (name: string) => ({ namespace: 'osgi.wiring.package', filter: `(osgi.wiring.package=${name})` });
    const bundle = (identity: string, exports: string, imports: string[]) => {
      const [name = '', version = ''] = identity.split('@');
      const osgi = { bundle: { symbolicName: name, version, singleton: false, capabilities: [], requirements: [] } };
      const facts = { kind: 'jar', file: `${name}.jar`, name, version, osgi };
      const requirements = imports.map((one, at) => ({ ...needs(one), name: `osgi-${at + 1}` }));
      return brought(identity, 'osgi', facts, {
        capabilities: [{ namespace: 'osgi.wiring.bundle', attributes: { 'osgi.wiring.bundle': name } }, pack(exports)],
        requirements,
      });
    };
    const felix = container('felix@7.0.0', 'osgi', {
      capabilities: [{ namespace: 'slipway.target', attributes: { type: 'osgi' } }, pack('org.osgi.framework')],
    });
    const world = new World(
      felix,
      instance('app@1.0.0', ['ping']),
      bundle('ping@1.0.0', 'p', ['q', 'org.osgi.framework']),
      // It imports what it exports, as many do.
      bundle('pong@1.0.0', 'q', ['p', 'q']),
    );
    const plan = world.provision('app');
    expect(steps(plan)).toEqual({
      'instance/felix:1': [],
      'instance/ping:1': ['instance/felix'],
      'instance/pong:1': ['instance/felix', 'instance/ping'],
      'instance/shop:1': ['instance/ping'],
    });
    expect(wires(plan)).toEqual([
      'instance/ping -osgi-1-> instance/pong',
      'instance/ping -osgi-2-> instance/felix',
      'instance/ping -target-> instance/felix',
      'instance/pong -osgi-1-> instance/ping',
      'instance/pong -target-> instance/felix',
      'instance/shop -ping-> instance/ping',
    ]);
    const removal = world.planRemoval('shop');
    expect(removal.steps.map(({ id }) => id)).toEqual(['instance/shop', 'instance/ping', 'instance/pong', 'instance/felix']);
  });

  test('a bundle that its framework has no package for is unsatisfied before anything is made', () => {
    const osgi = { bundle: { symbolicName: 'b', version: '1.0.0', singleton: false, capabilities: [], requirements: [] } };
    const requirements = [{ namespace: 'osgi.wiring.package', name: 'osgi-1', filter: '(osgi.wiring.package=javax.swing)' }];
    const b = brought('b@1.0.0', 'osgi', { kind: 'jar', file: 'b.jar', name: 'b', version: '1.0.0', osgi }, { requirements });
    const plan = new World(container('felix@7.0.0', 'osgi'), b).plan('b');
    expect(plan.unsatisfied).toEqual([
      expect.objectContaining({ reason: 'no-capability', requirement: 'osgi.wiring.package (osgi.wiring.package=javax.swing)' }),
    ]);
  });
});
