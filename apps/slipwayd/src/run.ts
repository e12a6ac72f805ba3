import { SlipwayError, causeOf } from '@slipway/contracts';
import { UsageError, type Options } from '../options.mjs';
import { Daemon } from './daemon.js';

/** Starts the mesh and keeps it until a signal ends it, or it can't be started: then the process ends with the reason. */
export async function run(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  let stopping = false;
  let daemon: Daemon | undefined;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    await daemon?.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Ctrl-C comes twice: from the terminal, and from who has started this.
      if (!stopping) process.stdout.write(`\nStopping ...\n`);
      void stop(0);
    });
  }
  try {
    daemon = new Daemon(options, env, (line) => process.stdout.write(`${line}\n`));
    await daemon.start();
    await daemon.welcome();
  } catch (error) {
    if (stopping) return;
    report(error);
    await stop(error instanceof UsageError ? 2 : 1);
  }
}

function report(error: unknown): void {
  const cause = causeOf(error);
  process.stderr.write(`\n${cause.message}\n${error instanceof SlipwayError ? `${cause.hint}\n` : ''}`);
}
