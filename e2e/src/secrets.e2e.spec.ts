import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { processesIn } from './place.js';

/** Every file below a folder. */
function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

describe('A secret', () => {
  let mesh: TestMesh;
  let canary: string;
  let secretFile: string;
  beforeAll(async () => {
    mesh = await TestMesh.start();
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'canary', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    secretFile = [...files(join(mesh.data, 'places'))].find((path) => path.includes('/secrets/'))!;
    canary = readFileSync(secretFile, 'utf8').trim();
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  it('is a file of mode 0400 for the instance', () => {
    expect(statSync(secretFile).mode & 0o777).toBe(0o400);
    expect(canary.length).toBeGreaterThanOrEqual(20);
  });

  it('stands nowhere else: not in the log, blobs, read models, log files, markers', () => {
    const elsewhere = [...files(mesh.folder)].filter((path) => path !== secretFile && readFileSync(path).includes(canary));
    expect(elsewhere).toEqual([]);
  });

  it('is in no event, answer, argument or environment', async () => {
    const { items } = await mesh.client().events({}, { limit: 500 });
    expect(JSON.stringify(items)).not.toContain(canary);
    expect(JSON.stringify(await mesh.client().instances.get('default.canary'))).not.toContain(canary);
    const pids = [...processesIn(mesh.data), ...[...mesh.hosts.values()].map((host) => host.pid)];
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) {
      expect(readFileSync(`/proc/${pid}/cmdline`).includes(canary)).toBe(false);
      expect(readFileSync(`/proc/${pid}/environ`).includes(canary)).toBe(false);
    }
  });

  it('is gone with the instance', async () => {
    const { requestId } = await mesh.client().deprovision({ instanceId: 'canary' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    expect([...files(mesh.folder)].filter((path) => readFileSync(path).includes(canary))).toEqual([]);
  });
});
