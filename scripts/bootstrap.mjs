/**
 * What `npm start`, `npm test` and `npm run bench` do first: install what is missing, build what has changed.
 * Runs on any Node from 18 on, with nothing installed: built-in modules only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

/** Major version of the Node that Slipway runs on. */
const NEEDED_NODE = 24;

/** One line of plain words, on standard error when standard output is for something else. */
export const say = (line) => process.stdout.write(`${line}\n`);

/** Ends with the way out instead of a stack. */
export function fail(message, code = 1) {
  process.stderr.write(`\n${message}\n`);
  process.exit(code);
}

/**
 * Whether the packages stand here as the lock file says. npm writes down what it has installed as its last act, so an
 * interrupted installation is seen; and so is one by an older Node, which leaves out bindings that do not fit it.
 */
export function packagesInstalled(folder = root) {
  const packagesOf = (file) => {
    try {
      return JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
    } catch {
      return {};
    }
  };
  const there = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, entry]) =>
      !path.startsWith('node_modules/') ||
      there[path]?.version === entry.version ||
      (entry.optional && !there[path] && isForeign(entry)),
  );
}

/** Whether an optional package is for another platform than this one. Without a word on platforms it may be left out. */
function isForeign({ os, cpu, libc }) {
  const libcHere = process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  const fits = (wanted, here) => wanted === undefined || [wanted].flat().includes(here);
  return (os ?? cpu ?? libc) === undefined || !fits(os, process.platform) || !fits(cpu, process.arch) || !fits(libc, libcHere);
}

/**
 * The Node that Slipway runs on: this one when it is new enough, else one that npm brings, checked by the lock file in
 * scripts/node. It comes before the packages: npm leaves out what does not fit the Node that it runs on itself.
 */
export function runtimeNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const brought = `${root}scripts/node/node_modules/node-${platform}-${process.arch}/bin/node${platform === 'win' ? '.exe' : ''}`;
  if (existsSync(brought)) return brought;
  say(`Bringing Node ${NEEDED_NODE} (once; this is ${process.version}) ...`);
  npm('ci', `${root}scripts/node`, process.env);
  if (existsSync(brought)) return brought;
  return fail(
    `Slipway runs on Node ${NEEDED_NODE} or newer; no package brings it for ${process.platform}-${process.arch}, and this is ${process.version}.\n` +
      `Install Node ${NEEDED_NODE} (https://nodejs.org) and run it again.`,
  );
}

/** Packages as the lock file says; at once when they are there already. */
export function installPackages(folder = root) {
  const environment = withRuntimeNode();
  if (packagesInstalled(folder)) return;
  say('Installing packages (once; about half a minute) ...');
  const began = Date.now();
  npm('ci', folder, environment);
  say(`  done in ${seconds(began)}`);
}

function npm(command, folder, env) {
  const { status, error } = spawnSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    [command, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0) {
    fail(`Installing failed (npm ${command}: ${error?.message ?? `exit code ${status}`}). Check the network and run it again.`);
  }
}

/** With the right Node first on the PATH: what is started from there, npm included, runs on it. */
const withRuntimeNode = () => ({ ...process.env, PATH: [dirname(runtimeNode()), process.env.PATH].join(delimiter) });

/** Builds what has changed since the last time: these projects and what they need, or everything. */
export function build({ quiet = false, projects = [] } = {}) {
  const began = Date.now();
  const first = !existsSync(`${root}apps/slipwayd/dist/main.js`);
  if (first && !quiet) say('Building (once; a few seconds) ...');
  const { status } = spawnSync(runtimeNode(), ['node_modules/typescript7/bin/tsc', '-b', ...projects], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) fail('The build failed: see the errors above.');
  if (first && !quiet) say(`  done in ${seconds(began)}`);
}

/** The environment in which programs of the packages run on the right Node. `compileCache`: start-up twice as fast. */
export function runtimeEnvironment() {
  const cache = `${root}node_modules/.cache/compile`;
  mkdirSync(cache, { recursive: true });
  const folders = [dirname(runtimeNode()), `${root}node_modules/.bin`, process.env.PATH];
  return { ...process.env, PATH: folders.join(delimiter), NODE_COMPILE_CACHE: cache };
}

/** Forgets results of an earlier run. */
export function clear(folder) {
  rmSync(`${root}${folder}`, { recursive: true, force: true });
}

export const seconds = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;
