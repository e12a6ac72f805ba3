import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, rmdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { Problem } from '@slipway/contracts/http';
import { TestMesh } from '@slipway/testing';
import { embedded } from './embedded.js';
import { inBothModes } from './modes.js';

const disk = mkdtempSync(join(tmpdir(), 'slipway-disk-'));
const mounted = embedded && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['--lazy', disk]);
  rmdirSync(disk);
});

const reason = embedded ? 'only root may mount a small file system for it' : 'the log is not the embedded one';
const suite = mounted
  ? inBothModes
  : (name: string, run: (options: { processes: boolean }) => void) =>
      describe.skip(`${name} (skipped: ${reason})`, () => run({ processes: false }));

/** More than any refusal takes that is prompt, on a machine that is busy. */
const AT_ONCE_MS = 5_000;

suite('The disk of the log is full', ({ processes }) => {
  let mesh: TestMesh;
  afterEach(() => mesh?.remove(), 60_000);

  it('503 with the reason and nothing half recorded; with room again everything goes on without a restart', async () => {
    mesh = await TestMesh.start({ processes });
    await mesh.killEverything();
    const [log, small] = [join(mesh.data, 'log'), mkdtempSync(join(disk, 'log-'))];
    cpSync(log, small, { recursive: true });
    rmSync(log, { recursive: true });
    symlinkSync(small, log);
    await mesh.startEverything();

    const ballast = join(disk, 'ballast');
    const fill = () => {
      for (const size of [65_536, 4_096, 512]) {
        try {
          for (;;) appendFileSync(ballast, Buffer.alloc(size));
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
        }
      }
    };
    const ask = async (n: number) => {
      const answer = await fetch(`${mesh.url}/api/v1/ops/provision`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${mesh.key}`, 'Content-Type': 'application/json', 'Idempotency-Key': `key-${n}` },
        body: JSON.stringify({ ownerId: 'ada', instanceId: `full-${n}`, definition: 'guestbook' }),
        signal: AbortSignal.timeout(AT_ONCE_MS),
      });
      return { status: answer.status, body: (await answer.json()) as Problem & { requestId: string } };
    };

    // What stands in the log's file already may still be used up: until the first refusal.
    const accepted: string[] = [];
    let n = 0;
    let refused: Awaited<ReturnType<typeof ask>> | undefined;
    for (; !refused && n < 200; n++) {
      fill();
      const answer = await ask(n);
      if (answer.status === 202) accepted.push(answer.body.requestId);
      else refused = answer;
    }
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'log-unavailable', detail: expect.stringContaining('the disk is full') },
    });
    const known = (await mesh.client().requests.list({ filter: { instanceId: `full-${n - 1}` } })).items;
    expect(known).toEqual([]);
    expect((await mesh.client().events({}, { limit: 1 })).items).toHaveLength(1);

    rmSync(ballast);
    const again = await ask(n - 1);
    expect(again.status).toBe(202);
    for (const requestId of [...accepted, again.body.requestId])
      expect((await mesh.client().wait(requestId, { timeoutMs: 120_000 })).status).toBe('succeeded');
    for (const host of mesh.hosts.values()) expect(host.running).toBe(true);
    await mesh.ready();
  }, 300_000);
});
