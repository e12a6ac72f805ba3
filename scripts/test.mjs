/**
 * `npm test`: installs what is missing, then everything that proves the project: types, lint, unit, contract,
 * integration and end-to-end tests. Ends with a line `N passed, N failed, N skipped`.
 *
 *   npm test                     all of it
 *   npm test -- event-store cli  only these projects
 *   npm test -- storage --files scratch
 *                                of these only the test files whose path has this in it
 *   npm test -- --seed 7         random tests with another seed; --seed random with one of its own for each
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build, clear, fail, installPackages, root, runtimeEnvironment, runtimeNode, say, seconds } from './bootstrap.mjs';
import { bringServers } from './servers.mjs';
import { requireNats } from './nats.mjs';
import { tally } from './tally.mjs';

/** What random tests begin with: what is green stays green, and other seeds are tried with `--seed random`, on purpose. */
const SEED = '20261122';
const { only, files, seed } = asked();
const began = Date.now();
installPackages();
const environment = {
  ...runtimeEnvironment(),
  SLIPWAY_NATS_SERVER: await requireNats({ yes: false }), // Each test mesh starts its own.
  SLIPWAY_REPORTS: `${root}reports`,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  FORCE_COLOR: '0',
  SLIPWAY_SEED: seed,
};
if (seed === 'random') delete environment.SLIPWAY_SEED;
bringServers();
clear('reports');
mkdirSync(`${root}reports`, { recursive: true });

const run = (program, ...options) => spawnSync(program, options, { cwd: root, stdio: 'inherit', env: environment }).status === 0;
/** A check that is not a Jest project counts as one test. */
function check(name, passed) {
  say(`${passed ? 'ok  ' : 'FAIL'} ${name}`);
  writeFileSync(
    `${root}reports/check-${name}.json`,
    JSON.stringify({
      name,
      passed: passed ? 1 : 0,
      failed: passed ? 0 : 1,
      skipped: [],
      failures: passed ? [] : ['see its output above'],
    }),
  );
}

say('Types: building every project');
build({ quiet: true });
check('types', true);
if (only.length === 0) {
  check('lint', run('npm', 'run', '--silent', 'lint'));
  check('format', run('oxfmt', '--check', '.'));
}
/** The projects' tests, side by side with others; whether all of them passed. */
const tests = (parallel, ...which) =>
  new Promise((resolve) => {
    const nx = ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'test', '--output-style=stream', `--parallel=${parallel}`];
    spawn(runtimeNode(), [...nx, ...which], { cwd: root, stdio: 'inherit', env: environment }).on('close', (code) =>
      resolve(code === 0),
    );
  });
/** What is handed on to Jest. */
const chosen = files === undefined ? [] : ['--', files];
const named = only.map((name) => (name.startsWith('@') ? name : `@slipway/${name}`)).join(',');
const WHOLE = '@slipway/e2e';
/** What the end-to-end tests leave time for when they are through: all others take so much longer than they. */
const AFTER_WHOLE = ['gateway', 'cli', 'slipwayd', 'bench'].map((name) => `@slipway/${name}`).join(',');
/** The end-to-end tests begin with the first of the others. Whether all have passed. */
async function everything() {
  const whole = async () => [await tests(1, `--projects=${WHOLE}`), await tests(1, `--projects=${AFTER_WHOLE}`)];
  const [first, second] = await Promise.all([whole(), tests(1, `--exclude=${WHOLE},${AFTER_WHOLE}`)]);
  return [...first, second].every(Boolean);
}
const green = await (only.length ? tests(2, `--projects=${named}`, ...chosen) : everything());

const reports = readdirSync(`${root}reports`)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`${root}reports/${file}`, 'utf8')));
const { lines, ok } = tally(reports, green);
say(`\nin ${seconds(began)}\n${lines.join('\n')}`);
process.exit(ok ? 0 : 1);

/** Which projects, and which of their files, all of them when nothing is said; and what random tests begin with. */
function asked() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { files: { type: 'string' }, seed: { type: 'string' } },
    });
    if (values.files !== undefined && positionals.length === 0)
      return fail('--files needs a project: npm test -- storage --files scratch', 2);
    const begin = values.seed ?? process.env.SLIPWAY_SEED ?? SEED;
    if (!/^(random|\d{1,9})$/.test(begin))
      return fail(`The seed is "random" or a whole number below 1000000000, not "${begin}"`, 2);
    return { only: positionals, files: values.files, seed: begin };
  } catch (error) {
    return fail(
      `${error.message}\nProjects to test, such as storage, --files <part of a path> and --seed <number, or random>.`,
      2,
    );
  }
}
