import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { pack } from 'tar-stream';
import { systemClock, type InstanceSpec } from '@slipway/contracts';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import type { DriverContext, Target } from '@slipway/provisioner';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import { ProcessDriver } from '../process.driver.js';
import type { Variables } from '../npm-at.js';
import { QUICK } from './quick.js';
import type { Range } from '../../../place/ranges.js';
import type { Supervision } from '../settings.js';

export const ROOT = process.getuid?.() === 0;

/** A test that this machine may not be able to run: then it is skipped by name, with the reason. */
export function testWhere(possible: boolean, reason: string, name: string, run: () => Promise<void>): void {
  if (possible) test(name, run);
  else test.skip(`${name} (skipped: ${reason})`, run);
}

/** Apart for each process of tests, below the ports that the kernel hands out, above those of the default configuration. */
export function portRange(size = 200): Range {
  const from = 25_000 + (process.pid % 35) * 200;
  return { from, to: from + size - 1 };
}

/** An app in Node: answers what it is asked at its port. */
const APP = `
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
const answers = {
  '/': () => 'here',
  '/pid': () => process.pid,
  '/environment': () => process.env,
  '/self': () => ({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), cwd: process.cwd(), node: process.execPath, limits: readFileSync('/proc/self/limits', 'utf8'), status: readFileSync('/proc/self/status', 'utf8') }),
  '/secret': () => readFileSync(process.env.KEY_FILE, 'utf8'),
  '/write': () => { writeFileSync(process.env.DATA + '/written', 'yes'); return 'written'; },
  '/say': () => { for (let i = 0; i < 4000; i++) console.log('line ' + i + ' ' + 'x'.repeat(80)); return 'said'; },
  '/eat': () => { const eaten = []; for (let i = 0; i < 1024; i++) eaten.push(Buffer.alloc(1 << 20, 1)); return eaten.length; },
  '/exit': () => process.exit(3),
};
createServer((request, response) => {
  const answer = answers[request.url];
  if (!answer) return response.writeHead(404).end();
  response.end(JSON.stringify(answer()));
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on ' + process.env.PORT));
`;

export const SPEC: InstanceSpec = {
  command: ['node', 'app.mjs'],
  environment: { PORT: '${port}' },
  health: { path: '/', startSeconds: 30 },
};

type Reached = Pick<DriverContext, 'command' | 'filesystem' | 'machine'>;

/** A place of its own for one test, with a driver and everything that a driver is given. */
export class Rig {
  /** As the kit's ContractPlace lays it out, so that a child process can open the same place. */
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-instance-'));
  readonly root = join(this.folder, 'root');
  readonly blobs = new MemoryBlobs();
  readonly secrets = new MemorySecrets();
  readonly driver: ProcessDriver;
  readonly log: string[] = [];
  readonly #made: Target[] = [];

  constructor(
    readonly ports: Range = portRange(),
    supervision: Supervision = QUICK,
    /** How its place is reached; as this machine when left out. */
    private readonly reached: Reached = { command: localCommand(), filesystem: localFilesystem() },
    variables: Variables = {},
  ) {
    this.driver = new ProcessDriver({ ports, supervision, variables });
    chmodSync(this.folder, 0o711);
    mkdirSync(this.root);
    chmodSync(this.root, 0o711);
    mkdirSync(join(this.folder, 'secrets'), { mode: 0o700 });
  }

  context(signal: AbortSignal = new AbortController().signal): DriverContext {
    return {
      ...this.reached,
      blobs: this.blobs,
      secrets: this.secrets,
      clock: systemClock,
      location: 'local',
      root: this.root,
      signal,
      changing: async () => signal.throwIfAborted(),
      progress: (_, message) => void this.log.push(message),
      log: (line) => void this.log.push(line),
    };
  }

  target(name: string, generation = 1): Target {
    const target: Target = {
      resource: { environment: 'default', kind: 'instance', name },
      generation,
      epoch: 1,
      definition: { name: 'app', version: '1.0.0', hash: createHash('sha256').update(name).digest('hex') },
    };
    this.#made.push(target);
    return target;
  }

  /** {@link SPEC} with the app as its artefact, and what is laid over it. */
  async spec(over: Partial<InstanceSpec> = {}, files: Record<string, string> = { 'app.mjs': APP }): Promise<InstanceSpec> {
    const archive = pack();
    for (const [name, content] of Object.entries(files)) archive.entry({ name, mode: 0o644 }, content);
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    return { ...SPEC, artefactBlob: await this.blobs.put(Buffer.concat(chunks)), ...over };
  }

  home({ resource, generation }: Target): string {
    return join(this.root, `${resource.environment}.${resource.name}`, `g${generation}`);
  }

  /** What one of its files says. */
  read(target: Target, file: string): string {
    return readFileSync(join(this.home(target), file), 'utf8');
  }

  /** Of `run/state`. */
  state(target: Target): Record<string, string> {
    const path = join(this.home(target), 'run/state');
    if (!existsSync(path)) return {};
    return Object.fromEntries(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split('=', 2) as [string, string]),
    );
  }

  supervisorPid(target: Target): number {
    return Number(this.read(target, 'run/supervisor').split(' ')[0]);
  }

  /** All that this place has claimed. */
  claims(kind: 'ports' | 'users'): string[] {
    const folder = join(this.root, kind);
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** Every process that runs below this place. */
  processes(): string[] {
    return processesOf(this.root);
  }

  async close(): Promise<void> {
    for (const target of this.#made) await this.driver.destroy(target, this.context());
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Processes that have a path in their arguments or their environment. */
export function processesOf(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const parts = ['cmdline', 'environ'].map((file) => readOrEmpty(`/proc/${pid}/${file}`).replaceAll('\0', ' '));
      return parts.some((part) => part.includes(path)) && !isZombie(pid) ? [`${pid} ${parts[0]}`] : [];
    });
}

export const runs = (pid: number): boolean => existsSync(`/proc/${pid}`) && !isZombie(String(pid));

const isZombie = (pid: string): boolean => /\) Z /.test(readOrEmpty(`/proc/${pid}/stat`));

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
