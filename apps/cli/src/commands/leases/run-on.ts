import { once } from 'node:events';
import { ApiError, type CommandOptions, type Lease } from '@slipway/client';
import type { Session } from '../../command.js';
import { Interrupted, explain } from '../../exit.js';
import { note, printValue } from '../../output/format.js';

/** Longest that a program may run when nobody says how long, in ms: what a call can last at all. */
export const A_DAY_MS = 86_400_000;

/** As a shell says of a program that is not there (POSIX, Shell Command Language, §2.8.2). */
const NO_PROGRAM = 127;

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
      ...(streamed && { onLines: write }),
    });
    if (!streamed) printValue(result, output);
    return result.exitCode;
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.details?.['lacks'] !== 'program') throw error;
    note(explain(error).text);
    return NO_PROGRAM;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Who reads us slowly makes the program wait, not our memory grow. */
async function write(lines: readonly string[], from: 'stdout' | 'stderr'): Promise<void> {
  if (!process[from].write(`${lines.join('\n')}\n`)) await once(process[from], 'drain');
}
