import { describe, expect, it } from '@jest/globals';
import type { RequestEvent } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import { foldRequest } from './fold-request.js';
import { requests } from './requests.js';
import { positionOf, recorded, secondOf } from './testing/recorded.js';

const actor = { id: 'ada', type: 'user' as const };
const cause = { code: 'driver-failed' as const, message: 'exit code 1', hint: 'Read the log.' };
const definition = { name: 'guestbook', version: '1.0.0', hash: 'h' };
const step = (kind: 'storage' | 'instance', name: string, after: string[] = []) => ({
  id: `${kind}/${name}`,
  action: 'ensure' as const,
  kind,
  name,
  generation: 1,
  definition,
  location: 'local',
  driver: 'directory',
  spec: {},
  after,
  inverse: 'destroy' as const,
});
const plan = {
  environment: 'default',
  outcome: 'install' as const,
  alreadySatisfied: [],
  steps: [step('storage', 'shop-data'), step('instance', 'shop', ['storage/shop-data'])],
  wires: [],
  leases: [] as [],
  reads: [],
  writes: [],
  unsatisfied: [],
  hash: 'p',
};

const accepted: RequestEvent = {
  type: 'RequestAccepted',
  data: {
    job: 'provision',
    environment: 'default',
    name: 'shop',
    owner: { id: 'team-a', type: 'team' },
    actor,
    body: { definition: 'guestbook@^1' },
    bodyHash: 'b',
    priority: 3,
    notBefore: Date.parse(secondOf(30)),
    keepOnFailure: false,
  },
};
const planned: RequestEvent = { type: 'PlanMade', data: { plan, planHash: 'p' } };
const admitted: RequestEvent = { type: 'RequestAdmitted', data: { planHash: 'p' } };
const requested = (stepId: string, tryNumber = 1, undo = false): RequestEvent => ({
  type: 'StepRequested',
  data: { stepId, try: tryNumber, action: undo ? 'destroy' : 'ensure', undo, inputs: {}, deadline: 0 },
});
const succeeded = (stepId: string): RequestEvent => ({
  type: 'StepSucceeded',
  data: { stepId, try: 1, outputs: { path: '/d' } },
});
const failed = (stepId: string): RequestEvent => ({ type: 'StepFailed', data: { stepId, try: 1, cause } });
const undoing: RequestEvent = { type: 'UndoStarted', data: { cause } };
const left = [
  {
    resource: { environment: 'default', kind: 'storage' as const, name: 'shop-data' },
    generation: 1,
    location: 'local',
    reason: 'busy',
  },
];
const attention: RequestEvent = { type: 'AttentionNeeded', data: { cause, left } };
const retry: RequestEvent = { type: 'RequestRetried', data: { actor } };
const paused: RequestEvent = { type: 'RequestPaused', data: { actor, reason: 'waiting for Bob' } };
const resumed: RequestEvent = { type: 'RequestResumed', data: { actor } };

const fold = (...events: RequestEvent[]): RequestView =>
  foldRequest(recorded(events.map(({ type, data }) => ['request-r1', type, data])))!;
const statusOf = (view: RequestView, id: string) => view.steps.find((each) => each.id === id)?.status;
const started = [accepted, planned, admitted, requested('storage/shop-data')];

describe('a request folded from its stream', () => {
  it('is what was asked for', () => {
    expect(fold(accepted)).toEqual({
      id: 'r1',
      job: 'provision',
      status: 'queued',
      environment: 'default',
      instanceId: 'shop',
      definition: 'guestbook@^1',
      owner: { id: 'team-a', type: 'team' },
      actor,
      priority: 3,
      notBefore: secondOf(30),
      acceptedAt: secondOf(1),
      updatedAt: secondOf(1),
      logToken: 'ticket 7',
      steps: [],
      position: positionOf(1),
    });
  });

  it('that an earlier release recorded with null stops no view', () => {
    const old = { ...accepted.data, priority: null, notBefore: null, body: { definition: null } } as never;
    const view = fold({ type: 'RequestAccepted', data: old });
    expect(view).toMatchObject({ priority: 0, status: 'queued' });
    expect([view.notBefore, view.definition]).toEqual([undefined, undefined]);
    for (const { of, sort } of Object.values(requests.fields)) if (sort) expect(of(view)).not.toBeNull();
  });

  it('is none when there is no event, or its claim was voided', () => {
    expect(foldRequest([])).toBeNull();
    const voided = { type: 'RequestVoided' as const, data: { environment: 'default', name: 'shop' } };
    expect(foldRequest(recorded([['request-r1', voided.type, voided.data]]))).toBeNull();
  });

  it('goes from queued over running to succeeded, step by step', () => {
    const waiting = fold(accepted, { type: 'RequestWaiting', data: { code: 'limit-reached', reason: 'in the queue' } });
    expect(waiting).toMatchObject({ status: 'queued', waiting: { code: 'limit-reached', reason: 'in the queue' } });
    const running = fold(...started, succeeded('storage/shop-data'), requested('instance/shop'));
    expect(running).toMatchObject({ status: 'running', plan: { hash: 'p' }, updatedAt: secondOf(6), position: positionOf(6) });
    expect(running.steps).toMatchObject([
      {
        id: 'storage/shop-data',
        status: 'succeeded',
        try: 1,
        startedAt: secondOf(4),
        endedAt: secondOf(5),
        outputs: { path: '/d' },
      },
      { id: 'instance/shop', status: 'running', after: ['storage/shop-data'], startedAt: secondOf(6) },
    ]);
    const result = { alreadySatisfied: [], installed: [], removed: [], wires: [] };
    const done = fold(...started, succeeded('storage/shop-data'), { type: 'RequestSucceeded', data: result });
    expect(done).toMatchObject({ status: 'succeeded', result, endedAt: secondOf(6) });
    expect(done.waiting).toBeUndefined();
  });

  it('shows why a step waits, when it is tried again, that it is uncertain', () => {
    const held = { stepId: 'storage/shop-data', try: 1, code: 'no-server', reason: 'nobody serves local' };
    expect(fold(...started, { type: 'StepWaiting', data: held }).steps[0]).toMatchObject({
      status: 'waiting',
      cause: { code: 'no-server', message: 'nobody serves local', hint: expect.stringContaining('Start a replica') },
    });
    const again = { stepId: 'storage/shop-data', try: 1, nextTry: 2, at: Date.parse(secondOf(50)), cause };
    expect(fold(...started, { type: 'StepRetryScheduled', data: again }).steps[0]).toMatchObject({
      status: 'waiting',
      nextTryAt: secondOf(50),
      cause,
    });
    const second = fold(...started, { type: 'StepRetryScheduled', data: again }, requested('storage/shop-data', 2)).steps[0]!;
    expect(second).toMatchObject({ status: 'running', try: 2 });
    expect([second.cause, second.nextTryAt]).toEqual([undefined, undefined]);
    const uncertain = fold(...started, { type: 'StepUncertain', data: { stepId: 'storage/shop-data', try: 1 } });
    expect(statusOf(uncertain, 'storage/shop-data')).toBe('uncertain');
  });

  it('is undone when a step fails for good', () => {
    const view = fold(...started, succeeded('storage/shop-data'), requested('instance/shop'), failed('instance/shop'), undoing);
    expect(view).toMatchObject({ status: 'undoing', cause });
    expect(statusOf(view, 'instance/shop')).toBe('failed');
    const undone: RequestEvent[] = [
      ...started,
      succeeded('storage/shop-data'),
      failed('instance/shop'),
      undoing,
      requested('storage/shop-data', 1, true),
      { type: 'StepUndone', data: { stepId: 'storage/shop-data', try: 1 } },
      { type: 'RequestFailed', data: { cause } },
    ];
    const end = fold(...undone);
    expect(end).toMatchObject({ status: 'failed', cause, endedAt: secondOf(10) });
    expect(statusOf(end, 'storage/shop-data')).toBe('undone');
    expect(end.steps[0]!.outputs).toBeUndefined();
    expect(statusOf(fold(...undone.slice(0, 8)), 'storage/shop-data')).toBe('undoing');
  });

  it('needs attention when undo fails, with what is left; a retry goes on with the undo', () => {
    const stuck = [...started, undoing, requested('storage/shop-data', 1, true)];
    const undoFailed: RequestEvent = { type: 'StepUndoFailed', data: { stepId: 'storage/shop-data', try: 1, cause } };
    const view = fold(...stuck, undoFailed, attention);
    expect(view).toMatchObject({ status: 'attention', cause, left });
    expect(statusOf(view, 'storage/shop-data')).toBe('undo-failed');
    const again = fold(...stuck, undoFailed, attention, retry);
    expect(again.status).toBe('undoing');
    expect(again.left).toBeUndefined();
    const given = fold(...stuck, undoFailed, attention, { type: 'RequestAbandoned', data: { actor, reason: 'enough', left } });
    expect(given).toMatchObject({ status: 'abandoned', left, endedAt: secondOf(9) });
  });

  it('goes on from the failed step when what was made was kept', () => {
    const view = fold(...started, failed('storage/shop-data'), attention, retry);
    expect(view).toMatchObject({ status: 'running', plan: { hash: 'p' } });
    expect([view.cause, view.left]).toEqual([undefined, undefined]);
    expect(statusOf(view, 'storage/shop-data')).toBe('pending');
  });

  it('begins anew when it is retried after its end', () => {
    const view = fold(...started, failed('storage/shop-data'), undoing, { type: 'RequestFailed', data: { cause } }, retry);
    expect(view).toMatchObject({ status: 'queued', steps: [] });
    expect([view.cause, view.endedAt, view.plan, view.result]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each<[string, RequestEvent[], RequestView['status'], RequestView['status']]>([
    ['queued', [accepted], 'paused', 'queued'],
    ['running', started, 'paused', 'running'],
    ['undoing', [...started, failed('storage/shop-data'), undoing], 'paused', 'undoing'],
    ['attention', [...started, failed('storage/shop-data'), attention], 'attention', 'attention'],
  ])('that is %s is paused and comes back to it', (_name, events, during, after) => {
    const view = fold(...events, paused);
    expect(view).toMatchObject({ status: during, paused: true });
    expect(view.pause).toEqual({ at: view.updatedAt, by: actor, reason: 'waiting for Bob' });
    expect(fold(...events, paused, resumed).status).toBe(after);
    const again = fold(...events, paused, resumed);
    expect([again.paused, again.pause]).toEqual([undefined, undefined]);
  });

  it('stays paused while what runs goes on', () => {
    const view = fold(...started, paused, failed('storage/shop-data'), undoing);
    expect(view.status).toBe('paused');
    expect(fold(...started, paused, failed('storage/shop-data'), undoing, resumed).status).toBe('undoing');
    const ended = fold(...started, paused, { type: 'RequestFailed', data: { cause } });
    expect([ended.status, ended.paused, ended.pause]).toEqual(['failed', undefined, undefined]);
  });

  it('is cancelled, out of the queue or out of attention', () => {
    const asked: RequestEvent = { type: 'CancelRequested', data: { actor } };
    expect(fold(accepted, asked, { type: 'RequestCancelled', data: { cause } })).toMatchObject({ status: 'cancelled', cause });
    const view = fold(...started, failed('storage/shop-data'), attention, asked, undoing);
    expect(view.status).toBe('undoing');
    expect(view.left).toBeUndefined();
  });

  it('has the steps that were requested when its plan stands in a blob', () => {
    const blob: RequestEvent = { type: 'PlanMade', data: { planBlob: { sha256: 's', bytes: 9 }, planHash: 'p' } };
    const view = fold(accepted, blob, admitted, requested('storage/shop-data'), succeeded('storage/shop-data'));
    expect(view.plan).toBeUndefined();
    expect(view.steps).toMatchObject([{ id: 'storage/shop-data', kind: 'storage', name: 'shop-data', status: 'succeeded' }]);
  });

  it('tells what is unsatisfied', () => {
    const unsatisfied = [{ chain: ['guestbook'], requirement: 'database', reason: 'no-definition' as const, message: 'none' }];
    const view = fold(accepted, { type: 'RequestUnsatisfied', data: { unsatisfied } });
    expect(view).toMatchObject({ status: 'unsatisfied', result: { unsatisfied }, endedAt: secondOf(2) });
  });
});
