import { describe, expect, test } from '@jest/globals';
import type { EnvironmentEvent, Installed, ResourceKind } from '@slipway/contracts';
import { Environment } from '@slipway/solver';
import { evolve } from './fold.js';

const owner = { id: 'ada', type: 'user' as const };
const made = (key: string, generation = 1, instanceId = 'shop'): Installed => {
  const [kind, name] = key.split('/') as [ResourceKind, string];
  const definition = { name: kind, version: '1.0.0', hash: 'h' };
  return {
    kind,
    name,
    generation,
    definition,
    location: 'here',
    guestLocation: 'local',
    driver: 'd',
    instanceId,
    owner,
    spec: {},
    outputs: {},
  };
};
const admitted = (...writes: [string, number][]): EnvironmentEvent => ({
  type: 'PlanAdmitted',
  data: { requestId: 'r', owner, planHash: 'h', reads: [], writes: writes.map(([key, generation]) => ({ key, generation })) },
});
type Settled = Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'];
const settled = (data: Partial<Settled>): EnvironmentEvent => ({
  type: 'PlanSettled',
  data: { requestId: 'r', name: 'shop', outcome: 'done', installed: [], removed: [], wires: [], ...data },
});
const wire = (from: string, to: string) => ({ from, requirement: 'data', to });

function environmentOf(...events: EnvironmentEvent[]): Environment {
  const environment = new Environment();
  for (const event of events) evolve(environment, event);
  return environment;
}

describe('an environment, as its stream tells', () => {
  const both = settled({
    installed: [made('storage/shop-data'), made('instance/shop')],
    wires: [wire('instance/shop', 'storage/shop-data')],
  });

  test('holds what settled plans installed, and how it is wired', () => {
    const environment = environmentOf(admitted(['storage/shop-data', 1], ['instance/shop', 1]), both);
    expect(environment.madeFor('shop').map(({ kind }) => kind)).toEqual(['instance', 'storage']);
    expect(environment.wiresFrom('instance/shop')).toEqual([wire('instance/shop', 'storage/shop-data')]);
  });

  test('forgets what was removed, with its wires, and remembers its generation', () => {
    const environment = environmentOf(both, settled({ removed: ['instance/shop', 'storage/shop-data'] }));
    expect([environment.size, environment.wiresFrom('instance/shop'), environment.usersOf('storage/shop-data')]).toEqual([
      0,
      [],
      [],
    ]);
    expect(environment.generation('storage/shop-data')).toBe(1);
  });

  test('knows what an update has left uncertain, until it is settled anew', () => {
    const doubted = settled({ outcome: 'abandoned', uncertain: ['instance/shop'] });
    const seen = (environment: Environment) => environment.madeFor('shop').map(({ kind, uncertain }) => [kind, uncertain]);
    const one = environmentOf(both, doubted);
    expect(seen(one)).toEqual([
      ['instance', true],
      ['storage', undefined],
    ]);
    expect(one.wiresFrom('instance/shop')).toHaveLength(1);
    expect(seen(environmentOf(both, doubted, both))).toEqual([
      ['instance', undefined],
      ['storage', undefined],
    ]);
  });

  test('counts a generation as used when it was only planned, whatever became of it', () => {
    const environment = environmentOf(admitted(['storage/shop-data', 3]), settled({ outcome: 'undone' }));
    expect([environment.generation('storage/shop-data'), environment.size]).toEqual([3, 0]);
  });

  test('the same wire told twice is one, and one of what is not there is none', () => {
    const again = settled({ wires: [wire('instance/shop', 'storage/shop-data'), wire('instance/gone', 'storage/shop-data')] });
    const environment = environmentOf(both, again);
    expect(environment.wiresFrom('instance/shop')).toEqual([wire('instance/shop', 'storage/shop-data')]);
    expect(environment.usersOf('storage/shop-data')).toEqual(['instance/shop']);
  });

  test('names, pauses and events of later versions leave it as it is', () => {
    const environment = environmentOf(
      { type: 'NameClaimed', data: { kind: 'instance', name: 'shop', requestId: 'r', owner, job: 'provision' } },
      { type: 'NameReleased', data: { name: 'shop', requestId: 'r' } },
      { type: 'DispatchPaused', data: { actor: owner } },
    );
    expect([environment.size, environment.generation('instance/shop')]).toEqual([0, 0]);
  });
});
