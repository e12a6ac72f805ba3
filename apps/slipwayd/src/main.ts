import { readFileSync } from 'node:fs';
import { SlipwayError, causeOf } from '@slipway/contracts';
import { Daemon } from './daemon.js';
import { UsageError, readOptions } from './options.js';

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
  const daemon = new Daemon(readOptions(args, process.env), process.env, (line) => process.stdout.write(`${line}\n`));

  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    await daemon.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) process.stdout.write(`\nStopping ...\n`);
      void stop(0).then(() => undefined);
    });
  }
  try {
    await daemon.start();
    await daemon.welcome();
  } catch (error) {
    if (stopping) return;
    report(error);
    await stop(1);
  }
}

function report(error: unknown): void {
  const cause = causeOf(error);
  process.stderr.write(`\n${cause.message}\n${error instanceof SlipwayError ? `${cause.hint}\n` : ''}`);
}

main().catch((error: unknown) => {
  report(error);
  process.exit(error instanceof UsageError ? 2 : 1);
});
