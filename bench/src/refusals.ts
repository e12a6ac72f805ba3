import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestMesh } from '@slipway/testing';
import { atMost, beside, type Figure } from './figure.js';

const BENCH = 'refusals';
const GOAL_MS = 1_000;

export const refusalsNotes = {
  about:
    'A whole mesh in one process on the embedded log, asked for a job over REST while something that it needs is away: how long the longest ' +
    'of the calls took until its 503. Each call is a new job on a new connection; anything but a 503 ends the bench.',
  notMeasured:
    'KurrentDB away, a cluster, a network that drops packets. A writer thread that dies is started anew within the time of one call: ' +
    'see the event log’s tests. The disk that is full needs root, to mount one of 4 MiB.',
};

/** How soon a job is refused when it can't be recorded. */
export async function refusalsBench({ short }: { short: boolean }): Promise<Figure[]> {
  const calls = short ? 3 : 12;
  const mesh = await TestMesh.start();
  try {
    const accepted = await longest(mesh, calls, 202);
    const figures: Figure[] = [beside(BENCH, `202 while nothing is away, longest of ${calls}`, accepted, 'ms')];
    const measure = async (what: string) =>
      figures.push(atMost(BENCH, `503 while ${what}, longest of ${calls}`, await longest(mesh, calls), GOAL_MS, 'ms'));

    mesh.nats.freeze();
    await measure('NATS swallows messages');
    mesh.nats.thaw();
    await mesh.nats.stop('SIGKILL');
    await sleep(200);
    await measure('NATS is away');
    await mesh.nats.start();
    await mesh.ready();

    const other = new DatabaseSync(join(mesh.data, 'log/events.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await measure('another process holds the log’s lock');
    other.exec('ROLLBACK');
    other.close();

    await withFullDisk(mesh, () => measure('the log’s disk is full'));
    return figures;
  } finally {
    await mesh.remove();
  }
}

/** Of calls one after another, in ms. */
async function longest(mesh: TestMesh, calls: number, expected = 503): Promise<number> {
  let most = 0;
  for (let n = 0; n < calls; n += 1) {
    const began = performance.now();
    const { status } = await fetch(`${mesh.url}/api/v1/ops/provision`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${mesh.key}`, 'Content-Type': 'application/json', Connection: 'close' },
      body: JSON.stringify({ ownerId: 'bench', instanceId: `refused-${Math.round(began)}-${n}`, definition: 'hello' }),
    });
    most = Math.max(most, performance.now() - began);
    if (status !== expected) throw new Error(`The call was answered ${status}, not ${expected}`);
  }
  return most;
}

/** Runs `work` while the log lies on a full disk; not at all where no small disk can be mounted. */
async function withFullDisk(mesh: TestMesh, work: () => Promise<unknown>): Promise<void> {
  const disk = mkdtempSync(join(tmpdir(), 'slipway-bench-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status === 0;
  try {
    if (!mounted) return;
    await mesh.killEverything();
    const log = join(mesh.data, 'log');
    cpSync(log, join(disk, 'log'), { recursive: true });
    rmSync(log, { recursive: true });
    symlinkSync(join(disk, 'log'), log);
    await mesh.startEverything();
    fill(join(disk, 'ballast'));
    await work();
    rmSync(join(disk, 'ballast'));
  } finally {
    if (mounted) spawnSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

function fill(file: string): void {
  for (const size of [65_536, 4_096, 512]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
