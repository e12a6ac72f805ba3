import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES, type ServiceName } from '@slipway/contracts';
import { seededRandom, seedOf } from '@slipway/event-store/testing';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';
import { processesIn, standing } from './place.js';

/** How many rounds of killing; more by hand: SLIPWAY_ROUNDS=50. */
const ROUNDS = Number(process.env.SLIPWAY_ROUNDS ?? 4);

inBothModes('kill -9 at any moment', ({ processes }) => {
  let mesh: TestMesh;
  afterEach(() => mesh?.remove(), 60_000);

  it('loses no accepted request, does nothing twice, leaves no orphan', async () => {
    const seed = seedOf(Date.now() % 1_000_000);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    mesh = await TestMesh.start({ processes });
    for (let round = 0; round < ROUNDS; round++) {
      const names = Array.from({ length: 3 }, (_, n) => `svc-${round}-${n}`);
      const asked = names.map(async (instanceId) => {
        for (;;) {
          try {
            return await mesh
              .client()
              .provision({ ownerId: 'ada', instanceId, definition: 'guestbook' }, { idempotencyKey: `key-of-${instanceId}` });
          } catch {
            await sleep(100);
          }
        }
      });
      const victim: ServiceName | 'all' = random() < 0.3 ? 'all' : SERVICES[Math.floor(random() * SERVICES.length)]!;
      await sleep(random() * 700);
      if (victim === 'all') {
        await mesh.killEverything({ nats: random() < 0.5 });
        await mesh.startEverything();
      } else {
        await mesh.hostOf(victim).kill();
        await sleep(random() * 200);
        await mesh.hostOf(victim).start();
        await mesh.ready();
      }
      const accepted = await Promise.all(asked);
      const ended = await Promise.all(accepted.map(({ requestId }) => mesh.client().wait(requestId, { timeoutMs: 90_000 })));
      const context = `seed ${seed}, round ${round}, killed ${victim}\n${mesh.logs()}`;
      expect({ statuses: ended.map((request) => request.status), context }).toEqual({
        statuses: names.map(() => 'succeeded'),
        context,
      });
      for (const { requestId } of accepted) {
        const { items } = await mesh.client().requests.events(requestId);
        const made = items.filter((event) => event.type === 'StepSucceeded').map((event) => event.data.stepId);
        expect({ made: made.length, context }).toEqual({ made: new Set(made).size, context });
      }
      for (const name of names) {
        const { outputs, generation } = await mesh.client().instances.get(`default.${name}`);
        expect(generation).toBe(1);
        expect((await fetch(String(outputs.url))).status).toBe(200);
      }
      expect(standing(mesh.data)).toHaveLength(3 * names.length);
      const back = await Promise.all(names.map((instanceId) => mesh.client().deprovision({ instanceId })));
      for (const { requestId } of back)
        expect((await mesh.client().wait(requestId, { timeoutMs: 90_000 })).status).toBe('succeeded');
      expect(standing(mesh.data)).toEqual([]);
      expect(processesIn(mesh.data)).toEqual([]);
    }
  }, 600_000);
});
