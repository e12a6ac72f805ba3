/** `npm run bench [-- <name>] [--short] [--json]` */
import { spawnSync } from 'node:child_process';
import { build, installPackages, root, runtimeEnvironment, runtimeNode } from './bootstrap.mjs';
import { requireNats } from './nats.mjs';

installPackages();
build({ quiet: true });
const environment = { ...runtimeEnvironment(), SLIPWAY_NATS_SERVER: await requireNats({ yes: false }) };
const { status } = spawnSync(runtimeNode(), ['bench/dist/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
});
process.exit(status ?? 1);
