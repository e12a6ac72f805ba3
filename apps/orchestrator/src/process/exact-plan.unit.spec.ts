import { describe, expect, jest, test } from '@jest/globals';
import type { JobKind, JsonObject, Plan } from '@slipway/contracts';
import { ADA, World, as, job, removal } from '../testing/world.js';

const MINUTE = 60_000;
jest.setTimeout(60_000);

/** A world with one orchestrator, and `shop` of whatever is asked for in it. */
async function started(options: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World(options);
  const { orchestrator } = world.live();
  await orchestrator.start();
  const ended = async () => expect(await world.clock.until(() => world.quiet, 60 * MINUTE)).toBe(true);
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const over = () => (done = true);
    promise.then(over, over);
    await world.clock.until(() => done, MINUTE);
    return promise;
  };
  const accept = (...asked: Parameters<typeof orchestrator.accept>) => settle(orchestrator.accept(...asked));
  /** What a job would do, as it is shown. */
  const shown = (body: JsonObject, of: JobKind = 'provision'): Promise<Plan> =>
    settle(orchestrator.plan({ body: { ...body, job: of } }, ADA));
  const last = (requestId: string) =>
    world.last(requestId) as unknown as { type: string; data: { cause?: { code: string; details: JsonObject } } };
  return { world, accept, ended, shown, last };
}

const FORUM = { definition: 'forum' };

describe('a job with the hash of its plan', () => {
  test('carries out exactly that plan: it is recorded with the job, and nobody is asked again', async () => {
    const { world, accept, ended, shown } = await started();
    const plan = await shown(job('shop').body);
    const { requestId } = await accept(job('shop', { planHash: plan.hash }), ADA);
    expect(world.types(requestId).slice(0, 2)).toEqual(['RequestAccepted', 'PlanMade']);
    await ended();
    expect(world.types(requestId).filter((type) => type === 'PlanMade')).toHaveLength(1);
    const made = world.events().find(({ type, metadata }) => type === 'PlanMade' && metadata.requestId === requestId)!;
    expect(made.data).toEqual({ plan, planHash: plan.hash });
    expect(world.last(requestId)).toMatchObject({ type: 'RequestSucceeded' });
  });

  test('of what is there already ends at once; of what is given back is carried out too', async () => {
    const { world, accept, ended, shown } = await started();
    await accept(job('shop'), ADA);
    await ended();
    const same = await shown(job('shop').body);
    const again = await accept({ ...job('shop', { planHash: same.hash }), key: 'again' }, ADA);
    await ended();
    expect(world.types(again.requestId)).toEqual(['RequestAccepted', 'PlanMade', 'RequestSucceeded']);
    const gone = await shown({ instanceId: 'shop' }, 'deprovision');
    const back = removal('shop');
    await accept({ ...back, body: { ...back.body, planHash: gone.hash } }, ADA);
    await ended();
    expect(world.standing).toEqual([]);
  });

  test('is refused with the plan as it would be now, and nothing is recorded', async () => {
    const { world, accept, ended, shown } = await started();
    const plan = await shown(job('shop', FORUM).body);
    expect(plan.steps.map(({ id }) => id)).toEqual(['database/pg', 'instance/shop']);
    await accept(job('other', FORUM), ADA);
    await ended();
    const before = world.events().length;
    const now = await shown(job('shop', FORUM).body);
    const refused = accept(job('shop', { ...FORUM, planHash: plan.hash }), ADA);
    await expect(refused).rejects.toMatchObject({
      code: 'plan-changed',
      details: { planHash: plan.hash, now: now.hash, plan: now },
    });
    expect(now.steps.map(({ id }) => id)).toEqual(['instance/shop']);
    expect(world.events()).toHaveLength(before);
  });

  test('fails with the difference when something changes before its turn comes; nothing of it was begun', async () => {
    const { world, accept, ended, shown, last } = await started();
    const later = new Date(world.clock.now() + 10 * MINUTE).toISOString();
    const plan = await shown(job('shop', FORUM).body);
    const { requestId } = await accept(job('shop', { ...FORUM, planHash: plan.hash, notBefore: later }), ADA);
    await accept(job('other', FORUM), ADA);
    await ended();
    expect(world.types(requestId)).not.toContain('StepRequested');
    const { type, data } = last(requestId);
    expect([type, data.cause]).toMatchObject(['RequestFailed', { code: 'plan-changed', details: { planHash: plan.hash } }]);
    expect(data.cause!.details['differences']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ part: 'steps', key: 'database/pg', change: 'removed' }),
        expect.objectContaining({ part: 'alreadySatisfied', key: 'database/pg', change: 'added' }),
      ]),
    );
    expect(world.standing).toEqual(['database/pg g1', 'instance/other g1']);
    expect([...world.environment().names.entries()].map(([name]) => name)).toEqual(['other']);
  });

  test('is planned anew where that is allowed, at once or when its turn comes', async () => {
    const { world, accept, ended, shown } = await started();
    const { hash: planHash } = await shown(job('shop', FORUM).body);
    await accept(job('other', FORUM), ADA);
    await ended();
    const { requestId } = await accept(job('shop', { ...FORUM, planHash, ifChanged: 'replan' }), ADA);
    await ended();
    expect(world.last(requestId)).toMatchObject({ type: 'RequestSucceeded' });
    expect(world.standing).toContain('instance/shop g1');
  });

  test('waits for who makes what it would make, and is then refused with the difference', async () => {
    const { world, accept, ended, shown, last } = await started();
    const plan = await shown(job('shop', FORUM).body);
    await accept(job('other', FORUM), ADA);
    const { requestId } = await accept(job('shop', { ...FORUM, planHash: plan.hash }), ADA);
    await ended();
    expect(world.types(requestId)).toEqual(['RequestAccepted', 'PlanMade', 'RequestWaiting', 'RequestFailed']);
    expect(last(requestId).data.cause).toMatchObject({
      code: 'plan-changed',
      message: expect.stringContaining('steps: 1 removed'),
      details: { planHash: plan.hash },
    });
    expect(world.standing).toEqual(['database/pg g1', 'instance/other g1']);
  });

  test('of an import is what was shown, though only now it is known who has the data', async () => {
    const { world, accept, ended, shown, last } = await started();
    await accept(job('shop'), ADA);
    await ended();
    const out = await accept({ job: 'export', key: 'out', body: { instanceId: 'shop' } }, ADA);
    await ended();
    const body = { instanceId: 'copy', ownerId: 'ada', definition: 'guestbook', snapshot: out.requestId, snapshotId: true };
    const plan = await shown(body, 'import');
    expect(plan.steps.some(({ from }) => from && from.holder === undefined)).toBe(true);
    const { requestId } = await accept({ job: 'import', key: 'in', body: { ...body, planHash: plan.hash } }, ADA);
    await ended();
    expect(last(requestId).type).toBe('RequestSucceeded');
    expect(world.standing).toContain('instance/copy g1');
  });

  test('is held to what it may say: a hash, and what to do only with one', async () => {
    const { accept } = await started();
    await expect(accept(job('shop', { planHash: 'latest' }), ADA)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('planHash'),
    });
    await expect(accept(job('shop', { ifChanged: 'replan' }), ADA)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('ifChanged: goes with planHash'),
    });
  });

  test('the same key is answered the same, also when its plan holds no longer', async () => {
    const { accept, ended, shown } = await started();
    const { hash: planHash } = await shown(job('shop', FORUM).body);
    const first = await accept(job('shop', { ...FORUM, planHash }), as('ada'));
    await ended();
    const again = await accept(job('shop', { ...FORUM, planHash }), as('ada'));
    expect(again).toMatchObject({ requestId: first.requestId, repeated: true });
  });
});
