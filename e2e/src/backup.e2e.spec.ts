import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { whereBordersAre } from './modes.js';
import { processesIn } from './place.js';
import { slipway } from './slipway.js';

whereBordersAre('A restore drill', ({ processes }) => {
  let folder: string;
  const meshes: TestMesh[] = [];
  const start = async () => {
    const mesh = await TestMesh.start({ processes });
    meshes.push(mesh);
    return mesh;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-backup-'));
  });
  afterEach(async () => {
    for (const mesh of meshes.splice(0)) await mesh.remove();
    rmSync(folder, { recursive: true });
  }, 60_000);

  const history = async (mesh: TestMesh) =>
    (await mesh.client().events({}, { limit: 500 })).items.map(({ id, type, data }) => ({ id, type, data }));

  it('brings log, blobs and read models back as they were; damaged archives change nothing', async () => {
    const one = await start();
    const { requestId } = await one.client().provision({ ownerId: 'ada', instanceId: 'kept', definition: 'guestbook' });
    await one.client().wait(requestId);
    const file = join(folder, 'backup.tar');
    expect(await slipway(one, ['backup', file])).toMatchObject({ code: 0, stdout: expect.stringContaining(file) });
    const before = {
      events: await history(one),
      logs: await one.client().requests.logs(requestId),
      request: await one.client().requests.get(requestId),
    };

    const two = await start();
    const position = (await two.client().info()).eventLog.position;
    const damaged = readFileSync(file);
    damaged[Math.floor(damaged.length / 2)]! ^= 1;
    writeFileSync(join(folder, 'damaged.tar'), damaged);
    const refused = await slipway(two, ['restore', '--replace', join(folder, 'damaged.tar')]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/SHA-256|checksum|damaged/i);
    expect((await two.client().info()).eventLog.position).toBe(position);

    expect(await slipway(two, ['restore', '--replace', file])).toMatchObject({ code: 0 });
    await two.stop();
    const { swapInRestore } = await import(new URL('../../apps/slipwayd/dist/restore/swap-in.js', import.meta.url).href);
    expect(swapInRestore(two.data)).toContain('before-restore-1');
    await two.startEverything();
    expect((await history(two)).slice(0, before.events.length)).toEqual(before.events);
    expect(await two.client().requests.logs(requestId)).toBe(before.logs);
    expect(await two.client().requests.get(requestId)).toMatchObject({
      id: requestId,
      status: 'succeeded',
      steps: before.request.steps.map(({ id, status }) => ({ id, status })),
    });
    await expect(two.client().instances.list({ asOf: position })).rejects.toMatchObject({ code: 'gone' });
  }, 240_000);

  it('gives nobody what was made after the backup: names that the log has forgotten are made anew', async () => {
    const mesh = await start();
    const file = join(folder, 'early.tar');
    expect(await slipway(mesh, ['backup', file])).toMatchObject({ code: 0 });
    const provisioned = async (ownerId: string, instanceId: string) => {
      const { requestId } = await mesh.client().provision({ ownerId, instanceId, definition: 'guestbook' });
      expect(await mesh.client().wait(requestId, { timeoutMs: 60_000 })).toMatchObject({ status: 'succeeded' });
      return String((await mesh.client().instances.get(instanceId)).outputs.url);
    };
    const entries = async (url: string) => ((await (await fetch(`${url}/entries`)).json()) as { count: number }).count;
    const diary = await provisioned('ada', 'diary');
    const entry = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"Ada","message":"secret"}' };
    expect((await fetch(`${diary}/entries`, entry)).ok).toBe(true);
    expect(await entries(diary)).toBe(1);
    await provisioned('ada', 'passing');
    const given = await mesh.client().deprovision({ instanceId: 'passing' });
    expect(await mesh.client().wait(given.requestId, { timeoutMs: 60_000 })).toMatchObject({ status: 'succeeded' });

    expect(await slipway(mesh, ['restore', '--replace', file])).toMatchObject({ code: 0 });
    await mesh.stop();
    const { swapInRestore } = await import(new URL('../../apps/slipwayd/dist/restore/swap-in.js', import.meta.url).href);
    swapInRestore(mesh.data);
    await mesh.startEverything();
    expect(await entries(await provisioned('bob', 'diary'))).toBe(0);
    await provisioned('ada', 'passing');
    await mesh.stop();
    expect(processesIn(mesh.data)).toEqual([]);
  }, 240_000);
});
