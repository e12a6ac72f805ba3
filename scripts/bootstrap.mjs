/**
 * What `npm start`, `npm test` and `npm run bench` do first: install what is missing, build what has changed.
 * Runs on any Node from 18 on, with nothing installed: built-in modules only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

/** One line of plain words, on standard error when standard output is for something else. */
export const say = (line) => process.stdout.write(`${line}\n`);

/** Ends with the way out instead of a stack. */
export function fail(message, code = 1) {
  process.stderr.write(`\n${message}\n`);
  process.exit(code);
}

/**
 * Whether the packages stand here as the lock file says. npm writes down what it has installed as its last act, so an
 * interrupted installation is seen. What is optional (bindings for other platforms) need not be there.
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
    ([path, { version, optional }]) =>
      !path.startsWith('node_modules/') || there[path]?.version === version || (optional === true && !there[path]),
  );
}

/** Packages as the lock file says; at once when they are there already. */
export function installPackages(folder = root) {
  if (packagesInstalled(folder)) return;
  say('Installing packages (once; about half a minute) ...');
  const began = Date.now();
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    fail(`Installing packages failed (npm ci: ${error?.message ?? `exit code ${status}`}). Check the network and run it again.`);
  }
  say(`  done in ${seconds(began)}`);
}

/** The Node that Slipway runs on: the one its packages bring, else this one when it is new enough. */
export function runtimeNode() {
  // Not node_modules/.bin/node: npm 9 leaves that link out.
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const brought = `${root}node_modules/node-${platform}-${process.arch}/bin/node${platform === 'win' ? '.exe' : ''}`;
  if (existsSync(brought)) return brought;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `Slipway runs on Node 24 or newer; no package brings it for ${process.platform}-${process.arch}, and this is ${process.version}.\n` +
      'Install Node 24 (https://nodejs.org) and run it again.',
  );
}

/** Builds what has changed since the last time. */
export function build({ quiet = false } = {}) {
  const began = Date.now();
  const first = !existsSync(`${root}apps/slipwayd/dist/main.js`);
  if (first && !quiet) say('Building (once; a few seconds) ...');
  const { status } = spawnSync(runtimeNode(), ['node_modules/typescript7/bin/tsc', '-b'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail('The build failed: see the errors above.');
  if (first && !quiet) say(`  done in ${seconds(began)}`);
}

/**
 * The environment in which programs of the packages run on the right Node. `compileCache`: start-up twice as fast.
 */
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
