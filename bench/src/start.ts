import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEventLog } from '@slipway/event-store/open';
import { root } from '@slipway/testing';
import { atMost, beside, median, type Figure } from './figure.js';
import { fill } from './history.js';

const BENCH = 'start';
/** How long a mesh is left alone before its memory is looked at. */
const IDLE_MS = 10_000;

export const startNotes = {
  about:
    'What `npm start` runs once packages are there and built: from the start of slipwayd to its line "ready", with nats-server and all ' +
    'services in one process. Memory is resident memory (VmRSS) of the mesh’s process ten seconds after it was ready, with nothing to do.',
  notMeasured:
    'Installing and building; a disk whose cache is cold; instances to start again (their own start-up time is theirs).',
};

/** How soon a mesh is ready, with an empty log and with a long one, and what it weighs. */
export async function startBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-start-'));
  try {
    const rounds = short ? 1 : 3;
    await started(join(folder, 'warm'), async () => {});
    const empty: number[] = [];
    for (let round = 0; round < rounds; round += 1) empty.push(await started(join(folder, `empty-${round}`), async () => {}));
    let memory: Memory | undefined;
    await started(join(folder, 'idle'), async (daemon) => {
      await sleep(short ? 2_000 : IDLE_MS);
      memory = memoryOf(daemon.pid!);
    });
    const long = join(folder, 'long');
    const log = await openEventLog({ eventLog: 'sqlite', folder: join(long, 'log') });
    const events = await fill(log, short ? 50_000 : 1_000_000);
    await log.close();
    const many = events.toLocaleString('en');
    const first = await started(long, untilCaughtUp);
    const again: number[] = [];
    for (let round = 0; round < rounds; round += 1) again.push(await started(long, async () => {}));
    return [
      atMost(BENCH, 'start to ready, empty log', median(empty), 3_000, 'ms'),
      atMost(BENCH, `start to ready, ${many} events, read models and snapshots there`, median(again), 3_000, 'ms'),
      beside(BENCH, `start to ready, ${many} events, nothing but the log`, first, 'ms'),
      atMost(BENCH, 'memory of the whole mesh, idle, in one process', memory!.mesh, 250, 'MB'),
      beside(BENCH, 'memory of nats-server beside it', memory!.nats, 'MB'),
      beside(BENCH, 'memory of the supervisor beside it', memory!.supervisor, 'MB'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a mesh on a data folder, lets `meanwhile` look at it, stops it; milliseconds from its start to "ready". */
async function started(data: string, meanwhile: (daemon: ChildProcess, url: string) => Promise<void>): Promise<number> {
  const port = await freePort();
  const program = [join(root, 'apps/slipwayd/dist/main.js'), '--no-sample', '--data', data, '--port', String(port)];
  const began = performance.now();
  const daemon = spawn(process.execPath, program, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [daemon.stdout, daemon.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    while (!/^ready /m.test(output)) {
      if (daemon.exitCode !== null || performance.now() - began > 300_000)
        throw new Error(`The mesh did not become ready:\n${output}`);
      await sleep(5);
    }
    const took = performance.now() - began;
    await meanwhile(daemon, `http://127.0.0.1:${port}`);
    return took;
  } finally {
    daemon.kill('SIGTERM');
    if (daemon.exitCode === null) await once(daemon, 'exit');
  }
}

/** Readiness includes the read models: once it is ready they are there. A moment more lets snapshots be kept. */
const untilCaughtUp = () => sleep(2_000);

interface Memory {
  mesh: number;
  nats: number;
  supervisor: number;
}

function memoryOf(supervisor: number): Memory {
  const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim().split(' ').map(Number);
  const of = (word: string) => megabytes(children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word))!);
  return { mesh: of('host/main.js'), nats: of('nats-server'), supervisor: megabytes(supervisor) };
}

const megabytes = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
