import type { CommandOptions, Lease } from '@slipway/client';
import type { Session } from '../../command.js';
import { Interrupted } from '../../exit.js';
import { printValue } from '../../output/format.js';

/** Longest that a program may run when nobody says how long, in ms: what a call can last at all. */
export const A_DAY_MS = 86_400_000;

/** Runs a program on a lease that is active: its output as it comes. Its exit code; Ctrl-C ends it. */
export async function runOn(
  { options: { output } }: Session,
  leased: Lease,
  line: readonly string[],
  options: Pick<CommandOptions, 'cwd' | 'env' | 'input' | 'timeoutMs'>,
): Promise<number> {
  const streamed = output === 'table';
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Interrupted('It was ended.'));
  process.once('SIGINT', stop);
  try {
    const result = await leased.interface('command').exec(line, {
      ...options,
      signal: interrupt.signal,
      ...(streamed && { onLine: (said, from) => void process[from].write(`${said}\n`) }),
    });
    if (!streamed) printValue(result, output);
    return result.exitCode;
  } finally {
    process.off('SIGINT', stop);
  }
}
