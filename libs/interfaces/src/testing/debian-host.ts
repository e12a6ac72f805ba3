import { createHash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A package that a test makes and offers to its host. */
export interface TestPackage {
  name: string;
  version: string;
  /** As in a control file: `liba (>= 1.0), libb`. */
  depends?: string;
  /** Contents by path. */
  files?: Record<string, string>;
  /** Texts of maintainer scripts: `postinst`, `prerm`, … */
  scripts?: Record<string, string>;
}

/** A Debian in a folder, made for tests: minimal, with apt, and with package sources of its own that need no network. */
export interface TestHost {
  root: string;
  /** Adds packages to one of its sources; `apt-get update` there finds them. */
  publish(source: 'main' | 'security', ...packages: TestPackage[]): void;
  /** Its sources have nothing of this any more: a version, or all of a package. */
  withdraw(source: 'main' | 'security', name: string, version?: string): void;
  /** Runs a program in it; what it prints. Throws where it ends badly. */
  run(...line: string[]): string;
  /** Version of a package that is installed; `undefined` when it is not. */
  version(name: string): string | undefined;
  remove(): void;
}

const SUITE = 'bookworm';
const MIRROR = process.env['SLIPWAY_TEST_DEBIAN_MIRROR'] ?? 'http://deb.debian.org/debian';
/** What a test's own packages cannot show: a real agent, with all that it needs. */
const REAL = 'prometheus-node-exporter';
/** After this time the root is made anew, in ms. */
const KEPT_MS = 14 * 86_400_000;
const UNNEEDED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/zoneinfo/*'];

/** Why no Debian host can be made on this machine; `undefined` when one can. Made once for a machine, and kept in its user's cache. */
export function whyNoDebianHost(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make a Debian host';
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'this root may not make mount namespaces';
  if (spawnSync('dpkg-deb', ['--version']).error) return 'dpkg-deb is not installed';
  if (isFresh(archive())) return undefined;
  if (spawnSync('mmdebstrap', ['--version']).error) return 'mmdebstrap is not installed';
  mkdirSync(cache(), { recursive: true });
  // Several workers may come at once: one makes it, the others wait.
  const made = spawnSync('flock', [`${archive()}.lock`, 'sh', '-c', MAKE, 'sh', archive(), SUITE, MIRROR, REAL, ...UNNEEDED], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (made.status === 0) return undefined;
  return `${MIRROR} gives no packages: ${made.stderr.trim().split('\n').at(-1) ?? ''}`;
}

const MAKE = `
archive=$1 suite=$2 mirror=$3 real=$4
shift 4
[ -z "$(find "$archive" -mmin -20 2>/dev/null)" ] || exit 0
for path in "$@"; do set -- "$@" "--dpkgopt=path-exclude=$path"; shift; done
mmdebstrap --quiet --variant=essential --include=apt --aptopt='Acquire::Languages "none"' "$@" \
  --customize-hook='mkdir "$1/srv/real"; touch "$1/srv/before"' \
  --customize-hook="chroot \\"\\$1\\" apt-get install --download-only --yes --no-install-recommends $real" \
  --customize-hook='find "$1/var/cache/apt/archives" -name "*.deb" -newer "$1/srv/before" -exec mv -t "$1/srv/real" {} +' \
  "$suite" "$archive.part.tar" "$mirror" && mv "$archive.part.tar" "$archive"`;

const cache = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'slipway-tests');
const archive = (): string =>
  join(
    cache(),
    `debian-${SUITE}-${createHash('sha256')
      .update(MAKE + UNNEEDED.join())
      .digest('hex')
      .slice(0, 8)}.tar`,
  );
const isFresh = (file: string): boolean => existsSync(file) && Date.now() - statSync(file).mtimeMs < KEPT_MS;

/** Unpacks one; {@link whyNoDebianHost} has been asked. */
export function makeDebianHost(): TestHost {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-host-'));
  chmodSync(folder, 0o755);
  const root = join(folder, 'root');
  mkdirSync(root);
  execFileSync('tar', ['--extract', '--numeric-owner', '--file', archive(), '--directory', root], { stdio: 'ignore' });
  for (const sources of ['etc/apt/sources.list', 'etc/apt/sources.list.d', 'var/lib/apt/lists'])
    rmSync(join(root, sources), { recursive: true, force: true });
  for (const sub of ['etc/apt/sources.list.d', 'var/lib/apt/lists/partial']) mkdirSync(join(root, sub), { recursive: true });
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/test'), 'force-unsafe-io\n');
  const debs = new Map<string, string>();
  const host: TestHost = {
    root,
    publish(source, ...packages) {
      for (const one of packages) debs.delete(`${source}/${buildTestPackage(one, join(root, 'srv', source))}`);
      writeSource(root, source, debs);
    },
    withdraw(source, name, version) {
      const at = join(root, 'srv', source);
      const gone = readdirSync(at).filter((file) => file.startsWith(version === undefined ? `${name}_` : `${name}_${version}_`));
      for (const file of gone) rmSync(join(at, file));
      writeSource(root, source, debs);
    },
    run: (...line) =>
      execFileSync('unshare', ['--mount', 'sh', '-c', RUN, 'sh', root, ...line], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    version(name) {
      const query = ['--show', '--showformat=${db:Status-Status} ${Version}', name];
      const { stdout } = spawnSync('dpkg-query', [`--admindir=${join(root, 'var/lib/dpkg')}`, ...query], { encoding: 'utf8' });
      return /^installed (.*)$/.exec(stdout)?.[1];
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  for (const source of ['main', 'security'] as const) mkdirSync(join(root, 'srv', source));
  cpSync(join(root, 'srv/real'), join(root, 'srv/main'), { recursive: true });
  for (const source of ['main', 'security'] as const) writeSource(root, source, debs);
  writeFileSync(
    join(root, 'etc/apt/sources.list.d/test.list'),
    ['main', 'security'].map((source) => `deb [trusted=yes] file:/srv/${source} ./\n`).join(''),
  );
  host.run('apt-get', '--quiet', 'update');
  return host;
}

const RUN = 'root=$1; shift; for tree in proc sys dev; do mount --rbind /$tree $root/$tree; done; exec chroot $root "$@"';

/** Builds one into a folder; the name of its file. */
export function buildTestPackage({ name, version, depends, files = {}, scripts = {} }: TestPackage, into: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-deb-'));
  const control = join(folder, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  chmodSync(folder, 0o755);
  const fields = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: Test <test@localhost>',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    'Description: of a test',
    '',
  ];
  writeFileSync(join(control, 'control'), fields.join('\n'));
  for (const [script, text] of Object.entries(scripts)) writeFileSync(join(control, script), text, { mode: 0o755 });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const file = `${name}_${version}_all.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, join(into, file)], { stdio: 'ignore' });
  rmSync(folder, { recursive: true });
  return file;
}

/** Packages and Release of a flat source. `known`: of each file what stands in Packages, since to ask dpkg-deb again takes its time. */
function writeSource(root: string, source: 'main' | 'security', known: Map<string, string>): void {
  const at = join(root, 'srv', source);
  const entryOf = (file: string): string => {
    const deb = readFileSync(join(at, file));
    const control = execFileSync('dpkg-deb', ['--field', join(at, file)], { encoding: 'utf8' }).trimEnd();
    return `${control}\nFilename: ./${file}\nSize: ${deb.length}\nSHA256: ${createHash('sha256').update(deb).digest('hex')}\n`;
  };
  const entries = readdirSync(at)
    .filter((file) => file.endsWith('.deb'))
    .map((file) => {
      const key = `${source}/${file}`;
      if (!known.has(key)) known.set(key, entryOf(file));
      return known.get(key)!;
    });
  const packages = entries.join('\n');
  writeFileSync(join(at, 'Packages'), packages);
  const label = source === 'security' ? 'Debian-Security' : 'Debian';
  const release = [
    'Origin: Debian',
    `Label: ${label}`,
    `Suite: ${source === 'security' ? 'stable-security' : 'stable'}`,
    'Date: Sat, 01 Nov 2025 00:00:00 UTC',
    'SHA256:',
    ` ${createHash('sha256').update(packages).digest('hex')} ${Buffer.byteLength(packages)} Packages`,
    '',
  ];
  writeFileSync(join(at, 'Release'), release.join('\n'));
}
