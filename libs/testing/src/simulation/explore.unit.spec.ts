import { afterEach, describe, expect, test } from '@jest/globals';
import type { EventStore } from '@slipway/event-store';
import { explore, run, type Scenario } from './explore.js';
import type { SimulatedProcess } from './simulated-process.js';

/** What outlives the process: letters that were sent, by their number. */
interface Post {
  sent: string[];
}

interface Ways {
  /** Looks whether the letter was sent already. */
  looks?: boolean;
  /** Answers before the order is durable. */
  hasty?: boolean;
  /** Sends what was ordered again at its start. */
  resumes?: boolean;
}

const STREAM = 'storage-default.post';
const CONTEXT = { correlationId: 'call', actor: { id: 'ada', type: 'user' as const } };

/** A service that records an order, sends a letter for it, and records that it was sent. */
async function post(process: SimulatedProcess, world: Post, { looks, hasty, resumes }: Ways): Promise<void> {
  const store = process.store('storage');
  const send = async (): Promise<void> => {
    await process.pass('before letter');
    if (!looks || !world.sent.includes('letter')) world.sent.push('letter');
    await process.pass('after letter');
    await record(store, 'StorageProvisioned');
  };
  const known = await store.read(STREAM);
  if (resumes && known.length === 1) void send();
  process.serve('storage', 'ensure', async () => {
    const types = (await store.read(STREAM)).map(({ type }) => type);
    if (types.length === 0) {
      const recorded = record(store, 'StorageStarted').then(send);
      if (!hasty) await recorded;
    }
    return {};
  });
}

async function record(store: EventStore, type: string): Promise<void> {
  const { length } = await store.read(STREAM);
  const id = `00000000-0000-4000-8000-00000000000${length}`;
  await store.append(STREAM, length - 1, [{ id, type, data: {}, metadata: { actor: CONTEXT.actor } }]);
}

const scenario = (ways: Ways): Scenario<Post> => ({
  name: 'a letter',
  compose(mesh) {
    const world: Post = { sent: [] };
    mesh.run('post-1', (process) => post(process, world, ways));
    return world;
  },
  async play(mesh) {
    await mesh.ask('storage', 'ensure', {}, CONTEXT);
    await mesh.pass(5_000);
  },
  wrong: (mesh, { sent }) => [
    ...(sent.length === 1 ? [] : [`${sent.length} letters were sent`]),
    ...(mesh.events(STREAM).at(-1)?.type === 'StorageProvisioned' ? [] : ['It was not recorded that it was sent']),
  ],
});

const failure = (ways: Ways): Promise<Error> =>
  explore(scenario(ways), { seed: 7 }).then(
    () => new Error('Nothing was found'),
    (error: Error) => error,
  );

describe('exploring the points at which a process may die', () => {
  afterEach(() => {
    delete process.env.SLIPWAY_POINT;
    delete process.env.SLIPWAY_POINTS;
  });

  test('a service that survives every point: all of them are tried', async () => {
    const { points, runs } = await explore(scenario({ looks: true, resumes: true }), { seed: 7 });
    // Two appends, one effect, before and after each; the command handled, answered, and the answer gone.
    expect([points, runs]).toEqual([9, 9]);
  });

  test('an effect that happens twice is found, with what repeats exactly that run', async () => {
    const { message } = await failure({ resumes: true });
    expect(message).toContain('a letter, killed at 5 of 9; again: SLIPWAY_SEED=7 SLIPWAY_POINT=5');
    expect(message).toContain('died: post-1: after letter');
    expect(message).toContain('2 letters were sent');
    process.env.SLIPWAY_POINT = '5';
    expect((await failure({ resumes: true })).message).toBe(message);
    process.env.SLIPWAY_POINT = '4';
    expect((await failure({ resumes: true })).message).toBe('Nothing was found');
  });

  test('an order that is answered before it is durable is found lost', async () => {
    const { message } = await failure({ looks: true, resumes: true, hasty: true });
    expect(message).toContain('0 letters were sent');
  });

  test('what is left unfinished by a death is found', async () => {
    expect((await failure({ looks: true })).message).toContain('It was not recorded that it was sent');
  });

  test('what a restart does a second time is found, without any death', async () => {
    const again: Scenario<Post> = {
      ...scenario({ looks: true, resumes: true }),
      compose(mesh) {
        const world: Post = { sent: [] };
        mesh.run('post-1', (process) => post(process, world, { looks: true, resumes: true }));
        mesh.run('asks-1', (process) => void process.bus.request('storage', 'ensure', {}, { context: CONTEXT }).catch(() => {}));
        return world;
      },
    };
    await expect(explore(again, { seed: 7 })).rejects.toThrow(
      'without any death; again: SLIPWAY_SEED=7\nWhen all was over a restart asked slipway.sim.storage.ensure',
    );
  });

  test('a sample of the points; SLIPWAY_POINTS says how many', async () => {
    const good = scenario({ looks: true, resumes: true });
    expect((await explore(good, { seed: 7, points: 3 })).runs).toBe(3);
    process.env.SLIPWAY_POINTS = 'all';
    expect((await explore(good, { seed: 7, points: 3 })).runs).toBe(9);
  });

  test('everything dies together, and comes back', async () => {
    const { mesh } = await run(scenario({ looks: true, resumes: true }), { seed: 7, dieAt: [5], dies: 'everything' });
    expect(mesh.deaths).toEqual(['post-1: after letter']);
  });
});
