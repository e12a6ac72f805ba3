import { describe, expect, it } from '@jest/globals';
import type { Plan, PlanStep } from '../plan.js';
import { PLAN_DRAWINGS, graphOf } from './graph.js';
import { roundsOf } from './rounds.js';

const step = (id: string, after: string[] = [], action: PlanStep['action'] = 'ensure'): PlanStep => {
  const [kind, name] = id.split('#')[0]!.split('/') as [PlanStep['kind'], string];
  const definition = { name: `of-${name}`, version: '1.0.0', hash: '' };
  const made = { location: 'local', driver: 'x', spec: {}, generation: 1, inverse: 'destroy' as const };
  return { id, action, kind, name, definition, after, ...made };
};
const plan = (steps: PlanStep[], more: Partial<Plan> = {}): Plan => ({
  ...{ environment: 'default', outcome: 'install', alreadySatisfied: [], leases: [], reads: [], writes: [], unsatisfied: [] },
  ...{ hash: '', steps, wires: [] },
  ...more,
});
const wire = (from: string, requirement: string, to: string) => ({ from, requirement, to });

describe('rounds', () => {
  it('hold side by side what waits for nobody that is not done', () => {
    const steps = [
      step('instance/c', ['storage/a', 'database/b']),
      step('database/b', ['storage/a']),
      step('storage/a'),
      step('storage/z'),
    ];
    expect(roundsOf(steps).map((round) => round.map(({ id }) => id))).toEqual([
      ['storage/a', 'storage/z'],
      ['database/b'],
      ['instance/c'],
    ]);
  });
  it('end also where a plan that nobody made waits for itself, or for what is not in it', () => {
    expect(roundsOf([step('storage/a', ['storage/a']), step('storage/b', ['storage/gone'])])).toHaveLength(2);
    expect(roundsOf([])).toEqual([]);
  });
});

describe('a plan as a graph', () => {
  const steps = [
    step('storage/data'),
    step('database/db', ['storage/data']),
    step('instance/shop', ['storage/data', 'database/db']),
  ];
  const used = { kind: 'database', name: 'pg', generation: 1, definition: { name: 'pg', version: '2.0.0', hash: '' } } as const;
  const shown = plan(steps, {
    alreadySatisfied: [used],
    wires: [
      wire('database/db', 'volume', 'storage/data'),
      wire('instance/shop', 'data', 'storage/data'),
      wire('instance/shop', 'db', 'database/db'),
      wire('instance/shop', 'pg', 'database/pg'),
    ],
    affected: [{ key: 'instance/blog', through: ['database/db'], why: 'it uses it' }],
  });

  it('as a tree has each thing below what uses it, once, and who else is touched', () => {
    expect(PLAN_DRAWINGS.tree(graphOf(shown)).split('\n')).toEqual([
      '+ instance/shop (of-shop@1.0.0)',
      '├─ data: + storage/data (of-data@1.0.0)',
      '├─ db: + database/db (of-db@1.0.0)',
      '│  ├─ volume: + storage/data (of-data@1.0.0)',
      '│  └─ touches: * instance/blog',
      '└─ pg: = database/pg (pg@2.0.0)',
    ]);
  });

  it('says once what is below a thing that is used twice', () => {
    const both = plan([steps[0]!, steps[1]!, step('instance/shop', ['database/db'])], {
      wires: [
        wire('instance/shop', 'one', 'database/db'),
        wire('instance/shop', 'two', 'database/db'),
        wire('database/db', 'volume', 'storage/data'),
      ],
    });
    expect(PLAN_DRAWINGS.tree(graphOf(both))).toContain('└─ two: + database/db (of-db@1.0.0), see above');
  });

  it('has the order where no wire says it: what is removed, and what is stopped, read out and brought up again', () => {
    const removal = plan([step('instance/shop', [], 'destroy'), step('storage/data', ['instance/shop'], 'destroy')], {
      outcome: 'remove',
    });
    expect(PLAN_DRAWINGS.tree(graphOf(removal))).toBe('- instance/shop (of-shop@1.0.0)\n└─ then: - storage/data (of-data@1.0.0)');
    const exported = plan(
      [
        step('instance/shop#stop', [], 'stop'),
        step('instance/shop#export', ['instance/shop#stop'], 'export'),
        step('instance/shop', ['instance/shop#export']),
      ],
      { outcome: 'export', wires: [wire('instance/shop', 'data', 'storage/data')] },
    );
    expect(PLAN_DRAWINGS.tree(graphOf(exported)).split('\n')).toEqual([
      '. instance/shop#stop (of-shop@1.0.0)',
      '└─ then: > instance/shop#export (of-shop@1.0.0)',
      '   └─ then: ^ instance/shop (of-shop@1.0.0)',
    ]);
  });

  it('is drawn whole where things use each other in a circle', () => {
    const circle = plan([step('instance/a'), step('instance/b')], {
      wires: [wire('instance/a', 'b', 'instance/b'), wire('instance/b', 'a', 'instance/a')],
    });
    expect(PLAN_DRAWINGS.tree(graphOf(circle)).split('\n')).toEqual([
      '+ instance/a (of-a@1.0.0)',
      '└─ b: + instance/b (of-b@1.0.0)',
      '   └─ a: + instance/a (of-a@1.0.0), see above',
    ]);
  });

  it('in DOT and in Mermaid names every thing and every line, and no name leaves its quotes', () => {
    const odd = plan([{ ...step('instance/a"]; x'), definition: { name: 'q"\\', version: '<b>', hash: '' } }], {
      wires: [wire('instance/a"]; x', 'd"', 'storage/there')],
    });
    odd.steps[0]!.name = 'a"]; x';
    const dot = PLAN_DRAWINGS.dot(graphOf(odd));
    expect(dot).toContain('"instance/a\\"]; x" [label="+ instance/a\\"]; x\\nq\\"\\\\@<b>"');
    expect(dot).toContain('"instance/a\\"]; x" -> "storage/there" [label="d\\""]');
    expect(PLAN_DRAWINGS.mermaid(graphOf(odd)).split('\n').slice(0, 4)).toEqual([
      'flowchart LR',
      '  n0["+ instance/a#34;]; x (q#34;#92;@#60;b#62;)"]',
      '  n1["= storage/there"]',
      '  n0 -->|"d#34;"| n1',
    ]);
    expect(PLAN_DRAWINGS.dot(graphOf(shown))).toContain('"database/db" -> "instance/blog" [label="touches", style=dashed]');
    expect(PLAN_DRAWINGS.mermaid(graphOf(shown))).toContain('-.->|"touches"|');
  });
});
