import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiError, NotReachable } from '@slipway/client';
import type { ServiceName } from '@slipway/contracts';
import { TestMesh } from '@slipway/testing';

/** Instances that stand at once while services are replaced. */
const AT_ONCE = 8;

/** As a client should: when there is no answer in time, or it is 503, the same again under the same key. */
async function insist<Answer>(
  ask: (options: { idempotencyKey: string }) => Promise<Answer>,
  repeats = () => {},
): Promise<Answer> {
  const options = { idempotencyKey: randomUUID() };
  for (;;) {
    try {
      return await ask(options);
    } catch (error) {
      if (!(error instanceof NotReachable || (error instanceof ApiError && error.problem.status === 503))) throw error;
      repeats();
      await sleep(50);
    }
  }
}

describe('Rolling restarts under load', () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  it.each<ServiceName>(['orchestrator', 'resolver', 'storage', 'database', 'instance'])(
    '%s is replaced while requests go on, and none fails',
    async (service) => {
      let stop = false;
      const ended: Promise<string>[] = [];
      const name = (n: number) => `${service}-${n}`;
      const done = (asked: { requestId: string }) =>
        mesh
          .client()
          .wait(asked.requestId, { timeoutMs: 90_000 })
          .then(
            ({ job, instanceId, status, cause }) =>
              status === 'succeeded' ? status : `${job} ${instanceId} ${JSON.stringify(cause)}`,
            String,
          );
      const giveBack = async (n: number) => {
        await ended[n];
        return done(await insist((key) => mesh.client().deprovision({ instanceId: name(n) }, key)));
      };
      const given: Promise<string>[] = [];
      const load = (async () => {
        for (let n = 0; !stop; n++) {
          const job = { ownerId: 'ada', instanceId: name(n), definition: 'guestbook' };
          ended.push(done(await insist((key) => mesh.client().provision(job, key))));
          // No more than so many at once, however slow the machine is.
          if (n >= AT_ONCE) given.push(giveBack(n - AT_ONCE));
          if (n >= 2 * AT_ONCE) await given[n - 2 * AT_ONCE];
          await sleep(150);
        }
      })();
      await sleep(400);
      const successor = await mesh.startReplica(`next-${service}`, [service]);
      await mesh.hostOf(service).stop('leave');
      await sleep(600);
      await mesh.hostOf(service).start();
      await successor.stop('leave');
      await sleep(300);
      stop = true;
      await load;
      for (let n = given.length; n < ended.length; n++) given.push(giveBack(n));
      const statuses = await Promise.all([...ended, ...given]);
      expect(statuses.length).toBeGreaterThan(3);
      expect(statuses).toEqual(statuses.map(() => 'succeeded'));
    },
    240_000,
  );

  it('the gateway is replaced too: a client that repeats with its key loses nothing and asks for nothing twice', async () => {
    const names = Array.from({ length: 24 }, (_, n) => `gateway-${n}`);
    let repeated = 0;
    const provision = async (instanceId: string): Promise<string> => {
      const job = { ownerId: 'ada', instanceId, definition: 'guestbook' };
      return (
        await insist(
          (key) => mesh.client().provision(job, key),
          () => repeated++,
        )
      ).requestId;
    };
    const asked = names.map(async (name, n) => {
      await sleep(n * 100);
      return provision(name);
    });
    await sleep(500);
    for (let round = 0; round < 2; round++) {
      await mesh.hostOf('gateway').stop('leave');
      await mesh.hostOf('gateway').start();
    }
    const accepted = await Promise.all(asked);
    expect(repeated).toBeGreaterThan(0);
    expect(new Set(accepted).size).toBe(names.length);
    await mesh.ready();
    const ended = await Promise.all(accepted.map((id) => mesh.client().wait(id, { timeoutMs: 120_000 })));
    expect(ended.map(({ status }) => status)).toEqual(names.map(() => 'succeeded'));
    expect(ended.map(({ instanceId }) => instanceId)).toEqual(names);
    const { items } = await mesh.client().events({ type: ['RequestAccepted'] }, { limit: 5000 });
    const byGateway = items.filter(({ data }) => String((data as { name: string }).name).startsWith('gateway-'));
    expect(byGateway).toHaveLength(names.length);
  }, 240_000);
});
