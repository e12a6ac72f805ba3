import { describe, expect, test } from '@jest/globals';
import { hashOf, type Installed, type ResourceDefinition } from '@slipway/contracts';
import { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { resolve } from '../job/resolve.js';
import { PLACE, World, database, instance } from '../testing.js';

const OWNER = { id: 'ada', type: 'user' } as const;

/** So many shared things, each with a user. */
function crowded(size: number): { world: World; definitions: ResourceDefinition[] } {
  const definitions: ResourceDefinition[] = [];
  const world = new World();
  const install = (definition: ResourceDefinition, name: string, instanceId?: string) => {
    definitions.push(definition);
    const { type, version } = definition;
    const ref = { name: definition.name, version, hash: hashOf(definition) };
    const place = { location: 'here', guestLocation: 'local', driver: 'sqlite', owner: OWNER, spec: {}, outputs: {} };
    world.install({
      kind: type!,
      name,
      generation: 1,
      definition: ref,
      ...place,
      ...(instanceId && { instanceId }),
    } as Installed);
  };
  for (let at = 0; at < size; at++) {
    install(database(`shared-${at}`, [], { shared: true, capabilities: [{ namespace: `sql-${at}` }] }), `shared-${at}`);
    install(instance(`user-${at}`, [`shared-${at}`]), `user-${at}`, `user-${at}`);
    world.connect({ from: `instance/user-${at}`, requirement: `shared-${at}`, to: `database/shared-${at}` });
  }
  definitions.push(instance('app', ['shared-1'], { requirements: [{ namespace: 'sql-2', name: 'db' }] }));
  return { world, definitions };
}

/** A view that counts what is looked up in it. */
function counted(environment: EnvironmentView): { view: EnvironmentView; looked: () => number } {
  let count = 0;
  const counting = <Args extends unknown[], T>(ask: (...args: Args) => T) => {
    return (...args: Args): T => {
      const answer = ask(...args);
      count += Array.isArray(answer) ? answer.length + 1 : 1;
      return answer;
    };
  };
  return {
    looked: () => count,
    view: {
      size: environment.size,
      get: counting((key) => environment.get(key)),
      has: counting((key) => environment.has(key)),
      generation: counting((key) => environment.generation(key)),
      updates: counting((key) => environment.updates(key)),
      madeFor: counting((instanceId) => environment.madeFor(instanceId)),
      instances: counting(() => environment.instances()),
      madeFrom: counting((definition) => environment.madeFrom(definition)),
      offering: counting((requirement) => environment.offering(requirement)),
      wiresFrom: counting((key) => environment.wiresFrom(key)),
      usersOf: counting((key) => environment.usersOf(key)),
    },
  };
}

describe('an environment as the resolver looks at it', () => {
  test('is looked up as far as a plan touches it, however much is installed', () => {
    const looked = [50, 2_000].map((size) => {
      const { world, definitions } = crowded(size);
      const { view, looked: count } = counted(world);
      const query = { job: 'provision', environment: 'default', instanceId: 'shop', definition: 'app', place: PLACE } as const;
      const plan = resolve({
        query,
        environment: view,
        catalogue: new Catalogue(definitions),
        guestLocations: ['local'],
        now: () => 0,
      });
      expect(plan.alreadySatisfied.map(({ name }) => name)).toEqual(['shared-1', 'shared-2']);
      return count();
    });
    expect(looked[1]).toBe(looked[0]);
  });
});
