import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { collected } from '../ops/choice-options.js';
import { seconds } from '../ops/run-job.js';
import { environmentOption, leaseId, type EnvironmentFlags } from './lease-options.js';
import { A_DAY_MS, runOn } from './run-on.js';
import { followUntilActive } from './wait-for-lease.js';

interface Flags extends EnvironmentFlags {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: boolean;
  timeout?: number;
  wait?: boolean;
}

/** `slipway exec <lease> -- <command…>`: its output as it comes, its exit code. */
export function exec(program: Command): void {
  const command = program
    .command('exec')
    .summary('run a program on what is leased')
    .description(
      'Runs a program on what is leased: its output as it comes, its exit code as ours; 127 where there is no such program. No shell takes the arguments apart. Ctrl-C ends it. Its output is text, line by line: bytes that are not UTF-8 do not come as they are; fetch those with cp.',
    )
    .argument('<lease>', 'its id; it must be active, unless you --wait')
    .argument('<command...>', 'the program and its arguments, behind a bare --')
    .showHelpAfterError('(the program and its arguments stand behind a bare --: npx slipway exec lease-1 -- ls -la)')
    .option('--cwd <folder>', "where it runs; the lease's own folder when left out")
    .option('--env <name=value>', 'a variable, added to PATH, LANG and HOME; several times', collected)
    .option('-i, --stdin', 'give it what comes on standard input')
    .option('--timeout <seconds>', 'end it after this time', seconds)
    .option('--wait', 'wait until the lease is active first, and tell why it is not');
  environmentOption(command).action(
    withClient<[string, string[]], Flags>(async ({ client, options }, flags, id, line) => {
      const { cwd, env, stdin, timeout } = flags;
      const leased = client.lease(leaseId(id, flags));
      if (flags.wait) await followUntilActive(leased);
      else await leased.look();
      return runOn({ client, options }, leased, line, {
        ...(cwd !== undefined && { cwd }),
        ...(env && { env }),
        ...(stdin && { input: await text(process.stdin) }),
        timeoutMs: timeout === undefined ? A_DAY_MS : timeout * 1000,
      });
    }),
  );
}
