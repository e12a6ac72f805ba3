import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An engine that tests may use; `stop` ends it when it was started for them. */
export interface TestEngine {
  host: string;
  /** What the client prints; throws with what it complains about. */
  docker(...args: string[]): string;
  stop(): Promise<void>;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';
/** What {@link importNodeImage} makes. */
const NODE_IMAGE = 'slipway-test/node:1';
/** What {@link importToolsImage} makes. */
const TOOLS_IMAGE = 'slipway-test/tools:1';
const TOOLS = (
  'base64 basename cat chmod chown cp cut date dd df dirname du echo env false find grep head id ln ls mkdir mktemp mv printf prlimit pwd ' +
  'readlink rm rmdir seq setpriv setsid sh sleep sort stat sync tail tar test touch tr true uname wc'
).split(' ');
const STARTS_WITHIN_MS = 90_000;

/** Why no engine can be had on this machine; `undefined` when one can. Quick: nothing is started. */
export function whyNoDockerEngine(): string | undefined {
  if (spawnSync('docker', ['--version']).error) return 'the docker client is not installed';
  if (process.env.DOCKER_HOST || existsSync(DEFAULT_SOCKET)) return undefined;
  if (process.getuid?.() !== 0) return 'no Docker engine runs here, and only root can start one';
  if (spawnSync('dockerd', ['--version']).error) return 'no Docker engine runs here (Debian: docker.io)';
  // Root in a container is often not let do what an engine has to.
  const may = spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;
  if (!may) return 'no Docker engine runs here, and this root may not make namespaces to start one';
  const cgroups = ['/sys/fs/cgroup/cgroup.controllers', '/sys/fs/cgroup/memory'].some((path) => existsSync(path));
  if (!cgroups) return 'no Docker engine runs here, and one that is started would find no control groups';
  return undefined;
}

/**
 * The engine of `DOCKER_HOST` or the default socket, else a `dockerd` of our own in a temporary folder: it touches neither
 * the machine's firewall nor its bridges, and is stopped by its process id.
 */
export async function startDockerEngine(): Promise<TestEngine> {
  const { DOCKER_HOST } = process.env;
  const running = DOCKER_HOST || (existsSync(DEFAULT_SOCKET) ? `unix://${DEFAULT_SOCKET}` : undefined);
  if (running !== undefined) {
    // Somebody's own: it is left as it was.
    return engineAt(
      running,
      async () => void spawnSync('docker', ['--host', running, 'image', 'rm', '--force', NODE_IMAGE, TOOLS_IMAGE]),
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'slipway-dockerd-'));
  writeFileSync(join(folder, 'daemon.json'), '{}');
  const host = `unix://${join(folder, 'docker.sock')}`;
  const engine = spawn(
    'setpriv', // It ends with us, however we end.
    [
      ...['--pdeathsig', 'TERM', 'dockerd'],
      ...[`--config-file=${join(folder, 'daemon.json')}`, `--host=${host}`, `--pidfile=${join(folder, 'pid')}`],
      ...[`--data-root=${join(folder, 'data')}`, `--exec-root=${join(folder, 'exec')}`, '--log-level=warn'],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false', '--shutdown-timeout=5'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  engine.stderr!.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
  const stop = async () => {
    // An engine that ends leaves its bridges behind.
    spawnSync('sh', ['-c', 'docker ps --all --quiet | xargs --no-run-if-empty docker rm --force; docker network prune --force'], {
      env: { ...process.env, DOCKER_HOST: host },
      timeout: 60_000,
    });
    await ended(engine);
    for (const mount of mountsBelow(folder)) spawnSync('umount', ['--lazy', mount]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  for (const deadline = Date.now() + STARTS_WITHIN_MS; Date.now() < deadline && engine.exitCode === null; await sleep(100)) {
    if (spawnSync('docker', ['--host', host, 'version'], { timeout: 10_000 }).status === 0) return engineAt(host, stop);
  }
  await stop();
  throw new Error(`dockerd did not start: ${said}`);
}

const engineAt = (host: string, stop: () => Promise<void>): TestEngine => ({
  host,
  stop,
  docker: (...args) => {
    const { status, stdout, stderr } = spawnSync('docker', ['--host', host, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  },
});

/** Imports a root file system with nothing but the Node that runs the tests, its libraries and a user table; the image's name. */
export const importNodeImage = (host: string): string =>
  importImage(host, NODE_IMAGE, { programs: [process.execPath], change: 'CMD ["/bin/node","--version"]' });

/**
 * Imports one with this machine's shell and what a leased host needs beside it (GNU coreutils, findutils, grep, tar, util-linux); its name.
 * `without`: programs that it lacks; `beside`: such as it has too; `user`: whom it runs programs as.
 */
export const importToolsImage = (
  host: string,
  {
    name = TOOLS_IMAGE,
    without = [],
    beside = [],
    user,
  }: { name?: string; without?: readonly string[]; beside?: readonly string[]; user?: string } = {},
): string =>
  importImage(host, name, {
    programs: [...TOOLS.filter((program) => !without.includes(program)), ...beside],
    ...(user !== undefined && { change: `USER ${user}` }),
  });

/** `programs`: of this machine, by name or path; each stands in /bin under its name, with its libraries. `change`: a line of a Dockerfile. */
function importImage(
  host: string,
  image: string,
  { programs, change = '' }: { programs: readonly string[]; change?: string },
): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-image-'));
  const script = `
    set -e
    host=$1 image=$2 change=$3
    shift 3
    mkdir -p bin etc tmp usr/bin && chmod 1777 tmp
    paths=$(which "$@")
    cp -L $paths bin
    cp -L --parents $(ldd $paths | grep -v ':$' | grep -o '/[^ ]*' | sort -u) .
    [ ! -e bin/env ] || ln -s ../../bin/env usr/bin/env
    printf 'root:x:0:0::/:/bin/sh\\napp:x:4711:4711::/:/bin/sh\\n' > etc/passwd
    tar -c . | docker --host "$host" import \${change:+--change "$change"} - "$image"`;
  try {
    const args = [host, image, change, ...programs];
    const made = spawnSync('sh', ['-c', script, 'sh', ...args], { cwd: folder, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`The image could not be imported: ${made.stderr}`);
    return image;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Starts a container in which this machine's programs, files and processes are, so that what is done in it can be looked at from here; its name.
 */
export function runThisMachine({ docker, host }: TestEngine): string {
  const name = 'slipway-test-this-machine';
  const shown = ['/bin', '/etc', '/lib', '/lib64', '/sbin', '/usr', tmpdir(), process.execPath].filter((path) =>
    existsSync(path),
  );
  const mounts = shown.flatMap((path) => ['--volume', `${path}:${path}`]);
  const flags = ['--pid', 'host', '--network', 'none', '--name', name];
  docker('run', '--detach', ...flags, ...mounts, importToolsImage(host), 'sleep', 'infinity');
  return name;
}

/** What an engine leaves mounted, its own network namespace for one; the innermost first. */
const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`))
    .toReversed();

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await exit;
  clearTimeout(last);
}
