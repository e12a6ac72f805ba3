/**
 * Where nats-server comes from when it is not on the PATH: the system's package manager, or a pinned release.
 * Built-in modules only, so that it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './bootstrap.mjs';

/** Official release archives by platform, with the SHA-256 that the NATS project's own images check them by. */
const RELEASE = {
  version: '2.10.29',
  sha256: {
    'linux-x64': ['amd64', 'e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da'],
    'linux-arm64': ['arm64', 'da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401'],
  },
};

const folder = join(root, 'node_modules', '.cache', 'nats-server');

/** Absolute path of nats-server on the PATH, where Debian puts it, or where we put it; `null` when there is none. */
export function findNats() {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', folder];
  return folders.map((place) => join(place, 'nats-server')).find((file) => existsSync(file)) ?? null;
}

/**
 * Brings nats-server onto this machine when it is not there.
 * @param {{yes: boolean}} options `yes`: use the package manager through sudo without asking.
 * @returns {Promise<string>} its path
 */
export async function ensureNats({ yes }) {
  const found = findNats();
  if (found) return found;
  const tried = [];
  const packageManager = ['apt-get', 'dnf', 'apk'].find((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
  const isRoot = process.getuid?.() === 0;
  if (packageManager && (isRoot || yes)) {
    say(`Installing nats-server with ${packageManager} (once) ...`);
    const sudo = isRoot ? [] : ['sudo', '-n'];
    const run = (...command) =>
      spawnSync([...sudo, ...command][0], [...sudo, ...command].slice(1), {
        encoding: 'utf8',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    const steps =
      packageManager === 'apt-get'
        ? [
            ['apt-get', 'update', '-qq'],
            ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'nats-server'],
          ]
        : [packageManager === 'dnf' ? ['dnf', 'install', '-y', 'nats-server'] : ['apk', 'add', 'nats-server']];
    const last = steps.map((step) => run(...step)).at(-1);
    const installed = findNats();
    if (installed) return installed;
    tried.push(`${packageManager}: ${(last.stderr || last.error?.message || '').trim().split('\n').at(-1)}`);
  } else if (packageManager) {
    tried.push(`${packageManager}: not root (run with --yes to let it use sudo)`);
  }
  try {
    return await download();
  } catch (error) {
    tried.push(`download: ${error.cause?.message ?? error.message}`);
  }
  throw new Error(
    `nats-server is needed and could not be brought here:\n${tried.map((line) => `  - ${line}`).join('\n')}\n` +
      'Install it yourself (Debian: apt-get install nats-server), or set NATS_URL to a server that runs.',
  );
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
