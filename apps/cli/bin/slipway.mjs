#!/usr/bin/env node
// Runs on the Node that Slipway's packages bring when the one that started this is too old.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const brought = fileURLToPath(
  new URL(`../../../scripts/node/node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
);

if (!existsSync(main)) {
  process.stderr.write('Slipway is not built yet: run npm start (or npm run build) first.\n');
  process.exit(1);
}
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else if (existsSync(brought)) {
  const { status, signal } = spawnSync(brought, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(signal ? 130 : (status ?? 1));
} else {
  process.stderr.write(`Slipway needs Node 24 or newer; this is ${process.version}. Run npm start first: it brings its own.\n`);
  process.exit(1);
}
