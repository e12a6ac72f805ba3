import { describe, expect, jest, test } from '@jest/globals';
import { SlipwayError, streamName, type JsonObject } from '@slipway/contracts';
import { cause } from '../testing/crash.js';
import { ADA, World, as, job, removal, type Life } from '../testing/world.js';

const MINUTE = 60_000;
jest.setTimeout(60_000);

/** A world with one orchestrator that has started. */
async function started(options: ConstructorParameters<typeof World>[0] = {}, life: Parameters<World['live']>[0] = {}) {
  const world = new World(options);
  const { orchestrator, crash } = world.live(life);
  await orchestrator.start();
  const ended = () => world.clock.until(() => world.quiet, 60 * MINUTE);
  const until = async (done: () => boolean) => expect(await world.clock.until(done, 60 * MINUTE)).toBe(true);
  return { world, orchestrator, crash, ended, until };
}

const hello = (name: string, more: JsonObject = {}) => job(name, { definition: 'hello', ...more });

describe('a request from its acceptance to its end', () => {
  test('provision and deprovision, steps side by side where the graph lets them', async () => {
    const { world, orchestrator, ended } = await started();
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    expect(await ended()).toBe(true);
    expect(world.types(requestId)).toEqual([
      'RequestAccepted',
      'PlanMade',
      'RequestAdmitted',
      'StepRequested',
      'StepRequested',
      'StepSucceeded',
      'StepSucceeded',
      'StepRequested',
      'StepSucceeded',
      'RequestSucceeded',
    ]);
    expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
    await orchestrator.accept(removal('shop'), ADA);
    expect(await ended()).toBe(true);
    expect(world.standing).toEqual([]);
    expect(world.environment().names.size).toBe(0);
  });

  test('every event carries the request, its owner, its environment and the call that caused it', async () => {
    const { world, orchestrator, ended } = await started();
    const { requestId } = await orchestrator.accept(job('shop'), { ...ADA, logToken: 'ticket 4711' });
    await ended();
    const own = world.events().filter(({ stream }) => stream.startsWith('request-') || stream.startsWith('environment-'));
    expect(own.length).toBeGreaterThan(10);
    for (const { type, metadata } of own) {
      expect([type, metadata]).toMatchObject([
        type,
        {
          requestId,
          correlationId: 'call-0001',
          actor: ADA.actor,
          environment: 'default',
          logToken: 'ticket 4711',
          ownerId: 'ada',
        },
      ]);
    }
  });

  test("a deprovision's owner is the name's, and every step's command says whose it is", async () => {
    const { world, orchestrator, ended } = await started();
    await orchestrator.accept(job('shop'), ADA);
    await ended();
    const { requestId } = await orchestrator.accept(removal('shop'), as('bob'));
    await ended();
    const own = world.events().filter(({ metadata }) => metadata.requestId === requestId);
    expect(new Set(own.map(({ stream }) => stream.split('-')[0]))).toEqual(
      new Set(['environment', 'request', 'storage', 'database', 'instance']),
    );
    for (const { type, metadata } of own) expect([type, metadata.ownerId]).toEqual([type, 'ada']);
    const steps = world.events().filter(({ metadata, stream }) => metadata.requestId !== undefined && /^(st|da|in)/.test(stream));
    expect(steps.every(({ metadata }) => metadata.ownerId === 'ada')).toBe(true);
  });

  test('what the environment satisfies already succeeds with no step; what nothing provides fails with no step', async () => {
    const { world, orchestrator, ended } = await started();
    await orchestrator.accept(job('shop'), ADA);
    await ended();
    const again = await orchestrator.accept({ ...job('shop'), key: 'another' }, ADA);
    const odd = await orchestrator.accept(job('odd', { definition: 'nothing' }), ADA);
    await ended();
    expect(world.types(again.requestId)).toEqual(['RequestAccepted', 'PlanMade', 'RequestSucceeded']);
    expect(world.types(odd.requestId)).toEqual(['RequestAccepted', 'PlanMade', 'RequestUnsatisfied']);
    expect([...world.environment().names.entries()].map(([name]) => name)).toEqual(['shop']);
  });

  test('what cannot be planned at all fails with the cause', async () => {
    const { world, orchestrator, ended } = await started();
    const { requestId } = await orchestrator.accept(job('odd', { definition: 'broken' }), ADA);
    await ended();
    expect(world.last(requestId)).toMatchObject({ type: 'RequestFailed', data: { cause: { code: 'too-large' } } });
    expect(world.environment().names.size).toBe(0);
  });

  test('a plan, an admission and a result too large for an event are kept whole', async () => {
    const { world, orchestrator, ended } = await started();
    const { requestId } = await orchestrator.accept(job('big', { definition: 'wide' }), ADA);
    expect(await ended()).toBe(true);
    expect(world.last(requestId)).toMatchObject({ type: 'RequestSucceeded', data: { installed: [] } });
    expect(world.standing).toHaveLength(301);
    const other = world.live();
    await other.orchestrator.start();
    await other.orchestrator.accept(removal('big'), ADA);
    expect(await ended()).toBe(true);
    expect(world.standing).toEqual([]);
  });
});

describe('acceptance', () => {
  const refusals: [string, JsonObject, string, string][] = [
    ['an unknown field', { colour: 'red' }, 'bad-input', 'colour'],
    ['a bad name', { instanceId: 'No Good' }, 'bad-input', 'instanceId'],
    [
      'an unknown place',
      { guestLocation: 'moon' },
      'bad-input',
      'guestLocation: there is no guest location moon; there are: local',
    ],
    ['an unknown cluster', { clusterId: 'far' }, 'bad-input', 'clusterId: there is no cluster far; there are: default'],
  ];
  test.each(refusals)('refuses %s, names it, and records nothing', async (_what, more, code, text) => {
    const { world, orchestrator } = await started();
    const before = world.events().length;
    const refused = orchestrator.accept(job('shop', more), ADA);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect(world.events()).toHaveLength(before);
  });

  test('gives a name to one of those who ask at once', async () => {
    const { world, orchestrator } = await started();
    const answers = await Promise.allSettled(
      ['ada', 'bob', 'cy'].map((id) => orchestrator.accept(job('shop', { ownerId: id }), as(id))),
    );
    const lost = answers.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(lost).toHaveLength(2);
    for (const { reason } of lost) {
      expect(reason).toMatchObject({
        code: 'name-taken',
        message: expect.stringContaining('shop'),
        details: { holder: expect.any(String) },
      });
    }
    await world.clock.until(() => world.quiet, MINUTE);
    await expect(orchestrator.accept(job('shop', { ownerId: 'eve' }), as('eve'))).rejects.toMatchObject({ code: 'name-taken' });
    await expect(orchestrator.accept(removal('nothing'), ADA)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('the same key is answered the same, at once and later; with another body it is refused', async () => {
    const { world, orchestrator, ended } = await started();
    const answers = await Promise.all([1, 2, 3].map(() => orchestrator.accept(job('shop'), ADA)));
    await ended();
    answers.push(await orchestrator.accept(job('shop'), ADA));
    expect(new Set(answers.map(({ requestId, position }) => `${requestId} ${position}`)).size).toBe(1);
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(world.types(answers[0]!.requestId).filter((type) => type === 'RequestAccepted')).toHaveLength(1);
    const other = { ...job('other'), key: job('shop').key };
    await expect(orchestrator.accept(other, ADA)).rejects.toMatchObject({ code: 'key-reused' });
    await expect(orchestrator.accept(other, as('bob'))).resolves.toMatchObject({ requestId: expect.any(String) });
  });

  test.each(['NameClaimed', 'RequestAccepted'])(
    'the log is away at %s: said so, never a false success; then it works',
    async (away) => {
      let gone = true;
      const fails = (_stream: string, types: string[]) =>
        gone && types.includes(away) ? new SlipwayError('log-unavailable', 'The disk is full') : undefined;
      const { world, orchestrator, ended } = await started({}, { fails });
      await expect(orchestrator.accept(job('shop'), ADA)).rejects.toMatchObject({ code: 'log-unavailable' });
      gone = false;
      const { requestId } = await orchestrator.accept(job('shop'), ADA);
      await ended();
      expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    },
  );

  test('a claim whose request never came is voided and its name released; the same key then begins anew', async () => {
    const world = new World();
    const first = world.live({
      passes: (point) => {
        if (point === 'before request RequestAccepted') throw new Error('killed');
      },
    });
    await first.orchestrator.start();
    void first.orchestrator.accept(job('shop'), ADA);
    await world.clock.pass(100);
    const { orchestrator } = world.live();
    await orchestrator.start();
    await world.clock.pass(9_000);
    expect(world.environment().names.size).toBe(1);
    await world.clock.pass(2_000);
    expect(world.environment().names.size).toBe(0);
    const given = world.events().filter(({ type }) => type === 'RequestVoided' || type === 'NameReleased');
    expect(given.map(({ metadata }) => metadata.ownerId)).toEqual(['ada', 'ada']);
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.until(() => world.quiet, MINUTE);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect((await orchestrator.accept(job('shop'), ADA)).requestId).toBe(requestId);
  });

  test('who saw a request end asks at once, though the environment was not told of the end yet', async () => {
    let dying = false;
    const fails = (_stream: string, types: string[]) =>
      dying && types.includes('PlanSettled') ? new SlipwayError('log-unavailable') : undefined;
    const { world, orchestrator, until, ended } = await started({}, { fails });
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    dying = true;
    await until(() => world.last(requestId)!.type === 'RequestSucceeded');
    expect(world.environment().names.get('shop')!.holder).toBe(requestId);
    await expect(orchestrator.accept(removal('shop'), ADA)).rejects.toMatchObject({ code: 'log-unavailable' });
    dying = false;
    const removed = await orchestrator.accept(removal('shop'), ADA);
    await ended();
    expect(world.last(removed.requestId)!.type).toBe('RequestSucceeded');
    expect(world.standing).toEqual([]);
    const settled = world.events().filter(({ type, data }) => type === 'PlanSettled' && data['requestId'] === requestId);
    expect(settled).toHaveLength(1);
  });

  test('refuses more than may wait', async () => {
    const { orchestrator } = await started({ config: ({ limits }) => Object.assign(limits, { queue: 2 }) });
    await orchestrator.pauseDispatch({ environment: 'default' }, ADA);
    await orchestrator.accept(hello('one'), ADA);
    await orchestrator.accept(hello('two'), ADA);
    await expect(orchestrator.accept(hello('three'), ADA)).rejects.toMatchObject({ code: 'too-busy' });
  });
});

describe('the queue', () => {
  /** Instances in the order in which they were begun. */
  const order = (world: World) => world.provisioners.instance.begun.map((what) => what.split(/[/ ]/)[1]);

  test('no more at once than allowed, of all and of one owner; higher priority first; owners take turns', async () => {
    const { world, orchestrator, ended } = await started({
      config: ({ limits }) => Object.assign(limits, { concurrent: 2, perOwner: 1 }),
    });
    let most = 0;
    world.provisioners.instance.behave = () => {
      most = Math.max(most, world.environment().admitted.size);
      return { takesMs: 100 };
    };
    await orchestrator.pauseDispatch({ environment: 'default' }, ADA);
    const owners = [
      ['a1', 'ada'],
      ['a2', 'ada'],
      ['a3', 'ada'],
      ['b1', 'bob'],
      ['b2', 'bob'],
    ] as const;
    for (const [name, ownerId] of owners) await orchestrator.accept(hello(name, { ownerId }), as(ownerId));
    const urgent = await orchestrator.accept(hello('urgent', { ownerId: 'cy', priority: 10 }), as('cy'));
    await world.clock.pass(1_000);
    expect(order(world)).toEqual([]);
    expect(world.last(urgent.requestId)).toMatchObject({
      type: 'RequestWaiting',
      data: { reason: expect.stringMatching(/paused/) },
    });
    await orchestrator.resumeDispatch({ environment: 'default' }, ADA);
    expect(await ended()).toBe(true);
    expect(order(world)[0]).toBe('urgent');
    expect(order(world).slice(0, 3).toSorted()).toEqual(['a1', 'b1', 'urgent']);
    expect(order(world).indexOf('b2')).toBeLessThan(order(world).indexOf('a3'));
    expect(most).toBe(2);
  });

  test('who waits for a limit is told so', async () => {
    const { world, orchestrator, ended } = await started({ config: ({ limits }) => Object.assign(limits, { perOwner: 1 }) });
    await orchestrator.accept(hello('one'), ADA);
    const { requestId } = await orchestrator.accept(hello('two'), ADA);
    await ended();
    const waited = world.events(streamName('request', requestId)).find(({ type }) => type === 'RequestWaiting');
    expect(waited).toMatchObject({ data: { code: 'limit-reached', reason: expect.stringContaining('ada') } });
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('not before its time', async () => {
    const { world, orchestrator, ended } = await started();
    const notBefore = world.clock.now() + 3_000;
    const { requestId } = await orchestrator.accept(hello('later', { notBefore: new Date(notBefore).toISOString() }), ADA);
    await world.clock.pass(2_900);
    expect(world.types(requestId)).toEqual(['RequestAccepted', 'RequestWaiting']);
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('64 at once on one environment', async () => {
    const { world, orchestrator, ended } = await started();
    const answers = await Promise.all(Array.from({ length: 64 }, (_, n) => orchestrator.accept(job(`shop-${n}`), ADA)));
    expect(await ended()).toBe(true);
    for (const { requestId } of answers) expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.standing).toHaveLength(192);
  });

  test('plans that touch each other: one waits, is made anew, and finds what the other one made', async () => {
    const { world, orchestrator, ended } = await started();
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => orchestrator.accept(job(name, { definition: 'forum' }), ADA)),
    );
    expect(await ended()).toBe(true);
    for (const { requestId } of answers) expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect([...world.provisioners.database.made]).toEqual([['database/pg g1', 1]]);
    const wired = world.events().find(({ type, data }) => type === 'StepRequested' && data['stepId'] === 'instance/b');
    expect(wired).toMatchObject({ data: { inputs: { pg: { url: 'database/pg/g1' } } } });
    for (const name of ['a', 'b', 'c']) {
      expect(world.standing).toContain('database/pg g1');
      await orchestrator.accept(removal(name), ADA);
      expect(await ended()).toBe(true);
    }
    expect(world.standing).toEqual([]);
  });

  test('all users of what is shared are given back at once: it goes with the last one, and all but that one side by side', async () => {
    const { world, orchestrator, ended } = await started();
    const names = Array.from({ length: 12 }, (_, n) => `forum-${n}`);
    for (const name of names) await orchestrator.accept(job(name, { definition: 'forum' }), ADA);
    expect(await ended()).toBe(true);
    expect(world.standing).toHaveLength(13);
    world.provisioners.instance.behave = ({ action }) => (action === 'destroy' ? { takesMs: 10_000 } : {});
    const began = world.clock.now();
    const answers = await Promise.all(names.map((name) => orchestrator.accept(removal(name), ADA)));
    expect(await ended()).toBe(true);
    for (const { requestId } of answers) expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.standing).toEqual([]);
    expect(world.clock.now() - began).toBeLessThan(30_000);
  });

  test('the last user of what is shared waits for one that may be leaving as well, says so, and then takes it along', async () => {
    const { world, orchestrator, ended } = await started();
    for (const name of ['a', 'b']) await orchestrator.accept(job(name, { definition: 'forum' }), ADA);
    expect(await ended()).toBe(true);
    world.provisioners.instance.behave = ({ action }) => (action === 'destroy' ? { takesMs: 10_000 } : {});
    const [a, b] = await Promise.all(['a', 'b'].map((name) => orchestrator.accept(removal(name), ADA)));
    expect(await ended()).toBe(true);
    const waits = world.events().findLast(({ type }) => type === 'RequestWaiting')!;
    const other = waits.stream.endsWith(a!.requestId) ? b : a;
    expect(waits.data).toMatchObject({ code: 'plan-stale', reason: expect.stringContaining(other!.requestId) });
    expect(world.standing).toEqual([]);
  });
});

describe('when steps go wrong', () => {
  test('retries with backoff as configured, then undoes in reverse and says why', async () => {
    const { world, orchestrator, ended } = await started({
      config: ({ steps }) => Object.assign(steps.instance, { tries: 3, backoffSeconds: 2, maxBackoffSeconds: 3 }),
    });
    world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('health-failed') } : {});
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await ended();
    const events = world.events(streamName('request', requestId));
    const retries = events.filter(({ type }) => type === 'StepRetryScheduled');
    expect(retries.map(({ data, recordedAt }) => Number(data['at']) - Date.parse(recordedAt))).toEqual([2_000, 3_000]);
    expect(events.at(-1)).toMatchObject({ type: 'RequestFailed', data: { cause: { code: 'health-failed' } } });
    const undone = events.filter(({ type }) => type === 'StepUndone').map(({ data }) => data['stepId']);
    expect(undone[0]).toBe('instance/shop');
    expect(undone).toHaveLength(3);
    expect(world.standing).toEqual([]);
  });

  test('its name is free again, and a retry of the failed request can succeed', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('foreign') } : {});
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await ended();
    expect(world.environment().names.size).toBe(0);
    world.provisioners.instance.behave = () => ({});
    await orchestrator.control('retry', { requestId }, ADA);
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.standing).toEqual(['database/shop-db g2', 'instance/shop g2', 'storage/shop-data g2']);
  });

  test('a retry fails while somebody else has the name', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('foreign') } : {});
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await ended();
    world.provisioners.instance.behave = () => ({});
    await orchestrator.accept(job('shop', { ownerId: 'bob' }), as('bob'));
    await expect(orchestrator.control('retry', { requestId }, ADA)).rejects.toMatchObject({ code: 'name-taken' });
  });

  test('with no server it waits with its reason, and goes on when there is one', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.leave();
    const { requestId } = await orchestrator.accept(hello('shop'), ADA);
    await world.clock.pass(20_000);
    expect(world.last(requestId)).toMatchObject({ type: 'StepWaiting', data: { code: 'no-server' } });
    world.provisioners.instance.come();
    await ended();
    expect(world.types(requestId).filter((type) => type === 'StepWaiting')).toHaveLength(1);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('with no server until the deadline it fails; what was never begun is not undone', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.leave();
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await ended();
    expect(world.last(requestId)).toMatchObject({ type: 'RequestFailed', data: { cause: { code: 'no-server' } } });
    expect(world.types(requestId)).toContain('StepUncertain');
    expect(world.types(requestId).filter((type) => type === 'StepUndone')).toHaveLength(2);
    expect(world.standing).toEqual([]);
  });

  test('a deadline that passes: uncertain, cancelled, tried again', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.behave = (step) => (step.try === 1 ? { hangs: true } : {});
    const { requestId } = await orchestrator.accept(hello('shop'), ADA);
    await ended();
    const types = world.types(requestId);
    expect(types.slice(3)).toEqual([
      'StepRequested',
      'StepUncertain',
      'StepRetryScheduled',
      'StepRequested',
      'StepSucceeded',
      'RequestSucceeded',
    ]);
    expect(world.events().find(({ type }) => type === 'StepRetryScheduled')).toMatchObject({
      data: { cause: { code: 'step-timed-out' } },
    });
  });

  test('uncertain and its server gone: nothing is undone until it is back, or somebody abandons it', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.behave = () => ({ hangs: true });
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.until(() => world.provisioners.instance.begun.length > 0, MINUTE);
    world.provisioners.instance.leave();
    await world.clock.pass(10 * MINUTE);
    expect(world.last(requestId)!.type).toBe('StepUncertain');
    await orchestrator.control('abandon', { requestId, reason: 'the host is gone' }, ADA);
    await ended();
    expect(world.last(requestId)).toMatchObject({ type: 'RequestAbandoned', data: { reason: 'the host is gone' } });
    // What has no outcome may be there too.
    const left = world.last(requestId)!.data['left'] as { resource: { name: string } }[];
    expect(left.map(({ resource }) => resource.name).toSorted()).toEqual(['shop', 'shop-data', 'shop-db']);
    expect(world.environment().names.size).toBe(0);
  });

  test('undo fails for good: attention, the name stays claimed, tried again slowly until it works', async () => {
    const { world, orchestrator, ended, until } = await started();
    let mended = false;
    world.provisioners.instance.behave = ({ action }) =>
      action === 'ensure' || !mended ? { fails: cause('forbidden', `the ${action} is not allowed`) } : {};
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await until(() => world.last(requestId)?.type === 'AttentionNeeded');
    const left = world.last(requestId)!.data['left'] as JsonObject[];
    expect(left).toContainEqual({
      resource: { environment: 'default', kind: 'instance', name: 'shop' },
      generation: 1,
      location: 'local',
      reason: 'the destroy is not allowed',
    });
    await world.clock.pass(30 * MINUTE);
    expect(world.environment().names.size).toBe(1);
    expect(world.types(requestId).filter((type) => type === 'RequestRetried').length).toBeGreaterThan(3);
    mended = true;
    expect(await ended()).toBe(true);
    expect(world.last(requestId)!.type).toBe('RequestFailed');
    expect(world.standing).toEqual([]);
  });

  test('kept on failure: nothing is undone; a retry makes nothing again; abandoned, the name is free', async () => {
    const { world, orchestrator, ended, until } = await started();
    world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('foreign') } : {});
    const first = await orchestrator.accept(job('kept', { keepOnFailure: true }), ADA);
    const second = await orchestrator.accept(job('left', { keepOnFailure: true }), ADA);
    const attention = (id: string) => world.last(id)?.type === 'AttentionNeeded';
    await until(() => attention(first.requestId) && attention(second.requestId));
    await world.clock.pass(30 * MINUTE);
    expect(attention(first.requestId)).toBe(true);
    expect(world.standing).toHaveLength(4);
    world.provisioners.instance.behave = () => ({});
    await orchestrator.control('retry', { requestId: first.requestId }, ADA);
    await expect(orchestrator.control('abandon', { requestId: second.requestId }, ADA)).rejects.toMatchObject({
      code: 'bad-input',
    });
    await orchestrator.control('abandon', { requestId: second.requestId, reason: 'not needed' }, ADA);
    await ended();
    expect(world.last(first.requestId)!.type).toBe('RequestSucceeded');
    expect(world.provisioners.storage.begun.filter((what) => what.startsWith('storage/kept'))).toHaveLength(1);
    expect(world.last(second.requestId)!.type).toBe('RequestAbandoned');
    expect([...world.environment().names.entries()].map(([name]) => name)).toEqual(['kept']);
    await orchestrator.accept({ ...job('left'), key: 'once more' }, ADA);
    await ended();
    expect(world.standing).toContain('instance/left g2');
  });
});

describe('what people do', () => {
  test('cancel: ends what runs, undoes the rest; after the end it is not possible', async () => {
    const { world, orchestrator, ended, until } = await started();
    world.provisioners.instance.behave = ({ action }) => ({ hangs: action === 'ensure' });
    const { requestId } = await orchestrator.accept(job('slow'), ADA);
    await until(() => world.provisioners.instance.begun.length > 0);
    const before = world.clock.now();
    await orchestrator.control('cancel', { requestId, reason: 'changed my mind' }, as('bob'));
    await ended();
    expect(world.clock.now() - before).toBeLessThan(5_000);
    expect(world.last(requestId)).toMatchObject({ type: 'RequestCancelled', data: { cause: { message: 'changed my mind' } } });
    expect(world.standing).toEqual([]);
    await expect(orchestrator.control('cancel', { requestId }, ADA)).rejects.toMatchObject({ code: 'not-possible' });
    await expect(orchestrator.control('cancel', { requestId: world.ids() }, ADA)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('cancel of a step that waits for its server does not wait for the deadline', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.leave();
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.pass(3_000);
    await orchestrator.control('cancel', { requestId }, ADA);
    const before = world.clock.now();
    await ended();
    expect(world.clock.now() - before).toBeLessThan(10_000);
    expect(world.last(requestId)!.type).toBe('RequestCancelled');
    expect(world.standing).toEqual([]);
  });

  test('cancel of what is paused undoes it', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.storage.behave = ({ action }) => ({ takesMs: action === 'ensure' ? 500 : 5 });
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.pass(100);
    await orchestrator.control('pause', { requestId }, ADA);
    await world.clock.pass(MINUTE);
    expect(world.standing).toEqual(['database/shop-db g1', 'storage/shop-data g1']);
    await orchestrator.control('cancel', { requestId }, as('bob'));
    await ended();
    expect(world.types(requestId)).toEqual(expect.arrayContaining(['RequestResumed', 'CancelRequested', 'UndoStarted']));
    expect(world.last(requestId)!.type).toBe('RequestCancelled');
    expect(world.standing).toEqual([]);
  });

  test('cancel in the queue simply ends it; a deprovision only goes forward', async () => {
    const { world, orchestrator, ended, until } = await started();
    await orchestrator.accept(hello('shop'), ADA);
    await ended();
    world.provisioners.instance.behave = () => ({ takesMs: 1_000 });
    const gone = await orchestrator.accept(removal('shop'), ADA);
    await until(() => world.types(gone.requestId).includes('StepRequested'));
    await expect(orchestrator.control('cancel', { requestId: gone.requestId }, ADA)).rejects.toMatchObject({
      code: 'not-possible',
    });
    await orchestrator.pauseDispatch({ environment: 'default', reason: 'maintenance' }, ADA);
    const queued = await orchestrator.accept(hello('later'), ADA);
    await world.clock.pass(100);
    await orchestrator.control('cancel', { requestId: queued.requestId }, ADA);
    await ended();
    expect(world.last(queued.requestId)!.type).toBe('RequestCancelled');
    expect(world.environment().names.size).toBe(0);
  });

  test('pause: what runs ends, nothing begins; resume goes on', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.storage.behave = () => ({ takesMs: 500 });
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.pass(100);
    await orchestrator.control('pause', { requestId }, ADA);
    await world.clock.pass(10 * MINUTE);
    expect(world.standing).toEqual(['database/shop-db g1', 'storage/shop-data g1']);
    await orchestrator.control('resume', { requestId }, ADA);
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('paused in the queue it stays there when dispatching is resumed', async () => {
    const { world, orchestrator, ended } = await started();
    await orchestrator.pauseDispatch({ environment: 'default' }, ADA);
    const { requestId } = await orchestrator.accept(hello('shop'), ADA);
    await world.clock.pass(100);
    await orchestrator.control('pause', { requestId }, ADA);
    await orchestrator.resumeDispatch({ environment: 'default' }, ADA);
    await world.clock.pass(MINUTE);
    expect(world.types(requestId)).not.toContain('RequestAdmitted');
    await orchestrator.control('resume', { requestId }, ADA);
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('a plan shows what a job would do and changes nothing', async () => {
    const { world, orchestrator } = await started();
    const before = world.events().length;
    const asked = orchestrator.plan({ body: { instanceId: 'shop', definition: 'guestbook' } }, ADA);
    await world.clock.pass(100);
    expect(await asked).toMatchObject({ outcome: 'install', steps: [{ id: 'storage/shop-data' }, {}, {}] });
    await expect(orchestrator.plan({ body: { job: 'deprovision', instanceId: 'shop' } }, ADA)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(orchestrator.plan({ body: { instanceId: 'shop', colour: 1 } }, ADA)).rejects.toMatchObject({
      code: 'bad-input',
    });
    expect(world.events()).toHaveLength(before);
  });
});

describe("a plan for a name that is somebody's", () => {
  test('is refused to another owner in the words of the request, and to nobody because a request works on it', async () => {
    const { world, orchestrator, ended } = await started();
    world.provisioners.instance.behave = () => ({ takesMs: 1_000 });
    await orchestrator.accept(job('shop'), ADA);
    const outcome = async (more: JsonObject) => {
      const asked = orchestrator.plan({ body: { instanceId: 'shop', definition: 'guestbook', ...more } }, ADA);
      asked.catch(() => {});
      await world.clock.pass(100);
      return (await asked).outcome;
    };
    expect(world.environment().names.get('shop')!.holder).toBeDefined();
    expect(await outcome({ ownerId: 'ada' })).toBe('install');
    await ended();
    expect(await outcome({ ownerId: 'ada' })).toBe('satisfied');
    expect(await outcome({})).toBe('satisfied');
    expect(await outcome({ ownerId: 'eve', job: 'deprovision' })).toBe('remove');
    const words = { code: 'name-taken', message: 'shop belongs to another owner' };
    const others: JsonObject[] = [{ ownerId: 'eve' }, { ownerId: 'ada', ownerType: 'team' }];
    for (const more of others) {
      await expect(outcome(more)).rejects.toMatchObject(words);
      await expect(orchestrator.accept({ ...job('shop', more), key: world.ids() }, ADA)).rejects.toMatchObject(words);
    }
  });
});

describe('our own failures', () => {
  test('a request that cannot be carried on is parked, listed and tried again; others do not notice', async () => {
    let broken = true;
    const fails = (_stream: string, types: string[]) =>
      broken && types.includes('RequestAdmitted') ? new TypeError('a bug') : undefined;
    const { world, orchestrator, ended } = await started({}, { fails });
    const bad = await orchestrator.accept(hello('bad'), ADA);
    const plain = await orchestrator.accept(job('odd', { definition: 'nothing' }), ADA);
    await world.clock.pass(MINUTE);
    expect(world.last(plain.requestId)!.type).toBe('RequestUnsatisfied');
    expect((await orchestrator.health()).reasons).toEqual([expect.stringContaining(`Request ${bad.requestId} is parked`)]);
    broken = false;
    await ended();
    expect(world.last(bad.requestId)!.type).toBe('RequestSucceeded');
    expect((await orchestrator.health()).reasons).toEqual([]);
  });

  test('the log away in the middle: it goes on by itself when it is back', async () => {
    let away = false;
    const fails = () => (away ? new SlipwayError('log-unavailable') : undefined);
    const { world, orchestrator, ended } = await started({}, { fails });
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    away = true;
    await world.clock.pass(MINUTE);
    expect(world.types(requestId)).toEqual(['RequestAccepted']);
    away = false;
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('NATS away: requests are carried on when it is back', async () => {
    const { world, orchestrator, ended } = await started();
    world.bus.disconnect();
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    await world.clock.pass(MINUTE);
    expect(world.last(requestId)).toMatchObject({ type: 'RequestWaiting', data: { code: 'unreachable' } });
    expect(await orchestrator.health()).toMatchObject({ ready: false, reasons: [expect.stringContaining('NATS')] });
    world.bus.reconnect();
    await ended();
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });
});

describe('several replicas', () => {
  const replicas = async (world: World, silentFor: (replica: string) => number): Promise<[Life, Life]> => {
    const one = world.live({ replica: 'one', silentFor });
    const two = world.live({ replica: 'two', silentFor });
    await one.orchestrator.start();
    await two.orchestrator.start();
    return [one, two];
  };

  test('any of them accepts and controls; the one that holds the partition carries it on', async () => {
    const world = new World();
    const [one, two] = await replicas(world, () => 0);
    world.provisioners.instance.behave = ({ action }) => ({ hangs: action === 'ensure' });
    const { requestId } = await two.orchestrator.accept(job('shop'), ADA);
    await world.clock.until(() => world.provisioners.instance.begun.length > 0, MINUTE);
    expect([one.orchestrator.underWay, two.orchestrator.underWay]).toEqual([1, 0]);
    await two.orchestrator.control('cancel', { requestId }, ADA);
    expect(await world.clock.until(() => world.quiet, MINUTE)).toBe(true);
    expect(world.last(requestId)!.type).toBe('RequestCancelled');
    await two.orchestrator.control('retry', { requestId }, ADA);
    world.provisioners.instance.behave = () => ({});
    expect(await world.clock.until(() => world.quiet, MINUTE)).toBe(true);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test('a silent one is taken over after 10 s, one that stops in order at once', async () => {
    const world = new World();
    let silentSince = Infinity;
    const [one, two] = await replicas(world, (replica) => (replica === 'one' ? world.clock.now() - silentSince : 0));
    const { requestId } = await two.orchestrator.accept(job('shop'), ADA);
    one.crash();
    silentSince = world.clock.now();
    await world.clock.pass(9_000);
    expect(world.types(requestId)).not.toContain('RequestSucceeded');
    await world.clock.pass(5_000);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    const three = world.live({ replica: 'three' });
    await three.orchestrator.start();
    const next = await two.orchestrator.accept(job('other'), ADA);
    const stopped = two.orchestrator.stop();
    await world.clock.pass(2_500);
    await stopped;
    expect(await world.clock.until(() => world.quiet, MINUTE)).toBe(true);
    expect(world.last(next.requestId)!.type).toBe('RequestSucceeded');
  });

  test('both on the same requests at once: still each effect once', async () => {
    const world = new World();
    // Each believes the other one to be silent, so both claim again and again.
    const [one, two] = await replicas(world, () => 20_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => [one, two][n % 2]!.orchestrator.accept(job(`shop-${n}`), ADA)),
    );
    expect(await world.clock.until(() => world.quiet, 10 * MINUTE)).toBe(true);
    for (const { requestId } of answers) expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    for (const { made } of Object.values(world.provisioners)) expect([...made.values()].every((times) => times === 1)).toBe(true);
  });
});
