import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventView, ServiceName } from '@slipway/contracts';
import { TestMesh, type Death } from '@slipway/testing';
import { broken } from '@slipway/testing/simulation';
import { elsewhere, embedded } from './embedded.js';
import { Deaths } from './deaths.js';
import { processesIn, standing } from './place.js';

const death = (what: Death['what'], when: Death['when'], matches: string): Death => ({ when, what, matches });
const append = (when: Death['when'], types: string) => death('append', when, types);
const effect = (when: Death['when'], call: string) => death('effect', when, call);
const message = (when: Death['when'], frame: string) => death('message', when, frame);

/** Where real processes die: a sample of the points that the simulation enumerates. */
const POINTS: Partial<Record<ServiceName, readonly Death[]>> = {
  gateway: [message('after', String.raw`PUB slipway\.dev\.orchestrator\.accept`)],
  orchestrator: [
    append('after', 'NameClaimed'),
    append('after', 'RequestAccepted'),
    message('before', 'PUB _INBOX.*"requestId":.*"position":'),
    append('before', 'PlanAdmitted'),
    append('after', 'RequestAdmitted'),
    append('before', 'RequestSucceeded'),
    append('after', 'RequestSucceeded'),
    append('after', 'PlanSettled'),
  ],
  resolver: [message('before', 'PUB _INBOX.*"outcome":')],
  storage: [
    append('after', 'StorageStarted'),
    effect('before', String.raw`rename .*/g\d+$`),
    effect('after', String.raw`rename .*/g\d+$`),
    append('after', 'StorageProvisioned'),
    effect('after', String.raw`rename .*\.trash$`),
    append('before', 'StorageDestroyed'),
  ],
  database: [
    message('before', 'PUB _INBOX.*"status":"accepted"'),
    effect('after', String.raw`mkdir .*\.staging$`),
    append('before', 'DatabaseProvisioned'),
    effect('after', String.raw`link .*/g\d+$`),
  ],
  instance: [
    effect('after', String.raw`rename .*/g\d+$`),
    append('before', 'InstanceProvisioned'),
    append('after', 'InstanceDestroyed'),
  ],
};
/** Provisions and deprovisions until everybody has died everywhere, at most so often. */
const ROUNDS = 15;
/** How long one request may take, in ms. */
const PATIENCE = 90_000;

let mesh: TestMesh;
let deaths: Deaths | undefined;
afterEach(async () => {
  await deaths?.end();
  await mesh?.remove();
}, 60_000);

/** As a caller does who does not know whether he was heard: again, with the same key. */
async function insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (const until = Date.now() + PATIENCE; ; await sleep(50)) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw new Error(`${(error as Error).message}\n${mesh.logs()}`, { cause: error });
    }
  }
}

async function recorded(): Promise<EventView[]> {
  const events: EventView[] = [];
  for (let after: string | undefined; ;) {
    const { items, next } = await mesh.client().events({}, { limit: 500, ...(after && { after }) });
    events.push(...items);
    if (!next) return events;
    after = next;
  }
}

// Its points are commits of the embedded log.
(embedded ? it : it.skip)(
  `kill -9 of real processes before and after appends, effects and messages: nothing lost, nothing twice, nothing left${elsewhere}`,
  async () => {
    mesh = await TestMesh.start({ processes: true });
    deaths = new Deaths(mesh, POINTS);
    const names = deaths.left;
    await deaths.begin();
    let round = 0;
    for (; deaths.left.length > 0 && round < ROUNDS; round += 1) {
      const wanted = { ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' };
      const context = () => `round ${round + 1}; died: ${deaths!.died.slice(-8).join('; ')}\n${mesh.logs()}`;
      const made = await insist(() => mesh.client().provision(wanted, { idempotencyKey: `make-${round}` }));
      const provisioned = await mesh.client().wait(made.requestId, { timeoutMs: PATIENCE });
      expect({ status: provisioned.status, context: context() }).toMatchObject({ status: 'succeeded' });
      const { outputs } = await insist(() => mesh.client().instances.get('default.shop'));
      expect((await fetch(String(outputs.url))).status).toBe(200);
      expect(standing(mesh.data)).toHaveLength(3);
      const back = await insist(() => mesh.client().deprovision({ instanceId: 'shop' }, { idempotencyKey: `remove-${round}` }));
      const removed = await mesh.client().wait(back.requestId, { timeoutMs: PATIENCE });
      expect({ status: removed.status, context: context() }).toMatchObject({ status: 'succeeded' });
      expect(standing(mesh.data)).toEqual([]);
      expect(processesIn(mesh.data)).toEqual([]);
    }
    expect(deaths.left).toEqual([]);
    expect(deaths.died.toSorted()).toEqual(names.toSorted());
    expect(names.length).toBeGreaterThanOrEqual(12);
    // That a request has ended is told before its environment knows, and the one that tells it may just have died.
    const wrong = async () => broken(await insist(recorded), { marks: () => [] });
    for (const until = Date.now() + PATIENCE; (await wrong()).length > 0 && Date.now() < until;) await sleep(100);
    expect(await wrong()).toEqual([]);
  },
  400_000,
);
