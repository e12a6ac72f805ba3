import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SlipwayError, type InstanceSpec } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';
import type { ProcessSpec } from './spec.js';

/** Variables of whoever runs Slipway, as `process.env` holds them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What npm has installed, as it is kept in the instance's record. */
export interface InstalledPackages {
  package?: string;
  version?: string;
  /** SHA-256 of the package-lock.json beside it, which names every package with its version and integrity. */
  lock: string;
}

/**
 * Of npm's own variables those that say how a registry is reached, and with which credential; none of what `npm start` says about
 * the project that it runs.
 */
const OF_NPM =
  /^npm_config_(userconfig|globalconfig|cache|registry|.*:registry|\/\/.*|proxy|https_proxy|noproxy|ca|cafile|cert|key|strict_ssl|fetch_.*|maxsockets|local_address|offline)$/i;
const OF_THE_NETWORK = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/i;

/** Nothing of the packages runs, nothing is asked, and the lock names no registry. */
const OPTIONS = [
  '--ignore-scripts',
  '--omit=dev',
  '--package-lock',
  '--omit-lockfile-registry-resolved',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--color=false',
  '--loglevel=http',
];
/** The step's own deadline ends it, not this. */
const NO_LIMIT_MS = 86_400_000;
const LOCK_BYTES = 64 * 1024 ** 2;
const TAIL_CHARACTERS = 1_500;

/** npm's codes for what no second try changes: no such package or version, a lock that does not fit, a wrong archive. */
const FOR_GOOD = ['E404', 'ETARGET', 'EUSAGE', 'EINTEGRITY', 'EINVALIDPACKAGENAME', 'EBADENGINE', 'ERESOLVE', 'EBADPLATFORM'];
const UNREACHED =
  /^(ENOTFOUND|ECONN\w+|E\w*TIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|FETCH_ERROR|CERT_\w+|SELF_SIGNED\w+|UNABLE_TO\w+)$/;

/**
 * Installs what a spec wants of the npm registry into its app's folder: by the machine's own npm, on the Node that runs Slipway,
 * with the machine's own configuration of npm. Throws `spec-invalid` for what is not there or does not fit, `driver-failed` with
 * the end of what npm said otherwise.
 */
export async function installPackages(
  spec: ProcessSpec,
  app: string,
  context: DriverContext,
  variables: Variables,
): Promise<InstalledPackages | null> {
  const { npm } = spec;
  if (npm === undefined) return null;
  const { filesystem, progress } = context;
  const lockFile = join(app, 'package-lock.json');
  const { package: name, version } = npm;
  if (npm.ci) {
    if ((await filesystem.stat(lockFile)) === null) throw specInvalid('npm.ci', 'the artefact holds no package-lock.json');
  } else if (name === undefined || version === undefined) {
    throw specInvalid('npm', 'it must be either {package, version} or {ci: true}');
  } else {
    const manifest = { private: true, dependencies: { [name]: version } };
    await filesystem.writeFile(join(app, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  }
  const what = npm.ci ? 'the packages of its package-lock.json' : `${name}@${version}`;
  progress(0.3, `Installing ${what}`);
  await runNpm(npm.ci ? 'ci' : 'install', what, app, context, variables);
  const lock = await filesystem.readFile(lockFile, LOCK_BYTES);
  if (lock === null) throw new SlipwayError('driver-failed', 'npm has left no package-lock.json behind');
  const sha256 = createHash('sha256').update(lock).digest('hex');
  if (npm.ci) return { lock: sha256 };
  assertIntegrity(npm, lock);
  return { package: name!, version: version!, lock: sha256 };
}

/**
 * The command, with a program of the installed packages in place of its name: by Node where it is a script for Node, so that it
 * runs on the one that runs Slipway.
 */
export async function installedCommand(
  spec: ProcessSpec,
  app: string,
  { command, filesystem }: DriverContext,
): Promise<string[]> {
  const [program = '', ...args] = spec.command;
  const path = join('node_modules', '.bin', program);
  if (spec.npm === undefined || program === 'node' || program.includes('/')) return spec.command;
  if ((await filesystem.stat(join(app, path))) === null) return spec.command;
  const { stdout } = await command.execOrThrow(['head', '--bytes=128', join(app, path)]);
  return /^#!.*\bnode\b/.test(stdout) ? ['node', path, ...args] : [`./${path}`, ...args];
}

async function runNpm(
  verb: 'ci' | 'install',
  what: string,
  app: string,
  context: DriverContext,
  variables: Variables,
): Promise<void> {
  const { command, log, progress, signal } = context;
  const npm = await findNpm(context, variables);
  const search = `${dirname(process.execPath)}${delimiter}${variables['PATH'] ?? ''}`;
  let fetched = 0;
  const onLine = (line: string) => {
    if (/^npm http /.test(line)) {
      if (++fetched % 20 === 0) progress(undefined, `npm has asked for ${fetched} packages and archives`);
    } else log(withoutCredentials(line));
  };
  // Should we be killed, npm goes with us: it must not fill a folder that somebody else has given up or given away.
  const result = await command.exec(['setpriv', '--pdeathsig=KILL', '--', npm, verb, ...OPTIONS], {
    cwd: app,
    env: { ...environmentOf(variables), PATH: search },
    timeoutMs: NO_LIMIT_MS,
    signal,
    onLine,
  });
  if (result.exitCode !== 0) throw failure(what, result.stderr, result.exitCode);
}

/** The npm beside the Node that runs Slipway, else the first on the PATH of whoever runs Slipway. */
async function findNpm({ filesystem }: DriverContext, variables: Variables): Promise<string> {
  const folders = [dirname(process.execPath), ...(variables['PATH'] ?? '').split(delimiter)].filter((folder) =>
    folder.startsWith('/'),
  );
  for (const folder of folders) {
    if ((await filesystem.stat(join(folder, 'npm'))) !== null) return join(folder, 'npm');
  }
  throw new SlipwayError('driver-failed', `npm is not found in ${folders.join(', ')}; install it there, it comes with Node`);
}

function environmentOf(variables: Variables): Record<string, string> {
  const passed = Object.entries(variables).filter(([name]) => OF_NPM.test(name) || OF_THE_NETWORK.test(name));
  return { LANG: 'C.UTF-8', HOME: homedir(), ...(Object.fromEntries(passed) as Record<string, string>) };
}

function failure(what: string, stderr: string, exitCode: number): SlipwayError {
  const said = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) ?(.*)/.exec(line)?.[1] ?? []);
  const code = said.flatMap((line) => /^code (\S+)/.exec(line)?.[1] ?? [])[0] ?? '';
  const lines = said.filter((line) => line.trim() !== '' && !/^code |A complete log of this run/.test(line));
  const tail = withoutCredentials(lines.join('\n')).slice(-TAIL_CHARACTERS) || `exit code ${exitCode}`;
  const details = { npm: code, said: tail };
  if (FOR_GOOD.includes(code)) return new SlipwayError('spec-invalid', `npm: ${what} cannot be installed: ${tail}`, details);
  const way = UNREACHED.test(code)
    ? '. Check the network, and the registry and certificates in the configuration of npm on this machine (npm config ls)'
    : '';
  return new SlipwayError('driver-failed', `npm could not install ${what}: ${tail}${way}`, details);
}

function assertIntegrity({ package: name, integrity }: NonNullable<InstanceSpec['npm']>, lock: Buffer): void {
  if (integrity === undefined) return;
  const { packages } = JSON.parse(lock.toString('utf8')) as { packages: Record<string, { integrity?: string }> };
  const found = packages[`node_modules/${name}`]?.integrity;
  if (found !== integrity) throw specInvalid('npm.integrity', `the registry's ${name} has ${found ?? 'none'}`);
}

const withoutCredentials = (line: string): string => line.replaceAll(/:\/\/[^/@\s]+@/g, '://');
