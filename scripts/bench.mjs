/** `npm run bench [-- <name>] [--short] [--json]` */
import { spawnSync } from 'node:child_process';
import { build, fail, installPackages, root, runtimeEnvironment, runtimeNode } from './bootstrap.mjs';
import { ensureNats } from './nats.mjs';

installPackages();
build({ quiet: true });
const environment = runtimeEnvironment();
if (!process.env.NATS_URL)
  environment.SLIPWAY_NATS_SERVER = await ensureNats({ yes: false }).catch((error) => fail(error.message));
const { status } = spawnSync(runtimeNode(), ['bench/dist/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
});
process.exit(status ?? 1);
