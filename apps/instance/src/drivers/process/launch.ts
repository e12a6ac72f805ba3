import { bytesOf, SlipwayError } from '@slipway/contracts';
import { FOLDER, NODE, type Mounted } from './on-host.js';
import type { ProcessSpec } from './spec.js';

/**
 * Address space that Node takes for compiled code and hardly touches (V8's code range). RLIMIT_DATA counts it, so it comes on
 * top of what a definition allows: `memory: 256MiB` then means about 256 MiB in use.
 */
const NODE_CODE_RANGE = 512 * 1024 ** 2;

const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** Limits in force on each process of an instance (setrlimit(2)), as numbers. */
export interface Limits {
  /** RLIMIT_DATA, bytes: heap, stacks and other private memory. RLIMIT_AS would count what is only reserved. */
  dataBytes?: number;
  openFiles?: number;
  /** RLIMIT_NPROC counts all that a user runs: only for an instance with a user of its own. */
  processes?: number;
}

/** Which of a spec's limits hold. `own`: whether the instance has a user of its own. */
export function limitsOf(spec: ProcessSpec, own: boolean): Limits {
  const { memory, openFiles, processes } = spec.limits ?? {};
  return {
    ...(memory !== undefined && { dataBytes: bytesOf(memory) + (runsNode(spec) ? NODE_CODE_RANGE : 0) }),
    ...(openFiles !== undefined && { openFiles }),
    ...(processes !== undefined && own && { processes }),
  };
}

export interface Launch {
  command: readonly string[];
  limits: Limits;
  environment: Record<string, string>;
  /** The instance's folder under its final name. */
  home: string;
  /** Its own user; `null`: that of Slipway. */
  uid: number | null;
  /** Groups of what it is wired to. */
  groups: readonly number[];
  /** Of the host that it runs on, where that is another one than this machine's; with what is mounted there. */
  host?: { root: string; mounted: readonly Mounted[] };
}

/**
 * The text of `launch.sh`, which becomes the app: own session, clean environment, limits, user, no way to more privileges, no
 * core dumps (they could hold secrets). Its argument is the Node that `node` means.
 */
export function launchScript({ command, limits, environment, home, uid, groups, host }: Launch): string {
  const [program, ...args] = command;
  const variables = {
    PATH: SEARCH_PATH,
    LANG: 'C.UTF-8',
    HOME: `${host ? FOLDER : home}/home`,
    ...environment,
    SLIPWAY_FOLDER: home,
  };
  const limiting = [
    '--core=0',
    ...(limits.dataBytes === undefined ? [] : [`--data=${limits.dataBytes}`]),
    ...(limits.openFiles === undefined ? [] : [`--nofile=${limits.openFiles}`]),
    ...(limits.processes === undefined ? [] : [`--nproc=${limits.processes}`]),
  ];
  const grouping = groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups';
  const becoming = uid === null ? [] : [`--reuid=${uid}`, `--regid=${uid}`, grouping];
  const mounts = host?.mounted.map(({ name, path }) => quoted(`${name}=${path}`)) ?? [];
  const entering = ['unshare', '--mount', '--propagation', 'private', 'sh', './on-host.sh'];
  const words = [
    ['exec', 'setsid', ...(host ? [...entering, quoted(host.root), '"$1"', ...mounts, '--'] : [])],
    ['prlimit', ...limiting, '--'],
    ['setpriv', ...becoming, '--no-new-privs', '--'],
    // Last, so that no variable of a definition reaches a program that still runs as root.
    ['env', '-i', '--default-signal', ...Object.entries(variables).map(([name, value]) => quoted(`${name}=${value}`))],
    [runsNode({ command }) ? (host ? NODE : '"$1"') : quoted(program!), ...args.map(quoted)],
  ];
  return ['umask 022', ...(host ? [] : ['cd ./app || exit 1']), words.map((line) => line.join(' ')).join(' \\\n  '), ''].join(
    '\n',
  );
}

/** Whether the command is run by the Node of the place (`runtime.ts`). */
export const runsNode = ({ command }: { command: readonly string[] }): boolean => command[0] === 'node';

/** One word of a shell, whatever it holds. */
function quoted(word: string): string {
  if (word.includes('\0')) throw new SlipwayError('spec-invalid', 'command: it holds a NUL', { field: 'command', reason: 'NUL' });
  return `'${word.replaceAll("'", "'\\''")}'`;
}
