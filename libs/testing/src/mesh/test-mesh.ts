import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayClient } from '@slipway/client';
import { SERVICES, type ServiceName } from '@slipway/contracts';
import { startNatsServer, type NatsServer } from '@slipway/mesh/testing';
import { parse, stringify } from 'yaml';
import { HostProcess } from './host-process.js';
import { root } from './root.js';

export interface TestMeshOptions {
  /** One process for all services (as `npm start`), or one for each (`npm start -- --processes`). */
  processes?: boolean;
  /** Laid over `deploy/dev/slipway.yaml`, by its top-level settings. */
  settings?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
}

/** Each mesh of a machine gets a range of ports of its own for instances; test runs side by side rarely share one. */
const FIRST_PORT = 10_000;
const PORTS_PER_MESH = 300;
const RANGES = 70;
let meshes = 0;

/**
 * A whole mesh of real processes on loopback, in a folder of its own, with its own nats-server: services can be killed,
 * replaced and doubled while it works. Everything it has started ends with `remove()`.
 */
export class TestMesh {
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-mesh-'));
  readonly hosts = new Map<string, HostProcess>();
  nats!: NatsServer;
  url!: string;
  private environment!: NodeJS.ProcessEnv;
  private natsIsDown = false;

  private constructor(private readonly options: TestMeshOptions) {}

  static async start(options: TestMeshOptions = {}): Promise<TestMesh> {
    const mesh = new TestMesh(options);
    try {
      await mesh.prepare();
      await mesh.startHosts();
      await mesh.ready();
      return mesh;
    } catch (error) {
      const logs = mesh.logs();
      await mesh.remove();
      throw new Error(`${(error as Error).message}\n${logs}`, { cause: error });
    }
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** With the gateway's key; a new one for each call, so that no position is remembered from another. */
  client(): SlipwayClient {
    return new SlipwayClient({ url: this.url, key: this.key });
  }

  get key(): string {
    return readFileSync(join(this.data, 'gateway.key'), 'utf8').trim();
  }

  /** The process that hosts a service. */
  hostOf(service: ServiceName): HostProcess {
    return this.hosts.get(this.options.processes ? service : 'mesh')!;
  }

  /** The environment variables that a program needs to belong to this mesh. */
  get env(): NodeJS.ProcessEnv {
    return this.environment;
  }

  /** Another process with these services: a second replica, under another host's name. */
  async startReplica(name: string, services: ServiceName[], env: NodeJS.ProcessEnv = {}): Promise<HostProcess> {
    const host = new HostProcess(name, services, this.folder, { ...this.environment, SLIPWAY_HOST: name, ...env });
    this.hosts.set(name, host);
    await host.start();
    return host;
  }

  /** Resolves once the gateway says that everything is ready. */
  async ready(withinMs = 60_000): Promise<void> {
    let missing = 'the gateway does not answer';
    for (const until = Date.now() + withinMs; Date.now() < until; await sleep(50)) {
      const answer = await this.client()
        .ready()
        .catch((error: Error) => ({ ready: false, checks: [{ name: 'gateway', ready: false, reason: error.message }] }));
      if (answer.ready) return;
      missing = answer.checks
        .filter((check) => !check.ready)
        .map((check) => `${check.name}: ${check.reason}`)
        .join('; ');
    }
    throw new Error(`The mesh did not become ready within ${withinMs / 1000} s: ${missing}`);
  }

  /** The ends of all processes' logs, for a failing test's message. */
  logs(): string {
    return [...this.hosts.values()].map((host) => `--- ${host.name}\n${host.log()}`).join('\n');
  }

  /** `kill -9` of every process of the mesh (NATS too when asked for). Instances go on. */
  async killEverything({ nats = false } = {}): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.kill()));
    if (!nats) return;
    await this.nats.stop('SIGKILL');
    this.natsIsDown = true;
  }

  async startEverything(): Promise<void> {
    if (this.natsIsDown) await this.nats.start();
    this.natsIsDown = false;
    await this.startHosts();
    await this.ready();
  }

  /** Stops all services in order, instances too. */
  async stop(): Promise<void> {
    for (const host of [...this.hosts.values()].toReversed()) await host.stop('stop');
  }

  /** Ends everything, by force where it must, and removes the folder. */
  async remove(): Promise<void> {
    for (const host of [...this.hosts.values()].toReversed()) await host.stop('stop').catch(() => host.kill());
    await this.nats?.remove();
    endAll(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async prepare(): Promise<void> {
    chmodSync(this.folder, 0o711); // Instances run as users of their own and must reach their folders.
    this.nats = await startNatsServer();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const tokenFile = join(this.folder, 'nats.token');
    writeFileSync(tokenFile, this.nats.token, { mode: 0o600 });
    const settings = parse(readFileSync(join(root, 'deploy/dev/slipway.yaml'), 'utf8')) as Record<string, unknown>;
    const first = FIRST_PORT + ((process.pid * 7 + meshes++) % RANGES) * PORTS_PER_MESH;
    const file = join(this.folder, 'slipway.yaml');
    const { instances, ...others } = this.options.settings ?? {};
    const ports = `${first}-${first + PORTS_PER_MESH - 1}`;
    const own = { instances: { ports, ...(instances as object) }, logging: { level: 'info', format: 'json' } };
    writeFileSync(file, stringify({ ...settings, ...own, ...others }));
    this.environment = {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, // Of a process's start it saves a third.
      SLIPWAY_CONFIG: file,
      SLIPWAY_DATA: this.data,
      SLIPWAY_PORT: String(port),
      NATS_URL: this.nats.url,
      SLIPWAY_NATS_TOKEN_FILE: tokenFile,
      ...(process.env.SLIPWAY_EVENT_LOG && { SLIPWAY_EVENT_LOG: process.env.SLIPWAY_EVENT_LOG }),
      ...this.options.env,
    };
    const sets: [string, ServiceName[]][] = this.options.processes
      ? SERVICES.map((service) => [service, [service]])
      : [['mesh', [...SERVICES]]];
    for (const [name, services] of sets) this.hosts.set(name, new HostProcess(name, services, this.folder, this.environment));
  }

  private async startHosts(): Promise<void> {
    await Promise.all([...this.hosts.values()].filter((host) => !host.running).map((host) => host.start()));
  }
}

/** Ends what still runs below a folder, such as instances whose mesh was killed: supervisors first, then what they kept alive. */
function endAll(folder: string): void {
  const belongs = (pid: string) => {
    try {
      const of = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
      return of('cmdline').includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // It has ended in the meantime.
    }
  };
  for (let round = 0; round < 2; round++) {
    for (const pid of readdirSync('/proc').filter(
      (name) => /^\d+$/.test(name) && Number(name) !== process.pid && belongs(name),
    )) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It was faster.
      }
    }
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
