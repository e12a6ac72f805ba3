import { describe, expect, test } from '@jest/globals';
import type { Plan } from '@slipway/contracts';
import { World, instance, storage } from '../testing.js';

const turns = (plan: Plan): string[] => (plan.turns ?? []).map(({ key, generation }) => `${key}:${generation}`);

describe('plans take turns', () => {
  const POOL = storage('pool', [], { shared: true, capabilities: [{ namespace: 'space', capacity: 5 }] });
  const app = instance('app', [], { requirements: [{ namespace: 'space', name: 'room', amount: 4 }] });

  test('at the capacity of what is installed; what makes it itself has it by that', () => {
    const world = new World(POOL, app, instance('small', [], { requirements: [{ namespace: 'space', name: 'room' }] }));
    expect(turns(world.provision('small', 'first'))).toEqual(['singleton/pool:1']);
    expect(turns(world.plan('app', 'a'))).toEqual(['capacity/storage/pool:1']);
    expect(world.plan('app', 'b').turns).toEqual(world.plan('app', 'a').turns);
    world.provision('app', 'a');
    expect(world.plan('app', 'b')).toMatchObject({ outcome: 'unsatisfied' });
    world.deprovision('a');
    expect(turns(world.plan('app', 'b'))).toEqual(['capacity/storage/pool:2']);
  });

  test('at what there is one version of, whoever brings which', () => {
    const agent = (version: string) => storage(`agent@${version}`, [], { singleton: true });
    const guard = (version: string) => instance(`guard@${version}`, [`agent@${version}`]);
    const world = new World(agent('1.0.0'), agent('2.0.0'), guard('1.0.0'), guard('2.0.0'));
    const [one, two] = ['1.0.0', '2.0.0'].map((version) => world.plan(`guard@${version}`, `at-${version[0]}`));
    expect(turns(one!)).toEqual(['singleton/agent:1']);
    expect(turns(two!)).toEqual(['singleton/agent:1']);
    world.carryOut(one!, 'at-1');
    expect(world.plan('guard@2.0.0', 'at-2')).toMatchObject({ outcome: 'unsatisfied' });
    expect(world.planRemoval('at-1').turns).toBeUndefined();
  });

  test('at a target that something goes into', () => {
    const tomcat = instance('tomcat', [], {
      ...{ shared: true, capabilities: [{ namespace: 'slipway.target', attributes: { type: 'tomcat' } }] },
    });
    const war = (name: string) =>
      instance(name, [], {
        requirements: [{ namespace: 'slipway.target', name: 'target', attributes: { type: 'tomcat' } }],
        spec: { artefactFacts: { kind: 'war', file: `${name}.war`, name } },
      });
    const world = new World(tomcat, war('hello'), war('bye'));
    world.provision('hello', 'hello');
    expect(turns(world.plan('bye', 'bye'))).toEqual(['target/instance/tomcat:1']);
  });

  test('at nothing where they touch nothing of the kind', () => {
    const world = new World(storage('volume'), instance('app', ['volume']));
    expect(world.plan('app')).not.toHaveProperty('turns');
  });
});
