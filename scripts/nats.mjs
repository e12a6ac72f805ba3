/**
 * Where nats-server comes from when it is not on the PATH: the system's package manager, or a pinned release.
 * Built-in modules only, so that it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root, say } from './bootstrap.mjs';

/** Official release archives by platform, with the SHA-256 that the NATS project's own images check them by. */
const RELEASE = {
  version: '2.10.29',
  sha256: {
    'linux-x64': ['amd64', 'e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da'],
    'linux-arm64': ['arm64', 'da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401'],
  },
};

const folder = join(root, 'node_modules', '.cache', 'nats-server');

/** How this machine installs it, where it has one of these. */
const PACKAGE_MANAGERS = {
  'apt-get': [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'nats-server'],
  ],
  dnf: [['dnf', 'install', '-y', 'nats-server']],
  apk: [['apk', 'add', 'nats-server']],
};

/** On the PATH, where Debian puts it, or where we put it. */
const places = () => [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', folder];

const programIn = (folders, name) => folders.map((place) => join(place, name)).find((file) => existsSync(file)) ?? null;

/** As {@link ensureNats}, but ends the process with the way out when it can't be brought here. */
export const requireNats = ({ yes }) => ensureNats({ yes }).catch((error) => fail(error.message));

/**
 * Brings nats-server onto this machine when it is not there: by the system's package manager, else as a pinned release.
 * @param {{yes: boolean, isRoot?: boolean, folders?: string[], bring?: () => Promise<string>}} options `yes`: use the
 *   package manager through sudo without asking. The others are this machine's, unless a test says otherwise.
 * @returns {Promise<string>} its path; throws an error that lists every way that was tried
 */
export async function ensureNats({ yes, isRoot = process.getuid?.() === 0, folders = places(), bring = download }) {
  const found = programIn(folders, 'nats-server');
  if (found) return found;
  const tried = [];
  const manager = Object.keys(PACKAGE_MANAGERS).find((name) => programIn(folders, name));
  if (manager && (isRoot || yes)) {
    say(`Installing nats-server with ${manager} (once) ...`);
    const trouble = install(PACKAGE_MANAGERS[manager], isRoot);
    const installed = programIn(folders, 'nats-server');
    if (installed) return installed;
    tried.push(`${manager}: ${trouble}`);
  } else if (manager) {
    tried.push(`${manager}: not root (run npm start -- --yes to let it use sudo)`);
  }
  try {
    return await bring();
  } catch (error) {
    tried.push(`download: ${error.cause?.message ?? error.message}`);
  }
  throw new Error(
    `nats-server is needed and could not be brought here:\n${tried.map((line) => `  - ${line}`).join('\n')}\n` +
      'Install it yourself (Debian: apt-get install nats-server), or set NATS_URL to a server that runs.',
  );
}

/** Runs a package manager's commands; what the last one complained about. */
function install(commands, isRoot) {
  const [last] = commands
    .map((command) => (isRoot ? command : ['sudo', '-n', ...command]))
    .map(([program, ...options]) =>
      spawnSync(program, options, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }),
    )
    .slice(-1);
  return (last.stderr || last.error?.message || 'it brought none').trim().split('\n').at(-1);
}

async function download() {
  const [arch, sha256] = RELEASE.sha256[`${process.platform}-${process.arch}`] ?? [];
  if (!arch) throw new Error(`no pinned release for ${process.platform}-${process.arch}`);
  const name = `nats-server-v${RELEASE.version}-linux-${arch}`;
  say(`Downloading ${name} (once) ...`);
  const answer = await fetch(`https://github.com/nats-io/nats-server/releases/download/v${RELEASE.version}/${name}.tar.gz`, {
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return unpackRelease(Buffer.from(await answer.arrayBuffer()), sha256, name);
}

/** Checks an archive against its SHA-256 before anything of it is used; the path of the program in it. */
export function unpackRelease(archive, sha256, name, into = folder) {
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== sha256) throw new Error(`the archive's SHA-256 is ${actual}, not ${sha256}: it was not used`);
  mkdirSync(into, { recursive: true });
  const file = join(into, 'release.tar.gz');
  writeFileSync(file, archive);
  const { status, stderr } = spawnSync('tar', ['-xzf', file, '-C', into, `${name}/nats-server`], { encoding: 'utf8' });
  rmSync(file);
  if (status !== 0) throw new Error(`tar: ${stderr.trim()}`);
  const program = join(into, 'nats-server');
  renameSync(join(into, name, 'nats-server'), program);
  rmSync(join(into, name), { recursive: true });
  chmodSync(program, 0o755);
  return program;
}
