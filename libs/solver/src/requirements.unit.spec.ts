import { describe, expect, test } from '@jest/globals';
import type { CapabilityRequirement } from '@slipway/contracts';
import { World, database, instance, steps, storage, wires } from './testing.js';

const volume = storage('volume', [], { capabilities: [{ namespace: 'storage', attributes: { access: 'folder' } }] });
const sql = (version: string) =>
  database(`sql@${version}`, [], { capabilities: [{ namespace: 'database', attributes: { engine: 'sql', version } }] });
const app = instance('app', [], { requirements: [{ namespace: 'storage', name: 'data' }] });
const db: CapabilityRequirement = { namespace: 'database', name: 'db', attributes: { engine: 'sql' }, range: '^1.0.0' };
const world = () => new World(volume, sql('1.2.0'), sql('2.0.0'), app);
const asked = (requirements: CapabilityRequirement[], definition?: string) => ({ definition, requirements }) as object;

describe('what a job needs', () => {
  test('beside its definition is made for the instance, and wired to it', () => {
    const plan = world().plan('app', 'shop', asked([db], 'app'));
    expect(steps(plan)).toEqual({
      'database/shop-db:1': [],
      'storage/shop-data:1': [],
      'instance/shop:1': ['database/shop-db', 'storage/shop-data'],
    });
    expect(wires(plan)).toContain('instance/shop -db-> database/shop-db');
    expect(plan.steps.find(({ kind }) => kind === 'database')!.definition.version).toBe('1.2.0');
  });

  test('instead of a definition is made for the name, once', () => {
    const here = world();
    const only = asked([db, { namespace: 'storage' }]);
    const plan = here.plan('', 'shop', only);
    expect(steps(plan)).toEqual({ 'database/shop-db:1': [], 'storage/shop-storage:1': [] });
    here.carryOut(plan, 'shop');
    expect(here.plan('', 'shop', only)).toMatchObject({ outcome: 'satisfied', steps: [] });
    here.deprovision('shop');
    expect([...here.keys]).toEqual([]);
  });

  test('and nothing provides is named, without a chain of its own', () => {
    const [missing] = world().plan('', 'shop', asked([{ ...db, range: '^3.0.0' }])).unsatisfied;
    expect(missing).toMatchObject({ chain: [], requirement: expect.stringContaining('database') });
    expect(
      world().plan('', 'shop', asked([{ ...db, range: '^3.0.0', resolution: 'optional' }, { namespace: 'storage' }])),
    ).toMatchObject({
      outcome: 'install',
    });
  });

  test('is looked for at an instance that is there already: what it lacks is not added', () => {
    const here = world();
    here.provision('app');
    expect(here.plan('app', 'shop', asked([{ namespace: 'storage', attributes: { access: 'folder' } }], 'app')).outcome).toBe(
      'satisfied',
    );
    expect(here.plan('app', 'shop', asked([db], 'app')).unsatisfied).toMatchObject([
      { reason: 'no-capability', message: expect.stringContaining('shop is there already, and has nothing of that') },
    ]);
  });

  test('must have names of its own, and something must be asked for', () => {
    const taken = [{ namespace: 'storage', name: 'data' }];
    expect(() => world().plan('app', 'shop', asked(taken, 'app'))).toThrow(
      /requirements\.0\.name: "data" is the name of another/,
    );
    expect(() => world().plan('', 'shop', asked([db, db]))).toThrow(/requirements\.1\.name/);
    expect(() => world().plan('', 'shop', asked([]))).toThrow(/definition: is needed/);
  });
});
