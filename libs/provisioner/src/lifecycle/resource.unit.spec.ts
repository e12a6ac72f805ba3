import { describe, expect, test } from '@jest/globals';
import { SlipwayError, type ResourceEvent } from '@slipway/contracts';
import { isRunning, isSettled, resource, staysStopped, wanted, type ResourceCommand, type Running } from './resource.js';

const step = (over: Partial<Running> = {}): Omit<Running, 'epoch'> => ({
  requestId: 'r1',
  stepId: 'storage/shop-data',
  try: 1,
  action: 'ensure',
  generation: 1,
  replica: 'here-storage',
  location: 'local',
  driver: 'directory',
  definition: { name: 'directory', version: '1.0.0', hash: 'h' },
  spec: {},
  inputs: {},
  deadline: 1_000,
  ...over,
});
const started = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Started',
  data: { ...step(over), epoch },
});
const outcome = (epoch: number, over: Partial<Running> = {}) => {
  const { requestId, stepId, generation, try: nth } = step(over);
  return { requestId, stepId, try: nth, generation, epoch };
};
const provisioned = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Provisioned',
  data: { ...outcome(epoch, over), effect: 'made', outputs: { path: '/p' }, observed: {} },
});
const failed = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Failed',
  data: { ...outcome(epoch, over), action: over.action ?? 'ensure', cause: new SlipwayError('driver-failed').toCause() },
});
const destroyed = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Destroyed',
  data: { ...outcome(epoch, over), effect: 'destroyed' },
});
const hasStopped = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Stopped',
  data: outcome(epoch, over),
});
const PART = { sha256: 'a'.repeat(64), bytes: 10, mediaType: 'application/x-tar', contentBytes: 100 };
const exported = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Exported',
  data: { ...outcome(epoch, over), part: PART },
});
const updated = (epoch: number, over: Partial<Running> = {}): ResourceEvent => ({
  type: 'Updated',
  data: { ...outcome(epoch, over), outputs: { path: '/p', size: 'new' }, observed: {} },
});
const destroy = { action: 'destroy', requestId: 'r2' } as const;
const stop = { action: 'stop', requestId: 'r3', stepId: 'storage/shop-data#stop' } as const;
const read = { action: 'export', requestId: 'r3', stepId: 'storage/shop-data#export' } as const;
const alter = {
  action: 'update',
  requestId: 'r3',
  spec: { size: 'new' },
  inputs: { data: { path: '/other' } },
  definition: { name: 'directory', version: '1.1.0', hash: 'i' },
} as const;

const given = (...events: ResourceEvent[]) => {
  const state = events.reduce(resource.evolve, resource.initialState());
  return {
    state,
    when: (command: ResourceCommand) => ({
      events: (...expected: ResourceEvent[]) => expect(resource.decide(state, command)).toEqual(expected),
      refuses: (code: string) => expect(() => resource.decide(state, command)).toThrow(expect.objectContaining({ code })),
    }),
  };
};
const start = (over: Partial<Running> = {}): ResourceCommand => ({ type: 'Start', step: step(over) });
const settle = (event: ResourceEvent): ResourceCommand => ({ type: 'Settle', outcome: event as never });

describe('the lifecycle of a resource', () => {
  describe('R1: generations and epochs only grow', () => {
    test('the first step begins the first epoch', () => given().when(start()).events(started(1)));
    test('a later step begins the next epoch', () =>
      given(started(1), failed(1))
        .when(start({ try: 2 }))
        .events(started(2, { try: 2 })));
    test('a take-over begins the next epoch, and names who carries on', () => {
      const carried = given(started(1)).when({ type: 'TakeOver', epoch: 1, replica: 'other' });
      carried.events({ type: 'TakenOver', data: { generation: 1, epoch: 2, replica: 'other' } });
    });
    test('a take-over of what has an outcome, or another epoch, is nothing', () => {
      given(started(1), provisioned(1)).when({ type: 'TakeOver', epoch: 1, replica: 'other' }).events();
      given(started(1)).when({ type: 'TakeOver', epoch: 0, replica: 'other' }).events();
    });
    test('an older generation is refused', () =>
      given(started(1, { generation: 2 }), provisioned(1, { generation: 2 }))
        .when(start({ requestId: 'r9' }))
        .refuses('generation-old'));
    test('one step runs at a time; another is told by whom', () =>
      given(started(1))
        .when(start({ requestId: 'r2' }))
        .refuses('too-busy'));
    test('one that is given up for another has its outcome first', () => {
      const cause = new SlipwayError('step-cancelled').toCause();
      given(started(1))
        .when({ type: 'Start', step: step(destroy), supersede: cause })
        .events({ type: 'Failed', data: { ...outcome(1), action: 'ensure', cause } }, started(2, destroy));
    });
  });

  describe('R2: a try has at most one outcome, of the newest epoch', () => {
    test('the outcome of what runs is recorded', () =>
      given(started(1))
        .when(settle(provisioned(1)))
        .events(provisioned(1)));
    test('an outcome of an older epoch is void', () => {
      const takenOver: ResourceEvent = { type: 'TakenOver', data: { generation: 1, epoch: 2, replica: 'other' } };
      given(started(1), takenOver)
        .when(settle(provisioned(1)))
        .events();
      given(started(1), takenOver)
        .when(settle(provisioned(2)))
        .events(provisioned(2));
    });
    test('a second outcome is void', () =>
      given(started(1), provisioned(1))
        .when(settle(failed(1)))
        .events());
    test('the same command again is nothing, while it runs and when it has ended', () => {
      given(started(1)).when(start()).events();
      given(started(1), provisioned(1)).when(start()).events();
    });
    test('an older try that comes late is nothing', () =>
      given(started(1, { try: 2 }), failed(1, { try: 2 }))
        .when(start())
        .events());
    test('which tries run and which are settled', () => {
      const { state } = given(started(1), failed(1), started(2, { try: 2 }));
      expect([1, 2, 3].map((nth) => [isRunning(state, step({ try: nth })), isSettled(state, step({ try: nth }))])).toEqual([
        [false, true],
        [true, false],
        [false, false],
      ]);
    });
    test('to make and to destroy are two steps, also with one name', () =>
      given(started(1), provisioned(1))
        .when(start({ action: 'destroy' }))
        .events(started(2, { action: 'destroy' })));
  });

  describe('R3: what a destroy was begun of does not come back', () => {
    const there = [started(1), provisioned(1)];
    test('neither while it is destroyed', () => expect(wanted(given(...there, started(2, destroy)).state)).toBeUndefined());
    test('nor when destroying failed', () =>
      given(...there, started(2, destroy), failed(2, destroy))
        .when(start({ try: 2 }))
        .refuses('generation-old'));
    test('nor afterwards', () =>
      given(...there, started(2, destroy), destroyed(2, destroy))
        .when(start({ try: 2 }))
        .refuses('generation-old'));
    test('the next generation may be made', () =>
      given(...there, started(2, destroy), destroyed(2, destroy))
        .when(start({ generation: 2, requestId: 'r3' }))
        .events(started(3, { generation: 2, requestId: 'r3' })));
    test('a generation that never was can be destroyed: what comes late finds the mark', () => {
      given().when(start(destroy)).events(started(1, destroy));
      given(started(1, destroy), destroyed(1, destroy)).when(start()).refuses('generation-old');
    });
    test('destroying an old generation leaves a newer one alone', () => {
      const old = { ...destroy, generation: 1 };
      const { state } = given(
        started(1, { generation: 2 }),
        provisioned(1, { generation: 2 }),
        started(2, old),
        destroyed(2, old),
      );
      expect(wanted(state)?.generation).toBe(2);
    });
  });

  describe('R4: what changes with what runs', () => {
    const there = [started(1), provisioned(1)];
    const observe = (health: 'healthy' | 'unhealthy', restarts = 0, generation = 1): ResourceCommand => ({
      type: 'Observe',
      generation,
      health,
      restarts,
      reason: 'seen',
    });
    const ill: ResourceEvent = {
      type: 'HealthChanged',
      data: { generation: 1, from: 'healthy', to: 'unhealthy', reason: 'seen' },
    };
    test('a change is recorded once', () => {
      given(...there)
        .when(observe('healthy'))
        .events();
      given(...there)
        .when(observe('unhealthy'))
        .events(ill);
      given(...there, ill)
        .when(observe('unhealthy'))
        .events();
    });
    test('restarts are recorded when there are more', () => {
      const restarted: ResourceEvent = { type: 'Restarted', data: { generation: 1, restarts: 2, reason: 'seen' } };
      given(...there)
        .when(observe('healthy', 2))
        .events(restarted);
      given(...there, restarted)
        .when(observe('healthy', 2))
        .events();
    });
    test('nothing is recorded of what is not there, on its way out, worked on, or of another generation', () => {
      given().when(observe('unhealthy')).events();
      given(...there, started(2, destroy))
        .when(observe('unhealthy'))
        .events();
      given(...there, started(2, destroy), failed(2, destroy))
        .when(observe('unhealthy'))
        .events();
      given(...there)
        .when(observe('unhealthy', 0, 2))
        .events();
    });
  });

  describe('R5: whether it is to run', () => {
    const there = [started(1), provisioned(1)];
    const wants = (change: 'start' | 'stop' | 'restart', reason?: string): ResourceCommand => ({
      type: 'Desire',
      change,
      ...(reason !== undefined && { reason }),
    });
    const desired = (to: 'running' | 'stopped', over: { restart?: true; reason?: string } = {}): ResourceEvent => ({
      type: 'DesiredStateChanged',
      data: { generation: 1, desired: to, ...over },
    });
    const restarting = desired('stopped', { restart: true });

    test('what was made is to run, until somebody wants something else, once', () => {
      expect(given(...there).state).toMatchObject({ desired: 'running', restarting: false });
      given(...there)
        .when(wants('start'))
        .events();
      given(...there)
        .when(wants('stop', 'it costs'))
        .events(desired('stopped', { reason: 'it costs' }));
      given(...there, desired('stopped'))
        .when(wants('stop'))
        .events();
      given(...there, desired('stopped'))
        .when(wants('start'))
        .events(desired('running'));
    });
    test('a restart is a stop, and a start when it has ended', () => {
      given(...there)
        .when(wants('restart'))
        .events(restarting);
      given(...there, restarting)
        .when({ type: 'GoOn', generation: 1 })
        .events(desired('running'));
      expect(given(...there, restarting, desired('running')).state).toMatchObject({ desired: 'running', restarting: false });
      given(...there, desired('stopped'))
        .when(wants('restart'))
        .events(desired('running'));
    });
    test('what is being restarted is started anyway, not restarted twice, and can be stopped for good', () => {
      given(...there, restarting)
        .when(wants('start'))
        .events();
      given(...there, restarting)
        .when(wants('restart'))
        .events();
      const stopped = given(...there, restarting);
      stopped.when(wants('stop')).events(desired('stopped'));
      given(...there, restarting, desired('stopped'))
        .when({ type: 'GoOn', generation: 1 })
        .events();
    });
    test('what a request holds stopped is not started before it has ended', () => {
      const held = given(...there, started(2, stop), hasStopped(2, stop), started(3, read), exported(3, read));
      held.when(wants('start')).refuses('too-busy');
      held.when(wants('restart')).refuses('too-busy');
      const again = { requestId: 'r3', stepId: 'storage/shop-data' };
      const over = given(...there, started(2, stop), hasStopped(2, stop), started(3, again), provisioned(3, again));
      over.when(wants('start')).events();
      over.when(wants('stop')).events(desired('stopped'));
    });
    test('nothing is wanted of what is not there, given back, or worked on', () => {
      given().when(wants('stop')).refuses('not-found');
      given(started(1)).when(wants('stop')).refuses('too-busy');
      given(started(1), failed(1)).when(wants('stop')).refuses('not-found');
      given(...there, started(2, destroy))
        .when(wants('stop'))
        .refuses('too-busy');
      given(...there, started(2, destroy), failed(2, destroy))
        .when(wants('start'))
        .refuses('not-found');
      given(...there, restarting, started(2, destroy))
        .when({ type: 'GoOn', generation: 1 })
        .events();
    });
    test('of what is not to run it is recorded that it stands still, and no late sight of it running', () => {
      const seen = (health: 'healthy' | 'stopped' | 'unknown'): ResourceCommand => ({
        ...{ type: 'Observe', generation: 1, health, restarts: 0, reason: 'seen' },
      });
      const changed = (to: 'stopped' | 'unknown'): ResourceEvent => ({
        type: 'HealthChanged',
        data: { generation: 1, from: 'healthy', to, reason: 'seen' },
      });
      const stopped = given(...there, desired('stopped'));
      stopped.when(seen('healthy')).events();
      stopped.when(seen('stopped')).events(changed('stopped'));
      stopped.when(seen('unknown')).events(changed('unknown'));
    });
    test('an ensure that ends well wants it to run; one that fails wants nothing', () => {
      const again = { requestId: 'r3' };
      const stopped = [...there, desired('stopped'), started(2, again)];
      expect(given(...stopped, provisioned(2, again)).state.desired).toBe('running');
      expect(given(...stopped, failed(2, again)).state.desired).toBe('stopped');
    });
  });

  describe('R6: what is stopped, and what is read out', () => {
    const there = [started(1), provisioned(1)];
    test('both begin a step of what is there', () => {
      given(...there)
        .when(start(stop))
        .events(started(2, stop));
      given(...there)
        .when(start(read))
        .events(started(2, read));
    });
    test.each([
      ['was never made', []],
      ['is being made', [started(1), failed(1)]],
      ['is on its way out', [...there, started(2, destroy), failed(2, destroy)]],
      ['was given back', [...there, started(2, destroy), destroyed(2, destroy)]],
      ['is of another generation', [started(1, { generation: 2 }), provisioned(1, { generation: 2 })]],
      ['is elsewhere', [started(1, { location: 'site-2' }), provisioned(1)]],
      ['is of another driver', [started(1, { driver: 'volume' }), provisioned(1)]],
    ])('neither is begun of what %s, nor an update', (_what, events) => {
      given(...events)
        .when(start(alter))
        .refuses('not-found');
      given(...events)
        .when(start(stop))
        .refuses('not-found');
      given(...events)
        .when(start(read))
        .refuses('not-found');
    });
    test('what was stopped is not to run until it is ensured again', () => {
      const ended = given(...there, started(2, stop), hasStopped(2, stop)).state;
      expect(ended).toMatchObject({ desired: 'stopped', present: { generation: 1, health: 'stopped' } });
      expect(ended.running).toBeUndefined();
      const again = { requestId: 'r3', stepId: 'instance/shop' };
      const { state } = given(...there, started(2, stop), hasStopped(2, stop), started(3, again), provisioned(3, again));
      expect(state).toMatchObject({ desired: 'running', present: { health: 'healthy' } });
    });
    test('reading out changes nothing of the state, also when it fails', () => {
      const { present, desired } = given(...there).state;
      for (const end of [exported(2, read), failed(2, read)]) {
        const { state } = given(...there, started(2, read), end);
        expect(state).toMatchObject({ present, desired });
        expect(state.running).toBeUndefined();
      }
    });
    test('what was not to run before a request stopped it stays stopped when that request ensures it again, and only then', () => {
      const again = { requestId: 'r3', generation: 1 };
      const unwanted: ResourceEvent = { type: 'DesiredStateChanged', data: { generation: 1, desired: 'stopped' } };
      const wantedAgain: ResourceEvent = { type: 'DesiredStateChanged', data: { generation: 1, desired: 'running' } };
      const stops = [started(2, stop), hasStopped(2, stop)];
      const more = { ...stop, try: 2 };
      const held = given(...there, unwanted, ...stops, started(3, more), hasStopped(3, more)).state;
      expect(staysStopped(held, again)).toBe(true);
      expect(staysStopped(held, { ...again, requestId: 'r4' })).toBe(false);
      expect(staysStopped(held, { ...again, generation: 2 })).toBe(false);
      expect(staysStopped(given(...there, ...stops).state, again)).toBe(false);
      expect(staysStopped(given(...there, unwanted, ...stops, wantedAgain).state, again)).toBe(false);
      expect(staysStopped(given(...there, ...stops, unwanted).state, again)).toBe(true);
      const ended: ResourceEvent = { ...provisioned(3, again), data: { ...provisioned(3, again).data, stopped: true } } as never;
      const { state } = given(...there, unwanted, ...stops, started(3, again), ended);
      expect(state).toMatchObject({ desired: 'stopped', present: { health: 'stopped' } });
    });
    test('a try of each has one outcome', () => {
      given(...there, started(2, alter))
        .when(settle(updated(2, alter)))
        .events(updated(2, alter));
      given(...there, started(2, alter), updated(2, alter))
        .when(settle(updated(2, alter)))
        .events();
      given(...there, started(2, read))
        .when(settle(exported(2, read)))
        .events(exported(2, read));
      given(...there, started(2, read), exported(2, read))
        .when(settle(exported(2, read)))
        .events();
      given(...there, started(2, read), exported(2, read))
        .when(start(read))
        .events();
    });
  });

  describe('R7: what is updated', () => {
    const there = [started(1), provisioned(1)];
    const { present } = given(...there).state;
    test('is as it was until an update of it has ended well, and when that fails', () => {
      expect(given(...there, started(2, alter)).state).toMatchObject({ present, generation: 1, desired: 'running' });
      const { state } = given(...there, started(2, alter), failed(2, alter));
      expect(state).toMatchObject({ present, desired: 'running' });
      expect(state.running).toBeUndefined();
    });
    test('is then as that says, of the same generation; a later one brings it back', () => {
      const { state } = given(...there, started(2, alter), updated(2, alter));
      const { definition, spec, inputs } = alter;
      const outputs = { path: '/p', size: 'new' };
      expect(state.present).toEqual({ ...present, definition, spec, inputs, outputs });
      expect(state).toMatchObject({ epoch: 2, generation: 1, leaving: 0 });
      expect(state.running).toBeUndefined();
      const back = { ...alter, try: 2, definition: step().definition, spec: {}, inputs: {} };
      const undone = given(...there, started(2, alter), updated(2, alter), started(3, back), updated(3, back)).state;
      expect(undone.present).toEqual({ ...present, outputs });
    });
    test('is healthy, or still stopped; how often it was started again is remembered', () => {
      const ill: ResourceEvent[] = [
        { type: 'Restarted', data: { generation: 1, restarts: 3, reason: 'it ended' } },
        { type: 'HealthChanged', data: { generation: 1, from: 'healthy', to: 'unhealthy', reason: 'it does not answer' } },
      ];
      const after = [started(2, alter), updated(2, alter)];
      expect(given(...there, ...ill, ...after).state.present).toMatchObject({ health: 'healthy', restarts: 3 });
      const unwanted: ResourceEvent = { type: 'DesiredStateChanged', data: { generation: 1, desired: 'stopped' } };
      const { state } = given(...there, unwanted, ...after);
      expect(state).toMatchObject({ desired: 'stopped', present: { health: 'stopped' } });
    });
    test('is held by its request: another one is told by whom', () => {
      given(...there, started(2, alter))
        .when(start({ ...alter, requestId: 'r4' }))
        .refuses('too-busy');
      given(...there, started(2, alter))
        .when({ type: 'Desire', change: 'stop' })
        .refuses('too-busy');
    });
  });

  describe('R5: its secrets made anew', () => {
    const there = [started(1), provisioned(1)];
    const begun = (rotation = 'n1'): ResourceEvent => ({ type: 'RotationStarted', data: { generation: 1, rotation } });
    const brought = { outputs: { key: 'new' }, inputs: { db: { key: 'other' } } };
    const rotated: ResourceEvent = { type: 'CredentialsRotated', data: { generation: 1, rotation: 'n1', ...brought } };
    const end: ResourceCommand = { type: 'EndRotation', rotation: 'n1', outcome: brought };

    test('begins once, and one at a time', () => {
      given(...there)
        .when({ type: 'Rotate', rotation: 'n1' })
        .events(begun());
      given(...there, begun())
        .when({ type: 'Rotate', rotation: 'n1' })
        .events();
      given(...there, begun())
        .when({ type: 'Rotate', rotation: 'n2' })
        .refuses('too-busy');
      given(...there, begun(), rotated)
        .when({ type: 'Rotate', rotation: 'n1' })
        .events();
      given(started(1)).when({ type: 'Rotate', rotation: 'n1' }).refuses('too-busy');
      given().when({ type: 'Rotate', rotation: 'n1' }).refuses('not-found');
    });
    test('ends with what it gives out and is given, or with a reason; of another one nothing', () => {
      const going = given(...there, begun());
      going.when(end).events(rotated);
      going.when({ ...end, rotation: 'n2' } as ResourceCommand).events();
      const cause = new SlipwayError('driver-failed').toCause();
      const notDone: ResourceEvent = { type: 'RotationFailed', data: { generation: 1, rotation: 'n1', cause } };
      going.when({ type: 'EndRotation', rotation: 'n1', outcome: { cause } }).events(notDone);
      expect(given(...there, begun(), rotated).state).toMatchObject({ present: brought, rotated: { rotation: 'n1' } });
      expect(given(...there, begun(), notDone).state).toMatchObject({ present: { outputs: { path: '/p' } }, rotated: { cause } });
      given(...there, begun(), started(2, destroy))
        .when(end)
        .events();
    });
    test('that somebody was given them is recorded of what is there', () => {
      const readBy: ResourceCommand = { type: 'ReadCredentials', secrets: ['secret://a#1'] };
      given(...there)
        .when(readBy)
        .events({ type: 'CredentialsRead', data: { generation: 1, secrets: ['secret://a#1'] } });
      given(started(1)).when(readBy).refuses('not-found');
    });
  });
});
