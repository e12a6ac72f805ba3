import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceName } from '@slipway/contracts';
import { TestMesh } from '@slipway/testing';

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
      const load = (async () => {
        for (let n = 0; !stop; n++) {
          const { requestId } = await mesh
            .client()
            .provision({ ownerId: 'ada', instanceId: `${service}-${n}`, definition: 'guestbook' });
          ended.push(
            mesh
              .client()
              .wait(requestId, { timeoutMs: 90_000 })
              .then(({ status }) => status),
          );
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
      const statuses = await Promise.all(ended);
      expect(statuses.length).toBeGreaterThan(3);
      expect(statuses).toEqual(statuses.map(() => 'succeeded'));
    },
    180_000,
  );
});
