import { describe, expect, it } from '@jest/globals';
import { ERRORS, type Plan } from '@slipway/contracts';
import type { RequestView, StepView } from '@slipway/contracts/http';
import { ApiError, NotReachable, SubscriptionRefused, WaitTimedOut } from '@slipway/client';
import { EXIT, INTERRUPTED, Interrupted, NoMesh, UsageError, exitOfRequest, explain } from '../exit.js';
import { describePlan } from './plan.js';
import { LiveProgress, PlainProgress } from './progress.js';

const step = (id: string, status: StepView['status'], more: Partial<StepView> = {}): StepView => ({
  id,
  kind: 'storage',
  name: id.split('/')[1]!,
  action: 'ensure',
  generation: 1,
  location: 'local',
  driver: 'directory',
  after: [],
  status,
  try: 1,
  ...more,
});
const request = (status: RequestView['status'], steps: StepView[]): RequestView => ({
  id: 'r1',
  job: 'provision',
  status,
  environment: 'default',
  instanceId: 'shop',
  owner: { id: 'ada', type: 'user' },
  actor: { id: 'ada', type: 'user' },
  priority: 0,
  acceptedAt: '',
  updatedAt: '',
  steps,
  position: '1',
});

describe('progress', () => {
  it('is one line per change where nobody watches', () => {
    let text = '';
    const view = new PlainProgress((more) => (text += more));
    view.update(request('running', [step('storage/shop-data', 'running'), step('instance/shop', 'pending')]));
    view.update(request('running', [step('storage/shop-data', 'running'), step('instance/shop', 'pending')]));
    view.update(
      request('running', [
        step('storage/shop-data', 'succeeded'),
        step('instance/shop', 'running', { try: 2, nextTryAt: '2026-01-01T10:11:12.000Z' }),
      ]),
    );
    view.update(request('succeeded', [step('storage/shop-data', 'succeeded'), step('instance/shop', 'succeeded')]));
    expect(text.split('\n')).toEqual([
      'request r1 running',
      'storage/shop-data running',
      'storage/shop-data succeeded',
      'instance/shop running (try 2), next try at 10:11:12',
      'request r1 succeeded',
      'instance/shop succeeded',
      '',
    ]);
  });

  it('is drawn again in place on a terminal, with what drivers tell', () => {
    let text = '';
    const view = new LiveProgress((more) => (text = more));
    view.update(request('running', [step('storage/shop-data', 'running')]));
    expect(text).toBe('request r1 running\n  ▸ storage/shop-data running\n');
    view.progress({ requestId: 'r1', stepId: 'storage/shop-data', fraction: 0.5, message: 'copying' });
    expect(text).toBe('\u001b[2A\u001b[Jrequest r1 running\n  ▸ storage/shop-data running: copying (50 %)\n');
  });
});

describe('progress on a narrow terminal', () => {
  it('is cut to its width, so that no line wraps and is counted wrongly', () => {
    let text = '';
    const view = new LiveProgress(
      (more) => (text = more),
      () => 20,
    );
    view.update(request('running', [step('storage/a-name-that-is-long', 'running')]));
    expect(text).toBe('request r1 running\n  ▸ storage/a-name-…\n');
  });
});

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
  it('is told in the order in which it happens', () => {
    expect(describePlan(plan)).toBe(
      [
        '  + storage/shop-data (volume@1.0.0, directory at local)',
        '  + instance/shop (guestbook@1.0.0, process at local, after storage/shop-data)',
        '  ~ instance/shop uses storage/shop-data as data',
        '2 to make, 0 to remove. Nothing has been changed.',
      ].join('\n'),
    );
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
        '  . instance/shop#stop (guestbook@1.0.0, process at local)',
        '  > instance/shop#export (guestbook@1.0.0, process at local, after instance/shop#stop)',
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
        '  ! storage/shop-data (volume@1.0.0, directory at local)',
        '      spec.storage: a → b (in place)',
        '  ! instance/shop (guestbook@1.0.0, process at local, after storage/shop-data)',
        '      spec.instance: a → b (in place)',
        '      it is stopped and started again; one that is stopped stays stopped',
        '2 to change, 0 to make, 0 to remove. Nothing has been changed.',
      ].join('\n'),
    );
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
    });
    expect(text).toContain('database {engine: oracle}');
    expect(text).toContain('needed by shop → guestbook@1.0.0');
    expect(text).toContain('there is engine sqlite');
  });
});

describe('exit codes', () => {
  const problem = (code: string) =>
    new ApiError({
      type: '',
      title: '',
      status: 400,
      detail: 'why',
      code: code as never,
      hint: 'way out',
      requestId: '',
      fields: [{ field: 'instanceId', reason: 'must be short' }],
    });
  it.each([
    [problem('name-taken'), EXIT.failed, /why \(name-taken\)/],
    [problem('bad-input'), EXIT.usage, /why \(bad-input\)\n  instanceId: must be short\nway out/],
    [problem('unsatisfied'), EXIT.unsatisfied, /why/],
    [problem('unreachable'), EXIT.notReachable, /why/],
    [new NotReachable('http://127.0.0.1:1'), EXIT.notReachable, /http:\/\/127\.0\.0\.1:1.*\n.*npm start/],
    [new WaitTimedOut(request('running', []), 5000), EXIT.timedOut, /still running after 5 s.*npx slipway wait r1/],
    [new UsageError('so not'), EXIT.usage, /so not/],
    [new NoMesh('none here'), EXIT.notReachable, /none here/],
    [new Interrupted('it goes on'), INTERRUPTED, /it goes on/],
    [new SubscriptionRefused({ code: 'gone', message: 'old', hint: 'anew' }), EXIT.failed, /old \(gone\)\nanew/],
    [new Error('else'), EXIT.failed, /else/],
  ])('%s', (error, code, text) => {
    expect(explain(error)).toEqual({ code, text: expect.stringMatching(text) });
  });
  it('of every code of the table of errors', () => {
    const codes: Record<number, string[]> = {};
    for (const code of Object.keys(ERRORS)) (codes[explain(problem(code)).code] ??= []).push(code);
    expect(Object.values(codes).flat()).toHaveLength(Object.keys(ERRORS).length);
    expect(codes).toEqual({
      [EXIT.usage]: ['bad-input'],
      [EXIT.unsatisfied]: ['unsatisfied'],
      [EXIT.notReachable]: [
        ...['log-unavailable', 'blob-unavailable', 'secret-unavailable', 'no-server', 'unreachable'],
        ...['not-ready', 'behind', 'shutting-down'],
      ],
      [EXIT.timedOut]: ['timed-out'],
      [EXIT.failed]: [
        ...['unauthenticated', 'forbidden', 'not-found', 'gone', 'name-taken', 'key-reused', 'not-possible', 'wrong-revision'],
        ...['not-owner', 'too-large', 'log-damaged', 'blob-damaged', 'blob-missing', 'secret-missing', 'secret-damaged'],
        ...[
          'event-too-new',
          'message-malformed',
          'too-busy',
          'too-slow',
          'wrong-content-type',
          'instance-away',
          'instance-slow',
          'driver-unknown',
        ],
        ...[
          'driver-failed',
          'driver-unavailable',
          'spec-invalid',
          'not-portable',
          'not-updatable',
          'archive-invalid',
          'no-space',
          'generation-old',
          'epoch-old',
          'foreign',
          'wrong-location',
          'port-taken',
        ],
        ...[
          'no-port-free',
          'health-failed',
          'handler-failed',
          'step-cancelled',
          'step-timed-out',
          'cancelled',
          'plan-stale',
          'limit-reached',
        ],
        ...['config-invalid', 'internal'],
      ],
    });
  });
  it.each([
    ['succeeded', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['attention', 1],
    ['unsatisfied', 3],
  ] as const)('a request that is %s ends with %d', (status, code) => expect(exitOfRequest(request(status, []))).toBe(code));
});
