import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@slipway/contracts';
import { TestMesh, type Death } from '@slipway/testing';
import { Deaths } from './deaths.js';
import { elsewhere, embedded } from './embedded.js';
import { standing } from './place.js';

const append = (when: Death['when'], matches: string): Death => ({ when, what: 'append', matches });
const effect = (when: Death['when'], matches: string): Death => ({ when, what: 'effect', matches });

/** Where real processes die while data move: a sample of the points that the simulation and the drivers' contract enumerate. */
const POINTS: Partial<Record<ServiceName, readonly Death[]>> = {
  orchestrator: [append('before', 'SnapshotTaken'), append('after', 'SnapshotTaken')],
  storage: [
    append('before', 'StorageExported'),
    append('after', 'StorageExported'),
    effect('before', String.raw`rename .*copy-data/g\d+$`),
  ],
  database: [
    effect('after', String.raw`mkdir .*\.aside$`),
    effect('before', String.raw`rm .*\.aside$`),
    append('before', 'DatabaseExported'),
    effect('after', String.raw`rename .*/database\.sqlite$`),
  ],
  instance: [append('before', 'InstanceStopped'), append('after', 'InstanceStopped'), append('after', 'InstanceExported')],
};
/** Exports and imports until everybody has died everywhere, at most so often. */
const ROUNDS = 12;
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

const well = async (ask: () => Promise<{ requestId: string }>) => {
  const { requestId } = await insist(ask);
  const { status, cause, result } = await mesh.client().wait(requestId, { timeoutMs: PATIENCE });
  const context = `died: ${deaths?.died.slice(-8).join('; ')}\n${mesh.logs()}`;
  expect({ status, cause, context }).toMatchObject({ status: 'succeeded' });
  return result;
};
const entriesOf = async (name: string): Promise<URL> => {
  const { outputs } = await insist(() => mesh.client().instances.get(`default.${name}`));
  return new URL('entries', String(outputs.url));
};
const count = (url: URL) => insist(async () => ((await (await fetch(url)).json()) as { count: number }).count);

// Its points are commits of the embedded log.
(embedded ? it : it.skip)(
  `kill -9 of real processes in the middle of exports and imports: every snapshot is whole, and so is what is made of it${elsewhere}`,
  async () => {
    mesh = await TestMesh.start({ processes: true });
    const client = mesh.client();
    await well(() =>
      client.provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' }, { idempotencyKey: 'make' }),
    );
    deaths = new Deaths(mesh, POINTS);
    const names = deaths.left;
    await deaths.begin();
    for (let round = 1; deaths.left.length > 0 && round <= ROUNDS; round += 1) {
      const shop = await entriesOf('shop');
      const body = JSON.stringify({ name: `visitor ${round}`, message: 'was here' });
      await insist(() => fetch(shop, { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
      const written = await count(shop);
      const { snapshot } = (await well(() => client.export({ instanceId: 'shop' }, { idempotencyKey: `export-${round}` }))) as {
        snapshot: string;
      };
      expect(await count(await entriesOf('shop'))).toBe(written);
      const copy = { ownerId: 'ada', instanceId: 'copy', snapshot, snapshotId: true };
      await well(() => client.import(copy, { idempotencyKey: `import-${round}` }));
      expect(await count(await entriesOf('copy'))).toBe(written);
      expect(standing(mesh.data)).toHaveLength(6);
      await well(() => client.deprovision({ instanceId: 'copy' }, { idempotencyKey: `remove-${round}` }));
      expect(standing(mesh.data)).toHaveLength(3);
    }
    expect(deaths.left).toEqual([]);
    expect(deaths.died.toSorted()).toEqual(names.toSorted());
  },
  600_000,
);
