/** Imports nothing that an older Node lacks: that this one is too old is to be said, not to be stumbled over. */
import { readFileSync } from 'node:fs';
import { UsageError, readOptions } from '../options.mjs';

const NEEDED_NODE = 24;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(readFileSync(new URL('../usage.txt', import.meta.url), 'utf8'));
    return;
  }
  if (Number(process.versions.node.split('.')[0]) < NEEDED_NODE) {
    throw new UsageError(
      `slipwayd needs Node ${NEEDED_NODE} or newer and was started by ${process.version}; use npm start, which brings its own.`,
    );
  }
  const options = readOptions(args, process.env);
  const { run } = await import('./run.js');
  await run(options, process.env);
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
