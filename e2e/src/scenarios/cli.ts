import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { EventView, JobKind, Plan } from '@slipway/contracts';
import type { Accepted, RequestView, ResourceView, SnapshotView } from '@slipway/contracts/http';
import type { TestMesh } from '@slipway/testing';
import { program, slipway } from '../slipway.js';
import { Refused, isLast, type Door } from './door.js';

/** Which fields of a body are arguments of the command, in their order; the others are options. */
const ARGUMENTS: Record<JobKind | 'plan', readonly string[]> = {
  plan: ['ownerId', 'instanceId', 'guestLocation'],
  provision: ['ownerId', 'instanceId', 'guestLocation'],
  deprovision: ['instanceId'],
  import: ['ownerId', 'instanceId', 'snapshot', 'guestLocation'],
  export: ['instanceId'],
  update: ['instanceId'],
  repair: ['instanceId'],
};
/** Options that are not called like their field. */
const OPTIONS: Record<string, string> = { keepOnFailure: '--keep', offerings: '--offering' };

/** `--cluster-id=lab`, and a bare `--` before the arguments: what a body is on the command line. */
function argumentsOf(command: JobKind | 'plan', body: Record<string, unknown>): string[] {
  const positional = ARGUMENTS[command];
  const options = Object.entries(body).filter(([field]) => !positional.includes(field));
  return [
    ...options.flatMap(([field, value]) => {
      const option = OPTIONS[field] ?? `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return textsOf(value).map((text) => (text === '' ? option : `${option}=${text}`));
    }),
    '--',
    ...positional.flatMap((field) => (body[field] === undefined ? [] : [String(body[field])])),
  ];
}

/** A switch has no text, and what holds several things is given several times, as `name=value`. */
function textsOf(value: unknown): string[] {
  if (value === true) return [''];
  if (typeof value !== 'object') return [String(value)];
  return Object.entries(value as object).map(([name, one]) => `${name}=${String(one)}`);
}

/** The real program, a process for each call. */
export function cliDoor(mesh: TestMesh): Door {
  async function run<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await slipway(mesh, ['-o', 'json', ...args]);
    if (stdout.startsWith('{')) return JSON.parse(stdout) as T;
    const refusal = /^(.*) \(([a-z-]+)\)$/m.exec(stderr);
    if (code === 0 || !refusal) throw new Error(`slipway ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    throw new Refused(refusal[2]!, refusal[1]!);
  }
  return {
    name: 'CLI',
    plan: (body) => {
      const { job, ...rest } = body as Record<string, unknown>;
      return run<Plan>('plan', ...(job === undefined ? [] : [`--${String(job)}`]), ...argumentsOf('plan', rest));
    },
    ask: (job, body, key) => {
      const once = key === undefined ? [] : [`--idempotency-key=${key}`];
      return run<Accepted>(job, '--no-wait', ...once, ...argumentsOf(job, body as Record<string, unknown>));
    },
    tell: (verb, id, reason) => run(verb, ...(reason === undefined ? [] : [`--reason=${reason}`]), id),
    request: (id) => run<RequestView>('requests', id),
    settled: (id) => run<RequestView>('wait', id),
    async follow(id) {
      const events: EventView[] = [];
      const env = { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key };
      const args = ['-o', 'json', 'events', '--follow', '--after=start', `--request=${id}`, '--category=request'];
      const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const line of createInterface(child.stdout)) {
        events.push(JSON.parse(line) as EventView);
        if (isLast(events.at(-1)!)) break;
      }
      child.kill('SIGINT');
      return events;
    },
    instance: (id) => run<ResourceView>('instances', id),
    snapshot: (id) => run<SnapshotView>('snapshots', 'show', id),
    close: () => {},
  };
}
