import { chmodSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Drift } from '@slipway/contracts';
import { TestMesh } from '@slipway/testing';
import { whereBordersAre } from './modes.js';
import { slipway } from './slipway.js';

whereBordersAre('What is changed by hand behind the mesh', ({ processes }) => {
  let mesh: TestMesh;
  let data: string;
  let database: string;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId, { timeoutMs: 90_000 })).status).toBe('succeeded');
    data = String((await mesh.client().storages.get('default.shop-data')).outputs['path']);
    database = String((await mesh.client().databases.get('default.shop-db')).outputs['path']);
  }, 180_000);
  afterAll(() => mesh?.remove(), 60_000);

  /** What a program asks, with its exit code; the log's head before and after. */
  async function drift(...args: string[]): Promise<{ code: number | null; found: Drift }> {
    const { code, stdout, stderr } = await slipway(mesh, ['-o', 'json', 'drift', ...args]);
    if (!stdout.startsWith('{')) throw new Error(`${code}: ${stdout}${stderr}`);
    return { code, found: JSON.parse(stdout) as Drift };
  }
  const named = ({ items }: Drift) =>
    Object.fromEntries(
      items.map(({ key, drift: kind, differences }) => [key, `${kind} ${differences.map(({ field }) => field)}`]),
    );
  const answers = async () => {
    const { outputs } = await mesh.client().instances.get('default.shop');
    return (await fetch(String(outputs['url']))).ok;
  };

  it('is nothing at first, though the app has used its storage and its database', async () => {
    expect(await answers()).toBe(true);
    const { code, found } = await drift();
    expect({ code, named: named(found), unknown: found.unknown, compared: found.compared }).toEqual({
      ...{ code: 0, named: {}, unknown: [], compared: 3 },
    });
  }, 60_000);

  it('is named thing by thing, with exit code 2, and nothing is recorded by asking', async () => {
    chmodSync(data, 0o777);
    rmSync(dirname(dirname(database)), { recursive: true });
    const before = (await mesh.client().events({}, { limit: 500 })).items.length;
    const { code, found } = await drift();
    expect({ code, named: named(found) }).toEqual({
      code: 2,
      named: { 'storage/shop-data': 'changed mode', 'database/shop-db': 'missing state' },
    });
    expect((await drift('--ignore', 'storage/*:mode', '--ignore', 'database/shop-db')).code).toBe(0);
    const after = (await mesh.client().events({}, { limit: 500 })).items;
    expect(after.slice(before).filter(({ type }) => !/HealthChanged|Restarted/.test(type))).toEqual([]);
  }, 60_000);

  it('is adopted where it was wanted: from then on it is what is recorded, with who and why', async () => {
    const shown = await slipway(mesh, ['drift', '--adopt', 'storage/shop-data']);
    expect([shown.code, shown.stdout]).toEqual([2, expect.stringContaining('1 can be adopted')]);
    const done = await slipway(mesh, ['drift', '--adopt', '--yes', '--reason', 'the app needs it', 'storage/shop-data']);
    expect([done.code, done.stdout]).toEqual([0, 'storage/shop-data generation 1 is recorded as it was found.\n']);
    expect(statSync(data).mode & 0o777).toBe(0o777);
    expect(named((await drift()).found)).toEqual({ 'database/shop-db': 'missing state' });
    const { items } = await mesh.client().events({ type: ['StorageAdopted'] });
    expect(items).toMatchObject([{ data: { reason: 'the app needs it' }, actor: { id: 'operator' } }]);
  }, 60_000);

  it('is brought back by a request like any other: shown first, recorded, and afterwards nothing differs and the app works', async () => {
    chmodSync(data, 0o700);
    const shown = await slipway(mesh, ['drift', '--repair']);
    expect([shown.code, shown.stdout]).toEqual([2, expect.stringContaining('to bring back, 1 to make again.')]);
    expect(Object.keys(named((await drift()).found))).toHaveLength(2);
    const done = await slipway(mesh, ['drift', '--repair', '--yes']);
    expect({ code: done.code, said: done.stdout + done.stderr }).toEqual({
      code: 0,
      said: expect.stringContaining('shop is repaired: 3 brought back.'),
    });
    for (let tries = 0; tries < 200 && !(await answers().catch(() => false)); tries += 1) await sleep(50);
    expect(await answers()).toBe(true);
    const after = await drift();
    expect({ code: after.code, named: named(after.found) }).toEqual({ code: 0, named: {} });
    const [request] = (await mesh.client().requests.list({ sort: '-acceptedAt', limit: 1 })).items;
    expect(request).toMatchObject({ job: 'repair', status: 'succeeded', instanceId: 'shop' });
    expect((await mesh.client().databases.get('default.shop-db')).generation).toBe(1);
  }, 120_000);
});
