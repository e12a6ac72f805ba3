import { afterEach, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { Caller } from './caller.js';
import { elsewhere, embedded } from './embedded.js';
import { dieInEveryJob, dies, type Tried } from './every-job.js';
import { processesIn, standing } from './place.js';

const { append, effect, message } = dies;

/** Where real processes die: a sample of the points that the simulation and the drivers' contract enumerate. */
const POINTS: Tried['points'] = {
  gateway: [message('after', String.raw`PUB slipway\.dev\.orchestrator\.accept`)],
  orchestrator: [
    append('after', 'NameClaimed'),
    append('after', 'RequestAccepted'),
    append('before', 'PlanAdmitted'),
    append('after', 'RequestAdmitted'),
    append('before', 'RequestSucceeded'),
    append('before', 'SnapshotTaken'),
    append('after', 'SnapshotTaken'),
    append('after', 'RequestSucceeded'),
    append('after', 'PlanSettled'),
    message('before', 'PUB _INBOX.*"requestId":.*"position":'),
  ],
  resolver: [message('before', 'PUB _INBOX.*"outcome":')],
  storage: [
    append('after', 'StorageStarted'),
    effect('before', String.raw`rename .*/g\d+$`),
    effect('after', String.raw`rename .*/g\d+$`),
    append('before', 'StorageExported'),
    append('after', 'StorageExported'),
    append('before', 'StorageUpdated'),
    effect('before', String.raw`rename .*copy-data/g\d+$`),
    append('after', 'StorageProvisioned'),
    effect('after', String.raw`rename .*\.trash$`),
    append('before', 'StorageDestroyed'),
  ],
  database: [
    message('before', 'PUB _INBOX.*"status":"accepted"'),
    effect('after', String.raw`mkdir .*\.staging$`),
    append('before', 'DatabaseProvisioned'),
    effect('after', String.raw`mkdir .*\.aside$`),
    effect('before', String.raw`rm .*\.aside$`),
    append('before', 'DatabaseExported'),
    effect('after', String.raw`rename .*/database\.sqlite$`),
    effect('after', String.raw`link .*/g\d+$`),
  ],
  instance: [
    effect('after', String.raw`rename .*/g\d+$`),
    append('before', 'InstanceProvisioned'),
    append('before', 'InstanceStopped'),
    append('after', 'InstanceStopped'),
    append('after', 'InstanceExported'),
    effect('before', String.raw`rename .*/launch\.sh$`),
    effect('after', String.raw`rename .*/instance\.json$`),
    append('before', 'InstanceUpdated'),
    append('after', 'InstanceDestroyed'),
  ],
};
/** How long a caller waits for an answer, in ms. */
const PATIENCE = 90_000;

let mesh: TestMesh;
afterEach(() => mesh?.remove(), 60_000);

// Its points are commits of the embedded log.
(embedded ? it : it.skip)(
  `kill -9 of real processes before and after appends, effects and messages of every job: nothing lost, nothing twice, nothing left${elsewhere}`,
  async () => {
    mesh = await TestMesh.start({ processes: true });
    const caller = new Caller(mesh, PATIENCE);
    const entries = async (instance: string) => `${await caller.urlOf(instance)}/entries`;
    await dieInEveryJob(mesh, {
      points: POINTS,
      definition: 'guestbook',
      update: { greeting: 'Welcome', 'size-limit': '256MiB' },
      async write(instance, name) {
        const body = JSON.stringify({ name, message: 'was here' });
        const headers = { 'content-type': 'application/json' };
        await caller.insist(async () => fetch(await entries(instance), { method: 'POST', headers, body }));
      },
      async read(instance) {
        const answer = await caller.insist(async () => fetch(await entries(instance)));
        return String(((await answer.json()) as { count: number }).count);
      },
      standing: () => standing(mesh.data),
      parts: 3,
      remains: () => processesIn(mesh.data).map((pid) => `process ${pid}`),
    });
  },
  600_000,
);
