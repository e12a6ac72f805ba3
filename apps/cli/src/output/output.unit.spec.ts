import { describe, expect, it } from '@jest/globals';
import { ERRORS } from '@slipway/contracts';
import type { RequestView, StepView } from '@slipway/contracts/http';
import { ApiError, NotReachable, SubscriptionRefused, WaitTimedOut } from '@slipway/client';
import { EXIT, INTERRUPTED, Interrupted, NoMesh, UsageError, exitOfRequest, explain } from '../exit.js';
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
      [EXIT.unsatisfied]: ['no-blueprint', 'lease-impossible', 'unsatisfied'],
      [EXIT.notReachable]: [
        ...['log-unavailable', 'blob-unavailable', 'secret-unavailable', 'no-server', 'unreachable'],
        ...['not-ready', 'behind', 'shutting-down'],
      ],
      [EXIT.timedOut]: ['timed-out'],
      [EXIT.changed]: ['plan-changed'],
      [EXIT.failed]: [
        ...[
          'unauthenticated',
          'forbidden',
          'not-found',
          'gone',
          'name-taken',
          'lease-unavailable',
          'lease-not-active',
          'quota-exceeded',
          'key-reused',
          'not-possible',
          'undecided',
          'wrong-revision',
        ],
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
          'content-invalid',
          'layer-refuses',
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
          'output-lost',
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
