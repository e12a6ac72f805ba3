import { describe, expect, it } from '@jest/globals';
import { assert, jsonValue, property } from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import type { Plan, PlanStep } from './plan.js';
import { comparePlans, summaryOf } from './plan-difference.js';

const definition = { name: 'volume', version: '1.0.0', hash: 'a'.repeat(64) };
const step = (id: string, more: Partial<PlanStep> = {}): PlanStep => {
  const [kind, name] = id.split('/') as [PlanStep['kind'], string];
  const made = { location: 'local', driver: 'directory', spec: { sizeLimit: '64MiB' }, after: [] };
  return { id, action: 'ensure', kind, name, generation: 1, definition, inverse: 'destroy', ...made, ...more };
};
const plan = (more: Partial<Plan> = {}): Plan => ({
  environment: 'default',
  outcome: 'install',
  alreadySatisfied: [],
  steps: [step('storage/shop-data'), step('instance/shop', { after: ['storage/shop-data'] })],
  wires: [{ from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' }],
  leases: [],
  reads: [{ key: 'storage/shop-data', generation: null }],
  writes: ['instance/shop', 'storage/shop-data'],
  unsatisfied: [],
  hash: 'a',
  ...more,
});

describe('two plans', () => {
  it('that say the same do not differ, whatever the order of their lists, and of keys', () => {
    const other = plan();
    other.steps = other.steps.toReversed().map((one) => Object.fromEntries(Object.entries(one).toReversed()) as never);
    expect(comparePlans(plan(), { ...other, hash: 'b' })).toEqual([]);
  });

  it('differ in steps that are more, less, or another by field, as deep as it lies', () => {
    const newer = { ...definition, version: '1.1.0' };
    const after = plan({
      steps: [
        step('storage/shop-data', { definition: newer, spec: { sizeLimit: '128MiB', inodes: 5 } }),
        step('database/shop-db'),
      ],
    });
    expect(comparePlans(plan(), after)).toEqual([
      { part: 'steps', key: 'database/shop-db', change: 'added', after: step('database/shop-db') },
      {
        part: 'steps',
        key: 'instance/shop',
        change: 'removed',
        before: step('instance/shop', { after: ['storage/shop-data'] }),
      },
      {
        part: 'steps',
        key: 'storage/shop-data',
        change: 'changed',
        fields: [
          { field: 'definition.version', before: '1.0.0', after: '1.1.0' },
          { field: 'spec.sizeLimit', before: '64MiB', after: '128MiB' },
          { field: 'spec.inodes', after: 5 },
        ],
      },
    ]);
  });

  it('differ in wires, in what they rest on, in what is there, in the outcome; counted in one line', () => {
    const there = { kind: 'storage', name: 'shop-data', generation: 2, definition } as const;
    const after = plan({
      outcome: 'satisfied',
      steps: [],
      alreadySatisfied: [there],
      wires: [{ from: 'instance/shop', requirement: 'data', to: 'storage/other' }],
      reads: [{ key: 'storage/shop-data', generation: 2 }],
    });
    const differences = comparePlans(plan(), after);
    expect(differences.map(({ part, key, change }) => `${change} ${part} ${key}`)).toEqual([
      'changed plan ',
      'added alreadySatisfied storage/shop-data',
      'removed steps instance/shop',
      'removed steps storage/shop-data',
      'added wires instance/shop data storage/other',
      'removed wires instance/shop data storage/shop-data',
      'changed reads storage/shop-data',
    ]);
    expect(differences[0]).toMatchObject({ fields: [{ field: 'outcome', before: 'install', after: 'satisfied' }] });
    expect(differences.at(-1)).toMatchObject({ fields: [{ field: 'generation', before: null, after: 2 }] });
    expect(summaryOf(differences)).toBe(
      'the plan itself: 1 changed; what is there already: 1 added; steps: 2 removed; wires: 1 added, 1 removed; what it rests on: 1 changed',
    );
  });

  it('differ in a part that is in one only, also in one that is not known here', () => {
    const newer = { ...plan(), later: [{ any: 'thing' }], destination: 'backups' } as Plan;
    expect(comparePlans(plan(), newer)).toEqual([
      { part: 'plan', key: '', change: 'changed', fields: [{ field: 'destination', after: 'backups' }] },
      { part: 'later', key: '{"any":"thing"}', change: 'added', after: { any: 'thing' } },
    ]);
    expect(comparePlans(newer, plan()).map(({ change }) => change)).toEqual(['changed', 'removed']);
  });

  it('are compared whatever they hold: nothing throws, and the other way round tells as much', () => {
    assert(
      property(jsonValue(), jsonValue(), (one, other) => {
        const [a, b] = [one, other].map(
          (value) => ({ ...plan(), steps: value, reads: value, outcome: value }) as unknown as Plan,
        );
        const there = comparePlans(a!, b!);
        const back = comparePlans(b!, a!);
        expect(back).toHaveLength(there.length);
        expect(comparePlans(a!, a!)).toEqual([]);
        // Of a list it is not counted how often it has the same member.
        if (!Array.isArray(one) || !Array.isArray(other))
          expect(there.length > 0).toBe(canonicalJson(one) !== canonicalJson(other));
      }),
      { numRuns: 300, ...(process.env['SLIPWAY_SEED'] && { seed: Number(process.env['SLIPWAY_SEED']) }) },
    );
  });
});
