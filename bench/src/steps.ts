import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERBS } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import { hostServices, loadConfig, openMesh, runInContext, systemContext, type MeshProcess } from '@slipway/mesh';
import { startNatsServer } from '@slipway/mesh/testing';
import { service as orchestrator } from '@slipway/orchestrator';
import { provisionerService } from '@slipway/provisioner/service';
import { nullDriver } from '@slipway/provisioner/testing';
import { service as resolver } from '@slipway/resolver';
import { stringify } from 'yaml';
import { atLeast, atMost, beside, median, percentile, type Figure } from './figure.js';

const BENCH = 'steps';
/** Requests under way at once. */
const AT_ONCE = 64;
/** Steps of each request: this many storages side by side, then a database, then the instance. */
const STORAGES = 6;
const STEPS = STORAGES + 2;
/** Between two measurements: what one leaves to be done in the background must not count for the next. */
const REST_MS = 1_500;

export const stepsNotes = {
  about:
    `Orchestrator, resolver and the three sub-provisioners in one process, drivers that do nothing, the embedded log (durable), a real ` +
    `nats-server. Each request is planned and has ${STEPS} steps. Overhead of a step: from its request standing in the log to its ` +
    `success standing there, as a subscriber sees them, at a paced load. Admission: from a request’s acceptance to its plan’s admission ` +
    `in the environment’s stream, ${AT_ONCE} requests at once. Between the measurements it rests for ${REST_MS / 1_000} s, so that the relay catches up.`,
  notMeasured:
    'Where a goal is missed, it is for CPU: a step costs about 0.45 ms of the main thread and 0.65 ms over all threads, and nats-server runs ' +
    'on the same two cores; a request costs about 1.5 ms from its acceptance to its admission, and 64 at once share one main thread with the ' +
    'steps of those that were admitted first. Not measured: several processes or replicas, KurrentDB, a network between services, drivers ' +
    'that do something (see the end-to-end tests).',
};

/** What a step costs beyond its driver. */
export async function stepsBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-steps-'));
  const nats = await startNatsServer();
  try {
    writeContent(join(folder, 'content'));
    writeFileSync(join(folder, 'token'), nats.token, { mode: 0o600 });
    const drivers = { storage: 'null', database: 'null', instance: 'null' };
    const config = loadConfig({
      env: {
        NATS_URL: nats.url,
        SLIPWAY_NATS_TOKEN_FILE: join(folder, 'token'),
        SLIPWAY_DATA: join(folder, 'data'),
        SLIPWAY_CONTENT: join(folder, 'content'),
      },
      overrides: {
        guestLocations: { local: { location: 'local', drivers } },
        'logging.level': 'warn',
        'limits.perOwner': 1_000,
        'limits.concurrent': 1_000,
      },
    });
    const mesh = await openMesh(config);
    const kinds = (['storage', 'database', 'instance'] as const).map((kind) =>
      provisionerService({ kind, drivers: () => [nullDriver(kind)] }),
    );
    const hosted = await hostServices(mesh, [...kinds, resolver, orchestrator]);
    try {
      const fsync = await fsyncTime(folder);
      const load = new Load(mesh);
      await load.saturate('warm', AT_ONCE, AT_ONCE * 2);
      const rounds: number[] = [];
      for (let round = 0; round < (short ? 1 : 3); round += 1)
        rounds.push(await load.saturate(`full-${round}`, AT_ONCE, short ? 256 : 1_024));
      await sleep(REST_MS);
      const overheads = await load.paced(500, short ? 3 : 15);
      const admissions: number[] = [];
      for (let round = 0; round < (short ? 2 : 8); round += 1) {
        await sleep(REST_MS);
        admissions.push(...(await load.burst(`burst-${round}`, AT_ONCE)));
      }
      load.end();
      return [
        atLeast(BENCH, `steps per second, ${AT_ONCE} requests under way`, median(rounds), 2_000, 'steps/s'),
        atMost(BENCH, `overhead per step at 500/s, p99 (fsync ${fsync.toFixed(2)} ms)`, percentile(overheads, 0.99), 20, 'ms'),
        beside(BENCH, `overhead per step at 500/s, p50 (fsync ${fsync.toFixed(2)} ms)`, percentile(overheads, 0.5), 'ms'),
        atMost(
          BENCH,
          `admission of ${AT_ONCE} requests at once on one environment, p99 (fsync ${fsync.toFixed(2)} ms)`,
          percentile(admissions, 0.99),
          50,
          'ms',
        ),
      ];
    } finally {
      await hosted.stop({ instances: 'stop' });
      await mesh.close();
    }
  } finally {
    await nats.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One durable 4 KiB write, the median of 200: what every commit pays at least. */
async function fsyncTime(folder: string): Promise<number> {
  const file = await open(join(folder, 'fsync'), 'w');
  const times: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    const began = performance.now();
    await file.write(Buffer.alloc(4_096, n), 0, 4_096, n * 4_096);
    await file.datasync();
    times.push(performance.now() - began);
  }
  await file.close();
  return median(times);
}

function writeContent(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const storages = Array.from({ length: STORAGES }, (_, n) => ({ name: `s${n}`, namespace: 'storage' }));
  const definitions = [
    { name: 'volume', version: '1.0.0', type: 'storage', capabilities: [{ namespace: 'storage' }] },
    { name: 'sqlite', version: '1.0.0', type: 'database', capabilities: [{ namespace: 'database' }] },
    {
      name: 'service',
      version: '1.0.0',
      type: 'instance',
      requirements: [...storages, { name: 'db', namespace: 'database' }],
      spec: { command: ['nothing'] },
    },
  ];
  writeFileSync(join(folder, 'bench.yaml'), stringify({ name: 'bench', version: '1.0.0', definitions }));
}

/** Requests for services that cost nothing, and when each thing about them was recorded. */
class Load {
  private readonly requested = new Map<string, number>();
  private readonly accepted = new Map<string, number>();
  private readonly ended = new Map<string, () => void>();
  private overheads: number[] = [];
  private admissions: number[] = [];
  private readonly subscription;
  /** Of requests that ended before the answer to their acceptance was here. */
  private readonly early = new Set<string>();

  constructor(private readonly mesh: MeshProcess) {
    this.subscription = mesh.log.as(null).subscribe({
      name: 'bench',
      filter: { categories: ['request', 'environment'] },
      events: (batch) => batch.forEach((event) => this.saw(event)),
      failed: (error) => {
        throw error;
      },
    });
  }

  /** Keeps so many requests under way until `count` have ended; steps per second. */
  async saturate(prefix: string, atOnce: number, count: number): Promise<number> {
    let next = 0;
    const began = performance.now();
    const worker = async () => {
      while (next < count) await this.provision(`${prefix}-${next++}`);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return (count * STEPS * 1_000) / (performance.now() - began);
  }

  /** Starts requests so that about `rate` steps a second are due, for some seconds; each step's overhead in ms. */
  async paced(rate: number, seconds: number): Promise<number[]> {
    this.overheads = [];
    const every = (1_000 * STEPS) / rate;
    const under: Promise<void>[] = [];
    const began = performance.now();
    for (let n = 0; n * every < seconds * 1_000; n += 1) {
      const wait = began + n * every - performance.now();
      if (wait > 0) await sleep(wait);
      under.push(this.provision(`paced-${n}`));
    }
    await Promise.all(under);
    // What is measured after this has overheads too.
    return [...this.overheads];
  }

  /** So many requests at once; from acceptance to admission of each, in ms. */
  async burst(prefix: string, count: number): Promise<number[]> {
    this.admissions = [];
    await Promise.all(Array.from({ length: count }, (_, n) => this.provision(`${prefix}-${n}`)));
    return [...this.admissions];
  }

  end(): void {
    void this.subscription.stop();
  }

  private async provision(instanceId: string): Promise<void> {
    const body = { job: 'provision', body: { ownerId: 'bench', instanceId, definition: 'service' }, key: instanceId };
    const context = systemContext('bench');
    const { requestId } = await runInContext(context, () =>
      this.mesh.bus.request<Accepted>('orchestrator', VERBS.accept, body, { timeoutMs: 30_000 }),
    );
    if (this.early.delete(requestId)) return;
    await new Promise<void>((resolve) => this.ended.set(requestId, resolve));
  }

  private saw({ type, data, stream }: RecordedEvent): void {
    const id = String(data.requestId ?? stream.slice('request-'.length));
    const step = `${id} ${String(data.stepId)}`;
    const now = performance.now();
    if (type === 'RequestAccepted') this.accepted.set(id, now);
    else if (type === 'PlanAdmitted') this.admissions.push(now - this.accepted.get(id)!);
    else if (type === 'StepRequested') this.requested.set(step, now);
    else if (type === 'StepSucceeded') this.overheads.push(now - this.requested.get(step)!);
    else if (type === 'RequestSucceeded') {
      const resolve = this.ended.get(id);
      if (resolve) resolve();
      else this.early.add(id);
      this.ended.delete(id);
    } else if (type === 'RequestFailed' || type === 'RequestUnsatisfied') throw new Error(`${type}: ${JSON.stringify(data)}`);
  }
}
