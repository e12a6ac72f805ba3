/** `npm start`: installs and builds what is missing, then hands over to slipwayd. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { UsageError, readOptions } from '../apps/slipwayd/options.mjs';
import { build, fail, installPackages, root, runtimeEnvironment, runtimeNode } from './bootstrap.mjs';
import { requireNats } from './nats.mjs';

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(readFileSync(`${root}apps/slipwayd/usage.txt`, 'utf8'));
  process.exit(0);
}
const { yes } = options();
if (!existsSync(`${root}package-lock.json`)) fail('package-lock.json is missing: this is not a whole clone.');

installPackages();
build({ projects: ['apps/slipwayd', 'apps/cli'] });
const environment = runtimeEnvironment();
if (!process.env.NATS_URL) environment.SLIPWAY_NATS_SERVER = await requireNats({ yes });

const daemon = spawn(runtimeNode(), ['--enable-source-maps', 'apps/slipwayd/dist/main.js', ...args], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
});
// What is sent to this process alone is passed on. A terminal's Ctrl-C reaches slipwayd by itself as well, which stops once.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => daemon.kill(signal));
daemon.on('error', (error) => fail(`slipwayd could not be started: ${error.message}`));
daemon.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : code));

/** What it is told, known before minutes are spent on installing; ends with code 2 where something is wrong. */
function options() {
  try {
    return readOptions(args, process.env);
  } catch (error) {
    if (error instanceof UsageError) return fail(error.message, 2);
    throw error;
  }
}
