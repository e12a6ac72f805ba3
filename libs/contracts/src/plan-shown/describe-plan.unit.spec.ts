import { describe, expect, it } from '@jest/globals';
import type { Plan } from '../plan.js';
import { describePlan } from './describe-plan.js';

describe('a plan', () => {
  const plan: Plan = {
    environment: 'default',
    outcome: 'install',
    alreadySatisfied: [],
    leases: [],
    reads: [],
    writes: [],
    unsatisfied: [],
    hash: '',
    wires: [{ from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' }],
    steps: [
      {
        id: 'instance/shop',
        action: 'ensure',
        kind: 'instance',
        name: 'shop',
        generation: 1,
        definition: { name: 'guestbook', version: '1.0.0', hash: '' },
        location: 'local',
        driver: 'process',
        spec: {},
        after: ['storage/shop-data'],
        inverse: 'destroy',
      },
      {
        id: 'storage/shop-data',
        action: 'ensure',
        kind: 'storage',
        name: 'shop-data',
        generation: 1,
        definition: { name: 'volume', version: '1.0.0', hash: '' },
        location: 'local',
        driver: 'directory',
        spec: {},
        after: [],
        inverse: 'destroy',
      },
    ],
  };
  it('is told in the order in which it happens, each thing with its reason', () => {
    expect(describePlan(plan)).toBe(
      [
        'First:',
        '  + storage/shop-data (volume@1.0.0, directory at local)',
        '      needed by instance/shop as data',
        'Then:',
        '  + instance/shop (guestbook@1.0.0, process at local)',
        '      asked for',
        '2 to make, 0 to remove. Nothing has been changed.',
      ].join('\n'),
    );
  });
  it('tells what is leased, and how much of what', () => {
    const step = { ...plan.steps[1]!, kind: 'instance' as const, driver: 'lease', id: 'instance/shop-host', name: 'shop-host' };
    const told = (lease: object) => describePlan({ ...plan, wires: [], steps: [{ ...step, spec: { lease } as never }] });
    expect(told({ type: 'host' })).toContain('lease at local)\n      asked for\n      leases 1 of a host\n');
    const lease = {
      type: 'host',
      attributes: { memory: 4 },
      filter: '(disk>=9)',
      blueprint: 'EC2Host',
      amount: 2,
      slots: ['port/80'],
    };
    expect(told(lease)).toContain('      leases 2 of a host: memory=4, (disk>=9), of EC2Host, port/80\n');
  });
  it('says of a step why its definition was taken, where others would do too', () => {
    const because = 'by sqlite, which comes first at local; mariadb@1.0.0 would do too';
    const steps = [{ ...plan.steps[1]!, because }];
    expect(describePlan({ ...plan, wires: [], steps })).toContain(`(volume@1.0.0, directory at local)\n      ${because}\n`);
  });
  it('of an export says what is stopped, read out and brought up again', () => {
    const up = { ...plan.steps[0]!, after: [], inverse: 'none' as const };
    const [stop, read] = [`${up.id}#stop`, `${up.id}#export`];
    const text = describePlan({
      ...plan,
      outcome: 'export',
      wires: [],
      steps: [
        { ...up, id: stop, action: 'stop', inverse: 'ensure' },
        { ...up, id: read, action: 'export', after: [stop] },
        { ...up, after: [read] },
      ],
      destination: 'backups:daily',
    });
    expect(text).toBe(
      [
        'First:',
        '  . instance/shop#stop (guestbook@1.0.0, process at local)',
        'Then:',
        '  > instance/shop#export (guestbook@1.0.0, process at local, after instance/shop#stop)',
        'Then:',
        '  ^ instance/shop (guestbook@1.0.0, process at local, after instance/shop#export)',
        '  @ its archive goes to backups:daily',
        '1 to read out, 1 stopped meanwhile. Nothing has been changed.',
      ].join('\n'),
    );
  });
  it('of an update says how each field is changed, and that an instance is restarted by it', () => {
    const changed = (field: string) => [{ field, from: 'a', to: 'b', how: 'in-place' as const }];
    const text = describePlan({
      ...plan,
      outcome: 'update',
      wires: [],
      steps: plan.steps.map((one) => ({ ...one, action: 'update', changes: changed(`spec.${one.kind}`) })),
    });
    expect(text).toBe(
      [
        'First:',
        '  ~ storage/shop-data (volume@1.0.0, directory at local)',
        '      spec.storage: a → b (in place)',
        'Then:',
        '  ~ instance/shop (guestbook@1.0.0, process at local, after storage/shop-data)',
        '      spec.instance: a → b (in place)',
        '      it is stopped and started again; one that is stopped stays stopped',
        '2 to change, 0 to make, 0 to remove. Nothing has been changed.',
      ].join('\n'),
    );
  });
  it('of steps that wait for nobody says that they are side by side; of what is taken away, why it goes', () => {
    const removed = plan.steps.map((one) => ({ ...one, action: 'destroy' as const, inverse: 'forward' as const }));
    const [root, storage] = [
      { ...removed[0]!, after: [] },
      { ...removed[1]!, after: ['instance/shop'] },
    ];
    const database = { ...storage, id: 'database/shop-db', kind: 'database' as const, name: 'shop-db' };
    expect(describePlan({ ...plan, outcome: 'remove', wires: [], steps: [storage, root, database] })).toBe(
      [
        'First:',
        '  - instance/shop (guestbook@1.0.0, process at local)',
        '      it is given back',
        'Then, side by side:',
        '  - storage/shop-data (volume@1.0.0, directory at local, after instance/shop)',
        '      nothing else needs it',
        '  - database/shop-db (volume@1.0.0, directory at local, after instance/shop)',
        '      nothing else needs it',
        '0 to make, 3 to remove. Nothing has been changed.',
      ].join('\n'),
    );
  });
  it('tells new wires where they lead to, those that are given up, and who else is touched', () => {
    const definition = { name: 'pg', version: '2.0.0', hash: '' };
    const pg = { kind: 'database' as const, name: 'pg', generation: 1, definition };
    const wire = (to: string) => ({ from: 'instance/shop', requirement: 'db', to });
    const [instance] = plan.steps;
    const before = { definition, spec: {}, wires: [wire('database/old'), plan.wires[0]!] };
    const text = describePlan({
      ...plan,
      outcome: 'update',
      alreadySatisfied: [pg],
      wires: [...plan.wires, wire('database/pg')],
      steps: [{ ...instance!, action: 'update', after: [], before }],
      affected: [{ key: 'instance/blog', through: ['instance/shop'], why: 'it uses instance/shop, which is restarted' }],
    });
    expect(text).toBe(
      [
        '  = database/pg is there (pg@2.0.0)',
        '      needed by instance/shop as db',
        '  ~ instance/shop (guestbook@1.0.0, process at local)',
        '      it is stopped and started again; one that is stopped stays stopped',
        '      does not use database/old as db any more',
        'Stays as it is, and is touched by it:',
        '  * instance/blog: it uses instance/shop, which is restarted',
        '1 to change, 0 to make, 0 to remove. Nothing has been changed.',
      ].join('\n'),
    );
  });
  it('says what is taken of what has only so much', () => {
    const leases = [
      { key: 'storage/shop-data', holder: 'instance/shop', requirement: 'data', namespace: 'space', amount: 4, capacity: 10 },
    ];
    expect(describePlan({ ...plan, leases })).toContain('needed by instance/shop as data, which takes 4 of 10 (space)\n');
  });
  it('that cannot be made says what is missing, who needs it, and the way out', () => {
    const text = describePlan({
      ...plan,
      outcome: 'unsatisfied',
      steps: [],
      wires: [],
      unsatisfied: [
        {
          chain: ['shop', 'guestbook@1.0.0'],
          requirement: 'database {engine: oracle}',
          reason: 'no-capability',
          message: 'No definition provides it; there is engine sqlite.',
        },
      ],
      explanation: {
        lines: [
          { suppose: 'a is there' },
          { because: 'b needs c', therefore: 'c must be there' },
          { therefore: 'a is not there' },
        ],
        fixes: ['It would do if a could be upgraded.'],
      },
    });
    expect(text).toContain('database {engine: oracle}');
    expect(text).toContain('needed by shop → guestbook@1.0.0');
    expect(text).toContain('there is engine sqlite');
    expect(text).toContain('    Suppose a is there:\n    b needs c: c must be there.\n    So a is not there.');
    expect(text).toContain('It would do if a could be upgraded.');
  });
});
