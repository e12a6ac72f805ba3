import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContentPackage } from '@slipway/contracts';
import { TestMesh, root } from '@slipway/testing';
import { parse } from 'yaml';
import { atLeast, beside, median, type Figure } from './figure.js';

const BENCH = 'instances';
/** Below the ports that the system hands out, and above those of test meshes. */
const FIRST_PORT = 31_100;

export const instancesNotes = {
  about:
    'So many guestbooks at once (each with a folder, a database with its schema, a key and a process) until every one of them answers: ' +
    'asked of a whole mesh in one process, and made by a shell loop that keeps no record (`bench/shell/instances.sh`), which starts each ' +
    'process and goes on, and waits for all at the end. Taking turns; what was made is taken away in between.',
  notMeasured:
    'What only Slipway does with them: users of their own, limits, supervision, a log that is kept within bounds. Other drivers, other machines.',
};

/** What it costs to have instances made, planned, recorded and watched, instead of by a loop. */
export async function instancesBench({ short }: { short: boolean }): Promise<Figure[]> {
  const count = short ? 10 : 100;
  const times = { slipway: [] as number[], loop: [] as number[] };
  const mesh = await TestMesh.start({ settings: { limits: { concurrent: count, perOwner: count, queue: 1_000 } } });
  try {
    for (let round = 0; round < (short ? 1 : 3); round++) {
      times.slipway.push(await provisioned(mesh, round, count));
      times.loop.push(await made(count));
    }
  } finally {
    await mesh.remove();
  }
  const [slipway, loop] = [median(times.slipway), median(times.loop)];
  return [
    atLeast(BENCH, `${count} instances at once, of a shell loop`, loop / slipway, 0.5),
    beside(BENCH, `${count} instances at once`, slipway, 'ms'),
    beside(BENCH, `${count} instances by a shell loop`, loop, 'ms'),
  ];
}

async function provisioned(mesh: TestMesh, round: number, count: number): Promise<number> {
  const client = mesh.client();
  const names = Array.from({ length: count }, (_, n) => `guestbook-${round}-${n}`);
  const end = async (asked: Promise<{ requestId: string }>) => {
    const { status, cause } = await client.wait((await asked).requestId, { timeoutMs: 600_000 });
    if (status !== 'succeeded') throw new Error(`A request ended ${status}: ${cause?.message}`);
  };
  const began = performance.now();
  await Promise.all(names.map((instanceId) => end(client.provision({ ownerId: 'ada', instanceId, definition: 'guestbook' }))));
  const ms = performance.now() - began;
  await Promise.all(names.map((instanceId) => end(client.deprovision({ instanceId }))));
  return ms;
}

async function made(count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-instances-'));
  const schema = join(folder, 'schema.sql');
  writeFileSync(schema, schemaOf('guestbook'));
  const sample = join(root, 'content/samples/guestbook');
  const words = [
    join(root, 'bench/shell/instances.sh'),
    folder,
    String(count),
    String(FIRST_PORT),
    process.execPath,
    sample,
    schema,
  ];
  try {
    const began = performance.now();
    const { status, stderr } = spawnSync('sh', words, { encoding: 'utf8', timeout: 600_000 });
    if (status !== 0) throw new Error(`The loop ended with ${status}: ${stderr}`);
    return performance.now() - began;
  } finally {
    await ended(join(folder, 'pids'));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends what the loop started; resolves when it is gone. */
async function ended(file: string): Promise<void> {
  const pids = readFileSync(file, 'utf8').trim().split('\n').map(Number);
  for (const pid of pids) process.kill(-pid, 'SIGKILL');
  for (const pid of pids) while (isThere(pid)) await sleep(10);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What the sample's database is made with. */
function schemaOf(name: string): string {
  const { definitions } = parse(readFileSync(join(root, 'content/samples/package.yaml'), 'utf8')) as ContentPackage;
  const { requirements } = definitions.find((definition) => definition.name === name)!;
  return String(requirements!.find(({ namespace }) => namespace === 'database')!.spec!['schema']);
}
