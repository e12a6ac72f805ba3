import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Cause, Plan, PlanStep, RequestAccepted, RequestEvent } from '@slipway/contracts';
import { given as givenEvents } from '@slipway/event-store/testing';
import { settlement } from './result.js';
import { request } from './request.js';
import type { RequestCommand, Setting, StepOutcome } from './state.js';

const ADA = { id: 'ada', type: 'user' as const };
const NOW = 1_000_000;
const policy = { timeoutSeconds: 60, tries: 3, backoffSeconds: 2, maxBackoffSeconds: 3 };
const setting = (now = NOW): Setting => ({
  now,
  policies: { storage: policy, database: policy, instance: policy, data: { ...policy, timeoutSeconds: 3600 } },
  installed: { 'database/pg': { url: 'pg://shared' } },
});
const cause = (code: Cause['code'], details?: Cause['details']): Cause => ({
  code,
  message: code,
  hint: 'hint',
  ...(details && { details }),
});

const step = (id: string, after: string[] = [], more: Partial<PlanStep> = {}): PlanStep => {
  const [kind, name] = id.split('/') as [PlanStep['kind'], string];
  const definition = { name: 'd', version: '1.0.0', hash: 'h' };
  const place = { location: 'local', driver: 'x', spec: {} };
  return { id, action: 'ensure', kind, name, generation: 1, definition, ...place, after, inverse: 'destroy', ...more };
};
const plan = (steps: PlanStep[], more: Partial<Plan> = {}): Plan => ({
  environment: 'default',
  outcome: 'install',
  alreadySatisfied: [],
  steps,
  wires: [],
  leases: [],
  reads: [],
  writes: steps.map(({ id }) => id),
  unsatisfied: [],
  hash: 'plan-1',
  ...more,
});

const GUESTBOOK = plan(
  [step('storage/shop-data'), step('database/shop-db'), step('instance/shop', ['storage/shop-data', 'database/shop-db'])],
  {
    wires: [
      { from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' },
      { from: 'instance/shop', requirement: 'pg', to: 'database/pg' },
    ],
  },
);
const REMOVAL = plan(
  [
    step('storage/shop-data', ['instance/shop'], { action: 'destroy', inverse: 'forward' }),
    step('instance/shop', [], { action: 'destroy', inverse: 'forward' }),
  ],
  { outcome: 'remove' },
);

const asked: RequestAccepted = {
  job: 'provision',
  environment: 'default',
  name: 'shop',
  owner: ADA,
  actor: ADA,
  body: { instanceId: 'shop' },
  bodyHash: 'body-1',
  priority: 0,
  keepOnFailure: false,
};
const accepted = (more: Partial<RequestAccepted> = {}): RequestEvent => ({
  type: 'RequestAccepted',
  data: { ...asked, ...more },
});
const planMade = (made = GUESTBOOK): RequestEvent => ({ type: 'PlanMade', data: { plan: made, planHash: made.hash } });
const admitted: RequestEvent = { type: 'RequestAdmitted', data: { planHash: 'plan-1' } };
const begun = (stepId: string, more: object = {}): RequestEvent => ({
  type: 'StepRequested',
  data: { stepId, try: 1, action: 'ensure', undo: false, inputs: {}, deadline: NOW + 60_000, ...more },
});
const undoBegun = (stepId: string, more: object = {}) => begun(stepId, { action: 'destroy', undo: true, ...more });
const done = (stepId: string, outputs = {}): RequestEvent => ({ type: 'StepSucceeded', data: { stepId, try: 1, outputs } });
const stepFailed = (stepId: string, why = cause('foreign'), tryNumber = 1): RequestEvent => ({
  type: 'StepFailed',
  data: { stepId, try: tryNumber, cause: why },
});
const undone = (stepId: string): RequestEvent => ({ type: 'StepUndone', data: { stepId, try: 1 } });
const settle = (stepId: string, outcome: StepOutcome, more: object = {}): RequestCommand => ({
  type: 'Settle',
  stepId,
  action: 'ensure',
  try: 1,
  outcome,
  setting: setting(),
  ...more,
});
const success = (outputs = {}): StepOutcome => ({ kind: 'succeeded', outputs });
const failure = (why: Cause): StepOutcome => ({ kind: 'failed', cause: why });
const tick = (now: number): RequestCommand => ({ type: 'Tick', setting: setting(now) });

const given = (...events: RequestEvent[]) => givenEvents(request, events);
const running = [accepted(), planMade(), admitted, begun('storage/shop-data'), begun('database/shop-db')];
const allButLast = [...running, done('storage/shop-data', { path: '/data' }), done('database/shop-db'), begun('instance/shop')];

/** As the solver plans it: stop, read out, bring up again. */
const EXPORT = plan(
  [
    step('instance/shop', [], { id: 'instance/shop#stop', action: 'stop', inverse: 'ensure' }),
    step('storage/shop-data', ['instance/shop#stop'], { id: 'storage/shop-data#export', action: 'export', inverse: 'none' }),
    step('instance/shop', ['storage/shop-data#export'], { inverse: 'none' }),
  ],
  { outcome: 'export', wires: [{ from: 'instance/shop', requirement: 'pg', to: 'database/pg' }] },
);
const stopBegun = begun('instance/shop#stop', { action: 'stop' });
const exportBegun = begun('storage/shop-data#export', { action: 'export', deadline: NOW + 3_600_000 });
const up = { pg: { url: 'pg://shared' } };
const exporting = [accepted({ job: 'export' }), planMade(EXPORT), admitted, stopBegun, done('instance/shop#stop'), exportBegun];
const readOut = [
  ...exporting,
  done('storage/shop-data#export', { part: {} }),
  begun('instance/shop', { inputs: up }),
  done('instance/shop'),
];

describe('an export', () => {
  test('stops, reads out, brings up again with the inputs that stand; data have a deadline of their own', () => {
    given(accepted({ job: 'export' }), planMade(EXPORT))
      .when({ type: 'Admit', planHash: 'plan-1', setting: setting() })
      .then([admitted, stopBegun]);
    given(...exporting.slice(0, 4))
      .when(settle('instance/shop#stop', success(), { action: 'stop' }))
      .then([done('instance/shop#stop'), exportBegun]);
    given(...exporting)
      .when(settle('storage/shop-data#export', success({ part: {} }), { action: 'export' }))
      .then([done('storage/shop-data#export', { part: {} }), begun('instance/shop', { inputs: up })]);
  });

  test('has succeeded when what was read out is a snapshot, not before; nothing is installed by it', () => {
    given(...readOut)
      .when(tick(NOW + 1))
      .then([]);
    const end = { alreadySatisfied: [], installed: [], removed: [], wires: [], snapshot: 'r1' };
    given(...readOut)
      .when({ type: 'Keep', snapshot: 'r1' })
      .then([{ type: 'RequestSucceeded', data: end }]);
    given(...exporting)
      .when({ type: 'Keep', snapshot: 'r1' })
      .then([]);
    const ended = [...readOut, { type: 'RequestSucceeded', data: end } as RequestEvent];
    const state = ended.reduce(request.evolve, request.initialState());
    expect(settlement(state, { guestLocation: 'local' })).toEqual({
      name: 'shop',
      outcome: 'done',
      installed: [],
      removed: [],
      wires: [],
    });
  });

  test('that fails is undone by bringing up what was stopped', () => {
    const why = cause('foreign');
    given(...exporting)
      .when(settle('storage/shop-data#export', failure(why), { action: 'export' }))
      .then([
        stepFailed('storage/shop-data#export', why),
        { type: 'UndoStarted', data: { cause: why } },
        begun('instance/shop#stop', { undo: true, inputs: up }),
      ]);
    const undoing: RequestEvent[] = [
      ...exporting,
      stepFailed('storage/shop-data#export', why),
      { type: 'UndoStarted', data: { cause: why } },
      begun('instance/shop#stop', { undo: true, inputs: up }),
    ];
    given(...undoing)
      .when(settle('instance/shop#stop', success()))
      .then([undone('instance/shop#stop'), { type: 'RequestFailed', data: { cause: why } }]);
  });

  test('that is cancelled, or cannot be kept, when everything runs again has nothing to undo', () => {
    const lost = cause('blob-missing');
    given(...readOut)
      .when({ type: 'Lose', cause: lost, setting: setting() })
      .then([
        { type: 'UndoStarted', data: { cause: lost } },
        { type: 'RequestFailed', data: { cause: lost } },
      ]);
    const state = readOut.reduce(request.evolve, request.initialState());
    const cancelled = request.decide(state, { type: 'Cancel', actor: ADA, setting: setting() });
    expect(cancelled.map(({ type }) => type)).toEqual(['CancelRequested', 'UndoStarted', 'RequestCancelled']);
    given(...exporting)
      .when({ type: 'Lose', cause: lost, setting: setting() })
      .then([]);
  });

  test('whose instance cannot be brought up again needs attention, and names it', () => {
    const events: RequestEvent[] = [
      ...exporting,
      stepFailed('storage/shop-data#export'),
      { type: 'UndoStarted', data: { cause: cause('foreign') } },
      begun('instance/shop#stop', { undo: true }),
      { type: 'StepUndoFailed', data: { stepId: 'instance/shop#stop', try: 1, cause: cause('port-taken') } },
    ];
    const resource = { environment: 'default', kind: 'instance' as const, name: 'shop' };
    const left = [{ resource, generation: 1, location: 'local', reason: 'port-taken' }];
    given(...events)
      .when(tick(NOW + 1))
      .then([{ type: 'AttentionNeeded', data: { cause: cause('port-taken'), left } }]);
  });
});

test('why it failed is what failed by itself, not what was ended because of that', () => {
  const [ended, why] = [cause('step-cancelled'), cause('blob-missing')];
  given(...running, stepFailed('database/shop-db', why))
    .when(settle('storage/shop-data', failure(ended)))
    .then([
      stepFailed('storage/shop-data', ended),
      { type: 'UndoStarted', data: { cause: why } },
      undoBegun('storage/shop-data'),
      undoBegun('database/shop-db'),
    ]);
});

describe('acceptance', () => {
  test('once; the same body again records nothing, another body is refused', () => {
    given().when({ type: 'Accept', request: asked }).then([accepted()]);
    given(accepted()).when({ type: 'Accept', request: asked }).then([]);
    given(accepted())
      .when({ type: 'Accept', request: { ...asked, bodyHash: 'other' } })
      .thenRefuses('key-reused');
  });

  test('a voided request is never accepted, an accepted one never voided', () => {
    const voided: RequestCommand = { type: 'Void', environment: 'default', name: 'shop' };
    given()
      .when(voided)
      .then([{ type: 'RequestVoided', data: { environment: 'default', name: 'shop' } }]);
    given().when(voided, { type: 'Accept', request: asked }).thenRefuses('not-possible');
    given(accepted()).when(voided).then([]);
  });
});

describe('the plan', () => {
  test('satisfied already: succeeds with no step', () => {
    const satisfied = plan([], { outcome: 'satisfied', hash: 's' });
    given(accepted())
      .when({ type: 'Plan', plan: satisfied })
      .then([
        planMade(satisfied),
        { type: 'RequestSucceeded', data: { alreadySatisfied: [], installed: [], removed: [], wires: [] } },
      ]);
  });

  test('unsatisfied: fails with no step and names what is missing', () => {
    const unsatisfied = [{ chain: ['a@1.0.0'], requirement: 'b', reason: 'no-definition' as const, message: 'There is no b' }];
    const made = plan([], { outcome: 'unsatisfied', unsatisfied, hash: 'u' });
    given(accepted())
      .when({ type: 'Plan', plan: made })
      .then([planMade(made), { type: 'RequestUnsatisfied', data: { unsatisfied } }]);
  });

  test('Q1: another one may be made before admission, none after; only the newest is admitted', () => {
    const newer = plan([step('instance/shop')], { hash: 'plan-2' });
    given(accepted(), planMade())
      .when({ type: 'Plan', plan: newer })
      .then([planMade(newer)]);
    given(accepted(), planMade(newer)).when({ type: 'Admit', planHash: 'plan-1', setting: setting() }).then([]);
    given(...running)
      .when({ type: 'Plan', plan: newer })
      .then([]);
  });

  test('it waits in the queue, told once for each reason', () => {
    const wait: RequestCommand = { type: 'Wait', code: 'limit-reached', reason: '64 are carried out' };
    given(accepted(), planMade())
      .when(wait)
      .then([{ type: 'RequestWaiting', data: { code: 'limit-reached', reason: '64 are carried out' } }]);
    given(accepted(), planMade()).when(wait, wait).then([]);
  });
});

describe('steps', () => {
  test('Q2: what depends on nothing begins side by side, with the admission', () => {
    given(accepted(), planMade())
      .when({ type: 'Admit', planHash: 'plan-1', setting: setting() })
      .then([admitted, begun('storage/shop-data'), begun('database/shop-db')]);
  });

  test('Q2: the outcome and what it makes due are decided together, inputs come from steps and from what is installed', () => {
    given(...running, done('storage/shop-data', { path: '/data' }))
      .when(settle('database/shop-db', success({ url: 'db' })))
      .then([
        done('database/shop-db', { url: 'db' }),
        begun('instance/shop', { inputs: { data: { path: '/data' }, pg: { url: 'pg://shared' } } }),
      ]);
    given(...running)
      .when(settle('storage/shop-data', success()))
      .then([done('storage/shop-data')]);
  });

  test('the last one ends the request', () => {
    const refs = GUESTBOOK.steps.map(({ kind, name, generation, definition }) => ({ kind, name, generation, definition }));
    given(...allButLast)
      .when(settle('instance/shop', success()))
      .then([
        done('instance/shop'),
        { type: 'RequestSucceeded', data: { alreadySatisfied: [], installed: refs, removed: [], wires: GUESTBOOK.wires } },
      ]);
  });

  test('Q3: an outcome of another try, of an undo, or told twice changes nothing', () => {
    given(...running)
      .when(settle('storage/shop-data', success(), { try: 2 }))
      .then([]);
    given(...running)
      .when(settle('storage/shop-data', success(), { action: 'destroy' }))
      .then([]);
    given(...running, done('storage/shop-data'))
      .when(settle('storage/shop-data', failure(cause('driver-failed'))))
      .then([]);
  });

  test('a failed try is repeated with backoff, and the next time is told', () => {
    const retry = (tryNumber: number, at: number): RequestEvent => ({
      type: 'StepRetryScheduled',
      data: { stepId: 'storage/shop-data', try: tryNumber, nextTry: tryNumber + 1, at, cause: cause('driver-failed') },
    });
    given(...running)
      .when(settle('storage/shop-data', failure(cause('driver-failed'))))
      .then([retry(1, NOW + 2_000)]);
    given(...running, retry(1, NOW + 2_000))
      .when(tick(NOW + 1_999))
      .then([]);
    const again = begun('storage/shop-data', { try: 2, deadline: NOW + 62_000 });
    given(...running, retry(1, NOW + 2_000))
      .when(tick(NOW + 2_000))
      .then([again]);
    const second = settle('storage/shop-data', failure(cause('driver-failed')), { try: 2 });
    given(...running, retry(1, NOW + 2_000), again)
      .when(second)
      .then([retry(2, NOW + 3_000)]);
  });

  test.each<[string, Cause]>([
    ['a refusal', cause('foreign')],
    ['what waits for a person', cause('secret-missing')],
    ['what was never begun', cause('no-server', { started: false })],
  ])('%s is not repeated', (_what, why) => {
    const failed = { type: 'StepFailed', data: { stepId: 'instance/shop', try: 1, cause: why } } as const;
    const undo: RequestEvent[] = [
      { type: 'UndoStarted', data: { cause: why } },
      ...(why.details ? [undoBegun('storage/shop-data'), undoBegun('database/shop-db')] : [undoBegun('instance/shop')]),
    ];
    given(...allButLast)
      .when(settle('instance/shop', failure(why)))
      .then([failed, ...undo]);
  });

  test('with no server it waits, told once', () => {
    const hold: RequestCommand = {
      type: 'HoldStep',
      stepId: 'storage/shop-data',
      action: 'ensure',
      try: 1,
      code: 'no-server',
      reason: 'Nobody',
    };
    const waiting: RequestEvent = {
      type: 'StepWaiting',
      data: { stepId: 'storage/shop-data', try: 1, code: 'no-server', reason: 'Nobody' },
    };
    given(...running)
      .when(hold)
      .then([waiting]);
    given(...running, waiting)
      .when(hold)
      .then([]);
  });

  test('Q4: a deadline that passes makes it uncertain, not failed; nothing is undone before it is settled', () => {
    const uncertain: RequestEvent = { type: 'StepUncertain', data: { stepId: 'storage/shop-data', try: 1 } };
    given(...running, done('database/shop-db'))
      .when(tick(NOW + 61_499))
      .then([]);
    given(...running, done('database/shop-db'))
      .when(tick(NOW + 61_500))
      .then([uncertain]);
    given(...running, uncertain)
      .when(settle('database/shop-db', failure(cause('foreign'))))
      .then([stepFailed('database/shop-db')]);
  });

  test('a step that was cancelled because its time was over has timed out, and is tried again', () => {
    const uncertain: RequestEvent = { type: 'StepUncertain', data: { stepId: 'storage/shop-data', try: 1 } };
    const [retry] = request.decide(
      [...running, uncertain].reduce(request.evolve, request.initialState()),
      settle('storage/shop-data', failure(cause('step-cancelled'))),
    );
    expect(retry).toMatchObject({ type: 'StepRetryScheduled', data: { cause: { code: 'step-timed-out' } } });
  });

  test('more than a hundred at once begin with the next tick', () => {
    const wide = plan(Array.from({ length: 150 }, (_, n) => step(`storage/s${n}`)));
    const first = request.decide([accepted(), planMade(wide)].reduce(request.evolve, request.initialState()), {
      type: 'Admit',
      planHash: wide.hash,
      setting: setting(),
    });
    expect(first).toHaveLength(101);
    const state = [accepted(), planMade(wide), ...first].reduce(request.evolve, request.initialState());
    expect(request.decide(state, tick(NOW))).toHaveLength(50);
  });
});

describe('undo', () => {
  const why = cause('foreign');
  const failing = [...allButLast, stepFailed('instance/shop'), { type: 'UndoStarted', data: { cause: why } } as RequestEvent];

  test('Q4: in reverse: what came last is undone first', () => {
    given(...failing, undoBegun('instance/shop'))
      .when(settle('instance/shop', success(), { action: 'destroy' }))
      .then([undone('instance/shop'), undoBegun('storage/shop-data'), undoBegun('database/shop-db')]);
  });

  test('ends with the cause of the failure', () => {
    given(
      ...failing,
      undoBegun('instance/shop'),
      undone('instance/shop'),
      undoBegun('storage/shop-data'),
      undone('storage/shop-data'),
      undoBegun('database/shop-db'),
    )
      .when(settle('database/shop-db', success(), { action: 'destroy' }))
      .then([undone('database/shop-db'), { type: 'RequestFailed', data: { cause: why } }]);
  });

  test('waits for what runs beside it', () => {
    given(...running)
      .when(settle('storage/shop-data', failure(why)))
      .then([stepFailed('storage/shop-data')]);
  });

  test('what was never begun is not undone', () => {
    const never = cause('no-server', { started: false });
    given(...running, stepFailed('storage/shop-data', never))
      .when(settle('database/shop-db', failure(never)))
      .then([
        stepFailed('database/shop-db', never),
        { type: 'UndoStarted', data: { cause: never } },
        { type: 'RequestFailed', data: { cause: never } },
      ]);
  });

  test('Q5: what cannot be undone needs attention and is listed, with what it rests on; a retry goes on there', () => {
    const refused = settle('instance/shop', failure(cause('forbidden')), { action: 'destroy' });
    const failed: RequestEvent = { type: 'StepUndoFailed', data: { stepId: 'instance/shop', try: 1, cause: cause('forbidden') } };
    const left = [
      ['storage', 'shop-data', 'It was kept when another step failed'],
      ['database', 'shop-db', 'It was kept when another step failed'],
      ['instance', 'shop', 'forbidden'],
    ].map(([kind, name, reason]) => ({
      resource: { environment: 'default', kind, name },
      generation: 1,
      location: 'local',
      reason,
    }));
    const kept = left.map((one) => (one.reason === 'forbidden' ? one : { ...one, reason: 'gone' }));
    const attention = { type: 'AttentionNeeded', data: { cause: cause('forbidden'), left } } as RequestEvent;
    given(...failing, undoBegun('instance/shop'))
      .when(refused)
      .then([failed, attention]);
    given(...failing, undoBegun('instance/shop'), failed, attention)
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .then([{ type: 'RequestRetried', data: { actor: ADA } }, undoBegun('instance/shop', { try: 2 })]);
    given(...failing, undoBegun('instance/shop'), failed, attention)
      .when({ type: 'Abandon', actor: ADA, reason: 'gone' })
      .then([{ type: 'RequestAbandoned', data: { actor: ADA, reason: 'gone', left: kept } as never }]);
  });

  test('what carries no mark of ours is not ours to take away', () => {
    given(...failing, undoBegun('instance/shop'))
      .when(settle('instance/shop', failure(cause('foreign')), { action: 'destroy' }))
      .then([undone('instance/shop'), undoBegun('storage/shop-data'), undoBegun('database/shop-db')]);
  });

  test('kept on failure: needs attention instead, and a retry begins the failed step only', () => {
    const kept = [accepted({ keepOnFailure: true }), ...allButLast.slice(1)];
    const state = kept.reduce(request.evolve, request.initialState());
    const events = request.decide(state, settle('instance/shop', failure(why)));
    expect(events.map(({ type }) => type)).toEqual(['StepFailed', 'AttentionNeeded']);
    given(...kept, ...events)
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .then([
        { type: 'RequestRetried', data: { actor: ADA } },
        begun('instance/shop', { try: 2, inputs: { data: { path: '/data' }, pg: { url: 'pg://shared' } } }),
      ]);
  });
});

describe('deprovision', () => {
  const removing = [accepted({ job: 'deprovision' }), planMade(REMOVAL), admitted, begun('instance/shop', { action: 'destroy' })];

  test('what uses goes before what it uses', () => {
    given(...removing)
      .when(settle('instance/shop', success(), { action: 'destroy' }))
      .then([done('instance/shop'), begun('storage/shop-data', { action: 'destroy' })]);
  });

  test('Q6: forward only: no cancel, no undo; what fails for good needs attention and is tried again', () => {
    given(...removing)
      .when({ type: 'Cancel', actor: ADA, setting: setting() })
      .thenRefuses('not-possible');
    const events = request.decide(
      removing.reduce(request.evolve, request.initialState()),
      settle('instance/shop', failure(cause('forbidden')), { action: 'destroy' }),
    );
    expect(events.map(({ type }) => type)).toEqual(['StepFailed', 'AttentionNeeded']);
    expect(events[1]).toMatchObject({ data: { left: [{ resource: { name: 'shop-data' } }, { resource: { name: 'shop' } }] } });
    given(...removing, ...events)
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .then([{ type: 'RequestRetried', data: { actor: ADA } }, begun('instance/shop', { action: 'destroy', try: 2 })]);
  });
});

/** As the solver plans it: what differs, with what it was; then what is not needed any more. */
const before = { definition: { name: 'd', version: '0.9.0', hash: 'g' }, spec: { size: 'before' } };
const RESIZE = plan(
  [
    step('storage/shop-data', [], { action: 'update', inverse: 'update', before: { ...before, wires: [] } }),
    step('instance/shop', ['storage/shop-data'], {
      ...{ action: 'update', inverse: 'update' },
      before: { ...before, wires: [{ from: 'instance/shop', requirement: 'pg', to: 'database/pg' }] },
    }),
    step('instance/shop-helper', ['instance/shop'], { action: 'destroy', inverse: 'forward' }),
  ],
  { outcome: 'update', wires: [{ from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' }] },
);
const change = (stepId: string, more: object = {}) => begun(stepId, { action: 'update', ...more });
const changed = (stepId: string, outcome: StepOutcome) => settle(stepId, outcome, { action: 'update' });
const withData = { data: { path: '/data' } };
const resizing = [
  ...[accepted({ job: 'update' }), planMade(RESIZE), admitted, change('storage/shop-data')],
  ...[done('storage/shop-data', withData.data), change('instance/shop', { inputs: withData })],
];
const removingRest = [...resizing, done('instance/shop'), begun('instance/shop-helper', { action: 'destroy' })];

/** The instance is changed, then what it needs no more goes. */
const UPDATE = plan(
  [
    step('instance/shop', [], {
      action: 'update',
      inverse: 'update',
      changes: [],
      before: { definition: step('instance/shop').definition, spec: {}, wires: [] },
    }),
    step('instance/helper', ['instance/shop'], { action: 'destroy', inverse: 'forward' }),
  ],
  { outcome: 'update' },
);

describe('an update', () => {
  const refOf = (id: string) => {
    const { kind, name, generation, definition } = RESIZE.steps.find((one) => one.id === id)!;
    return { kind, name, generation, definition };
  };

  test('changes what is there, and takes away what is not needed any more when all else is done', () => {
    given(...resizing.slice(0, 2))
      .when({ type: 'Admit', planHash: 'plan-1', setting: setting() })
      .then([admitted, change('storage/shop-data')]);
    given(...resizing.slice(0, 4))
      .when(changed('storage/shop-data', success(withData.data)))
      .then(resizing.slice(4));
    given(...resizing)
      .when(changed('instance/shop', success()))
      .then(removingRest.slice(-2));
    const data = {
      ...{ alreadySatisfied: [], installed: [], wires: RESIZE.wires },
      removed: [refOf('instance/shop-helper')],
      updated: [refOf('storage/shop-data'), refOf('instance/shop')],
    };
    given(...removingRest)
      .when(settle('instance/shop-helper', success(), { action: 'destroy' }))
      .then([done('instance/shop-helper'), { type: 'RequestSucceeded', data }]);
    const ended: RequestEvent[] = [...removingRest, done('instance/shop-helper'), { type: 'RequestSucceeded', data }];
    const told = settlement(ended.reduce(request.evolve, request.initialState()), { guestLocation: 'here', provisioner: 'acme' });
    expect(told).toMatchObject({ outcome: 'done', removed: ['instance/shop-helper'], wires: RESIZE.wires });
    expect(told.installed).toMatchObject([
      { kind: 'storage', name: 'shop-data', guestLocation: 'here', provisioner: 'acme', outputs: { path: '/data' } },
      { kind: 'instance', name: 'shop', instanceId: 'shop' },
    ]);
  });

  test('that fails, or is cancelled, is undone by changing back, with what each was wired to; no try has the number of another', () => {
    const why = cause('foreign');
    const back = [
      { type: 'UndoStarted', data: { cause: why } } as RequestEvent,
      change('instance/shop', { undo: true, try: 2, inputs: { pg: { url: 'pg://shared' } } }),
    ];
    given(...resizing)
      .when(changed('instance/shop', failure(why)))
      .then([stepFailed('instance/shop', why), ...back]);
    const undoing = [...resizing, stepFailed('instance/shop', why), ...back];
    given(...undoing)
      .when(settle('instance/shop', success(), { action: 'update', try: 2 }))
      .then([
        { type: 'StepUndone', data: { stepId: 'instance/shop', try: 2 } },
        change('storage/shop-data', { undo: true, try: 2 }),
      ]);
    const cancel: RequestCommand = { type: 'Cancel', actor: ADA, setting: setting() };
    const cancelled = [...resizing, ...request.decide(resizing.reduce(request.evolve, request.initialState()), cancel)];
    const then = request.decide(cancelled.reduce(request.evolve, request.initialState()), changed('instance/shop', success()));
    expect(then.map(({ type }) => type)).toEqual(['StepSucceeded', 'UndoStarted', 'StepRequested']);
    expect(then[2]).toMatchObject({ data: { stepId: 'instance/shop', action: 'update', undo: true, try: 2 } });
  });

  test('that is abandoned while it takes something away leaves what it has changed as it is now', () => {
    const stuck = request.decide(
      removingRest.reduce(request.evolve, request.initialState()),
      settle('instance/shop-helper', failure(cause('forbidden')), { action: 'destroy' }),
    );
    expect(stuck.map(({ type }) => type)).toEqual(['StepFailed', 'AttentionNeeded']);
    expect(stuck[1]).toMatchObject({ data: { left: [{ resource: { name: 'shop-helper' } }] } });
    const state = [...removingRest, ...stuck].reduce(request.evolve, request.initialState());
    const abandoned = request.decide(state, { type: 'Abandon', actor: ADA, reason: 'its host is gone' });
    const told = settlement(abandoned.reduce(request.evolve, state), { guestLocation: 'here' });
    expect(told).toMatchObject({ outcome: 'abandoned', removed: ['instance/shop-helper'], wires: RESIZE.wires });
    expect(told.installed.map(({ name }) => name)).toEqual(['shop-data', 'shop']);
  });

  const cancel: RequestCommand = { type: 'Cancel', actor: ADA, setting: setting() };
  const updating: RequestEvent[] = [
    accepted({ job: 'update' }),
    planMade(UPDATE),
    admitted,
    begun('instance/shop', { action: 'update' }),
  ];
  const removing = [...updating, done('instance/shop'), begun('instance/helper', { action: 'destroy' })];
  const left = [
    {
      resource: { environment: 'default', kind: 'instance' as const, name: 'helper' },
      ...{ generation: 1, location: 'local', reason: 'forbidden' },
    },
  ];
  const halfRemoved: RequestEvent[] = [
    ...removing,
    stepFailed('instance/helper', cause('forbidden')),
    { type: 'AttentionNeeded', data: { cause: cause('forbidden'), left } },
  ];

  test('is undone when it is cancelled before anything is taken away', () => {
    const asksToCancel: RequestEvent = { type: 'CancelRequested', data: { actor: ADA } };
    given(...updating)
      .when(cancel)
      .then([asksToCancel]);
    const why: Cause = { code: 'cancelled', message: 'It was cancelled', hint: 'Make a new request if it is still wanted.' };
    given(...updating, asksToCancel)
      .when(settle('instance/shop', success(), { action: 'update' }))
      .then([
        done('instance/shop'),
        { type: 'UndoStarted', data: { cause: why } },
        begun('instance/shop', { action: 'update', undo: true, try: 2 }),
      ]);
  });

  describe('that is given up half done', () => {
    const told = (...events: RequestEvent[]) => {
      const state = events.reduce(request.evolve, request.initialState());
      const ended = request.decide(state, { type: 'Abandon', actor: ADA, reason: 'enough' });
      const kept = ended.flatMap((event) => (event.type === 'RequestAbandoned' ? event.data.left : []));
      const { outcome, uncertain, removed } = settlement(ended.reduce(request.evolve, state), { guestLocation: 'local' });
      return { left: kept.map(({ resource: { kind, name } }) => `${kind}/${name}`), outcome, uncertain, removed };
    };
    const undoing: RequestEvent[] = [
      ...updating,
      stepFailed('instance/shop', cause('health-failed')),
      { type: 'UndoStarted', data: { cause: cause('health-failed') } },
      begun('instance/shop', { action: 'update', undo: true, try: 2 }),
    ];
    const failedAgain: RequestEvent[] = [
      { type: 'StepUndoFailed', data: { stepId: 'instance/shop', try: 2, cause: cause('health-failed') } },
      { type: 'AttentionNeeded', data: { cause: cause('health-failed'), left: [] } },
    ];
    const abandoned = { left: ['instance/shop'], outcome: 'abandoned', uncertain: ['instance/shop'], removed: [] };

    test('the environment is told what is uncertain', () => expect(told(...undoing, ...failedAgain)).toEqual(abandoned));

    test('also of what has no outcome', () => {
      const late: RequestEvent = { type: 'StepUncertain', data: { stepId: 'instance/shop', try: 1 } };
      expect(told(...updating, late)).toEqual(abandoned);
    });

    test('nothing where all that was taken away stays so', () =>
      expect(told(...halfRemoved)).toEqual({
        left: ['instance/helper'],
        outcome: 'abandoned',
        uncertain: undefined,
        removed: ['instance/helper'],
      }));
  });

  test('only goes on once something is being taken away: no cancel, and what fails for good needs attention', () => {
    given(...removing)
      .when(cancel)
      .thenRefuses('not-possible');
    given(...removing)
      .when(settle('instance/helper', failure(cause('forbidden')), { action: 'destroy' }))
      .then(halfRemoved.slice(-2));
    given(...halfRemoved)
      .when(cancel)
      .thenRefuses('not-possible');
  });

  test('also where a retry that is paused has not begun it again: what is half gone is not put back', () => {
    const waiting: RequestEvent[] = [
      ...halfRemoved,
      { type: 'RequestPaused', data: { actor: ADA } },
      { type: 'RequestRetried', data: { actor: ADA } },
    ];
    given(...waiting.slice(0, -1))
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .then(waiting.slice(-1));
    given(...waiting)
      .when(cancel)
      .thenRefuses('not-possible');
    given(...waiting)
      .when({ type: 'Resume', actor: ADA, setting: setting() })
      .then([{ type: 'RequestResumed', data: { actor: ADA } }, begun('instance/helper', { action: 'destroy', try: 2 })]);
  });
});

describe('what people do', () => {
  const cancel: RequestCommand = { type: 'Cancel', actor: ADA, reason: 'changed my mind', setting: setting() };
  const asksToCancel: RequestEvent = { type: 'CancelRequested', data: { actor: ADA, reason: 'changed my mind' } };
  const why: Cause = { code: 'cancelled', message: 'changed my mind', hint: 'Make a new request if it is still wanted.' };

  test('cancel in the queue simply ends it', () => {
    given(accepted(), planMade())
      .when(cancel)
      .then([asksToCancel, { type: 'RequestCancelled', data: { cause: why } }]);
  });

  test('cancel while it runs: no further step begins; when all has ended it is undone and cancelled', () => {
    given(...running)
      .when(cancel)
      .then([asksToCancel]);
    given(...running, asksToCancel)
      .when(settle('storage/shop-data', success()))
      .then([done('storage/shop-data')]);
    const cancelled = cause('step-cancelled');
    given(...running, asksToCancel, done('storage/shop-data'))
      .when(settle('database/shop-db', failure(cancelled)))
      .then([
        stepFailed('database/shop-db', cancelled),
        { type: 'UndoStarted', data: { cause: why } },
        undoBegun('storage/shop-data'),
        undoBegun('database/shop-db'),
      ]);
  });

  test('cancel of what is paused ends the pause, so that it is undone; also when it was paused after the cancel', () => {
    const paused: RequestEvent = { type: 'RequestPaused', data: { actor: ADA } };
    const resumed: RequestEvent = { type: 'RequestResumed', data: { actor: ADA } };
    const undoing: RequestEvent = { type: 'UndoStarted', data: { cause: why } };
    const made = [done('storage/shop-data'), done('database/shop-db')];
    const begins = [undoBegun('storage/shop-data'), undoBegun('database/shop-db')];
    given(...running, paused, ...made)
      .when(cancel)
      .then([resumed, asksToCancel, undoing, ...begins]);
    given(...running, asksToCancel, paused, ...made, undoing)
      .when(cancel)
      .then([resumed, ...begins]);
    given(...running, asksToCancel, ...made, undoing, ...begins)
      .when(cancel)
      .then([]);
  });

  test.each(['Cancel', 'Pause', 'Resume', 'Abandon'] as const)('%s after the end is not possible', (type) => {
    const ended: RequestEvent = { type: 'RequestFailed', data: { cause: why } };
    const command = { type, actor: ADA, reason: 'r', setting: setting() } as RequestCommand;
    given(accepted(), ended).when(command).thenRefuses('not-possible');
  });

  test('Q7: paused, what runs ends and nothing begins; resumed, it goes on', () => {
    const paused: RequestEvent = { type: 'RequestPaused', data: { actor: ADA } };
    given(...running)
      .when({ type: 'Pause', actor: ADA })
      .then([paused]);
    given(...running, paused)
      .when({ type: 'Pause', actor: ADA })
      .then([]);
    given(...running, paused, done('storage/shop-data'))
      .when(settle('database/shop-db', success()))
      .then([done('database/shop-db')]);
    const retry: RequestEvent = {
      type: 'StepRetryScheduled',
      data: { stepId: 'storage/shop-data', try: 1, nextTry: 2, at: NOW, cause: cause('driver-failed') },
    };
    given(...running, paused, retry)
      .when(tick(NOW + 1))
      .then([]);
    given(...running, paused, retry)
      .when({ type: 'Resume', actor: ADA, setting: setting() })
      .then([{ type: 'RequestResumed', data: { actor: ADA } }, begun('storage/shop-data', { try: 2 })]);
  });

  test('a retry of what failed and was undone begins anew, and tries go on counting', () => {
    const events: RequestEvent[] = [
      ...running,
      stepFailed('storage/shop-data'),
      done('database/shop-db'),
      { type: 'RequestFailed', data: { cause: why } },
      { type: 'RequestRetried', data: { actor: ADA } },
    ];
    given(...events.slice(0, -1))
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .then([{ type: 'RequestRetried', data: { actor: ADA } }]);
    given(...events, planMade())
      .when({ type: 'Admit', planHash: 'plan-1', setting: setting() })
      .then([admitted, begun('storage/shop-data', { try: 2 }), begun('database/shop-db', { try: 2 })]);
  });

  test('retry of what runs or has succeeded is not possible; neither is abandoning what needs no attention', () => {
    given(...running)
      .when({ type: 'Retry', actor: ADA, setting: setting() })
      .thenRefuses('not-possible');
    given(...running)
      .when({ type: 'Abandon', actor: ADA, reason: 'r' })
      .thenRefuses('not-possible');
  });
});

test('what the environment is told: what was made, for whom, how it is wired, what it offers and needs, and what beside its definition', () => {
  const resolved = {
    capabilities: [{ namespace: 'greeting', attributes: { to: 'all' } }],
    needs: [{ name: 'db', namespace: 'database', range: '^1' }],
  };
  const requirements = [{ namespace: 'cache', name: 'extra' }];
  const shared = plan([step('database/pg', [], { shared: true }), step('instance/shop', ['database/pg'])], {
    wires: [{ from: 'instance/shop', requirement: 'db', to: 'database/pg' }],
  });
  const state = [
    accepted(),
    planMade({
      ...shared,
      steps: shared.steps.map((one) => (one.id === 'instance/shop' ? { ...one, ...resolved, requirements } : one)),
    }),
    admitted,
    begun('database/pg'),
    done('database/pg', { url: 'u' }),
    begun('instance/shop'),
    done('instance/shop'),
  ].reduce(request.evolve, request.initialState());
  const ended = request.evolve(state, {
    type: 'RequestSucceeded',
    data: { alreadySatisfied: [], installed: [], removed: [], wires: [] },
  });
  const told = settlement(ended, { guestLocation: 'here' });
  expect(told).toMatchObject({ name: 'shop', outcome: 'done', removed: [], wires: shared.wires });
  expect(told.installed).toMatchObject([
    { kind: 'database', name: 'pg', owner: ADA, guestLocation: 'here', outputs: { url: 'u' } },
    { kind: 'instance', name: 'shop', instanceId: 'shop', requirements, ...resolved },
  ]);
  expect(told.installed[0]).not.toHaveProperty('instanceId');
  for (const none of ['requirements', 'capabilities', 'needs']) expect(told.installed[0]).not.toHaveProperty(none);
});

describe('streams as they were written', () => {
  const folder = new URL('histories/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

  test('there are some', () => expect(files.length).toBeGreaterThan(2));

  test.each(files)('%s is still understood', (file) => {
    const history = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
      events: RequestEvent[];
      phase: string;
      steps: object;
    };
    const state = history.events.reduce(request.evolve, request.initialState());
    const steps = Object.fromEntries(
      Object.entries(state.steps).map(([id, { result, undone: gone }]) => [id, [result, gone].filter(Boolean).join(' ')]),
    );
    expect({ phase: state.phase, steps }).toEqual({ phase: history.phase, steps: history.steps });
  });
});
