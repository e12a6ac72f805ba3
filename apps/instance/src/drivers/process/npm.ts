import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, type InstanceSpec } from '@slipway/contracts';
import type { CommandResult } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';
import { npmAt, type Variables } from './npm-at.js';
import type { ProcessSpec } from './spec.js';

/** What npm has installed, as it is kept in the instance's record. */
export interface InstalledPackages {
  package?: string;
  version?: string;
  /** SHA-256 of the package-lock.json beside it, which names every package with its version and integrity. */
  lock: string;
}

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
 * Installs what a spec wants of the npm registry into its app's folder: by the place's own npm, on the place's Node, with the place's own
 * configuration of npm. Throws `spec-invalid` for what is not there or does not fit, `driver-failed` with
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
 * runs on that of the place.
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
  const { npm, env, configuredAt } = await npmAt(context, variables);
  let fetched = 0;
  const onLine = (line: string) => {
    if (/^npm http /.test(line)) {
      if (++fetched % 20 === 0) progress(undefined, `npm has asked for ${fetched} packages and archives`);
    } else log(withoutCredentials(line));
  };
  // Should we be killed, npm goes with us: it must not fill a folder that somebody else has given up or given away.
  const result = await command.exec(['setpriv', '--pdeathsig=KILL', '--', npm, verb, ...OPTIONS], {
    cwd: app,
    env,
    timeoutMs: NO_LIMIT_MS,
    signal,
    onLine,
  });
  if (result.exitCode !== 0) throw failure(what, result, configuredAt);
}

function failure(what: string, { stderr, exitCode }: CommandResult, configuredAt: string): SlipwayError {
  const said = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) ?(.*)/.exec(line)?.[1] ?? []);
  const code = said.flatMap((line) => /^code (\S+)/.exec(line)?.[1] ?? [])[0] ?? '';
  const lines = said.filter((line) => line.trim() !== '' && !/^code |A complete log of this run/.test(line));
  const tail = withoutCredentials(lines.join('\n')).slice(-TAIL_CHARACTERS) || `exit code ${exitCode}`;
  const details = { npm: code, said: tail };
  if (FOR_GOOD.includes(code)) return new SlipwayError('spec-invalid', `npm: ${what} cannot be installed: ${tail}`, details);
  const way = UNREACHED.test(code)
    ? `. Check the network, and the registry and certificates in the configuration of npm ${configuredAt} (npm config ls)`
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
