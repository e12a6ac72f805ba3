import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceName } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import { seedOf, seededRandom } from '@slipway/event-store/testing';
import { TestMesh } from '@slipway/testing';
import { broken } from '@slipway/testing/simulation';
import { Caller } from './caller.js';
import { standing } from './place.js';

const LONG = 240_000;
const PATIENCE = 120_000;
/** Longer than anybody believes of one who is silent that he is alive, in ms. */
const NAP_MS = 12_000;
/** Those who do the work of a request. */
const WORKERS: ServiceName[] = ['orchestrator', 'storage', 'database', 'instance'];
const SEED = seedOf(Date.now() % 2 ** 31);

/**
 * Whoever is stopped (SIGSTOP) knows nothing of the time that passes: a laptop whose lid is closed, a virtual machine that is moved.
 * When it goes on it believes what it knew.
 */
describe(`What slept goes on as if it had been there, and repeats nothing (SLIPWAY_SEED=${SEED})`, () => {
  const random = seededRandom(SEED);
  let mesh: TestMesh;
  let caller: Caller;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true });
    await mesh.startReplica('second', WORKERS);
    caller = new Caller(mesh, PATIENCE);
  }, LONG);
  afterAll(async () => {
    for (const host of mesh?.hosts.values() ?? []) host.signal('SIGCONT');
    await mesh?.remove();
  }, 60_000);

  const ended = (requestId: string): Promise<RequestView> => mesh.client().wait(requestId, { timeoutMs: PATIENCE });
  const begin = (instanceId: string) => {
    const idempotencyKey = randomUUID();
    return caller.insist(() =>
      mesh.client().provision({ ownerId: 'ada', instanceId, definition: 'guestbook' }, { idempotencyKey }),
    );
  };
  /** Everything given back, nothing was done twice, and nothing is left. */
  const allIsWell = async () => {
    for (const { name } of (await mesh.client().instances.list()).items) await caller.job('deprovision', { instanceId: name });
    const wrong = async () => broken(await caller.recorded(), { marks: () => [] });
    for (const until = Date.now() + PATIENCE; (await wrong()).length > 0 && Date.now() < until;) await sleep(100);
    expect([await wrong(), standing(mesh.data)]).toEqual([[], []]);
  };

  it(
    'the whole machine, in the middle of a request, woken one by one in any order',
    async () => {
      const asked = await Promise.all(['one', 'two'].map(begin));
      await sleep(random() * 1_000);
      const hosts = [...mesh.hosts.values()];
      mesh.nats.freeze();
      for (const host of hosts) host.signal('SIGSTOP');
      await sleep(NAP_MS);
      for (const host of hosts.toSorted(() => random() - 0.5)) {
        host.signal('SIGCONT');
        await sleep(200);
        if (random() < 0.2) mesh.nats.thaw();
      }
      mesh.nats.thaw();
      for (const { requestId } of asked) {
        const { status, cause } = await ended(requestId);
        expect([status, cause]).toEqual(['succeeded', undefined]);
      }
      await allIsWell();
    },
    LONG,
  );

  it(
    'every service whose work another replica has ended meanwhile',
    async () => {
      const { requestId } = await begin('shop');
      const asleep = WORKERS.map((service) => mesh.hostOf(service));
      for (const host of asleep) host.signal('SIGSTOP');
      const { status, cause } = await ended(requestId);
      expect([status, cause]).toEqual(['succeeded', undefined]);
      await caller.job('deprovision', { instanceId: 'shop' });
      for (const host of asleep) host.signal('SIGCONT');
      await mesh.ready();
      await allIsWell();
      // It works again when the other one is away.
      mesh.hosts.get('second')!.signal('SIGSTOP');
      await caller.job('provision', { ownerId: 'ada', instanceId: 'later', definition: 'guestbook' });
      mesh.hosts.get('second')!.signal('SIGCONT');
      await allIsWell();
    },
    LONG,
  );
});
