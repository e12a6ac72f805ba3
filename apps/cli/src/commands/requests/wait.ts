import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { follow, seconds } from '../ops/run-job.js';

/** `slipway wait <request>`: the exit code is that of the request. */
export function wait(program: Command): void {
  program
    .command('wait')
    .summary('follow a request to its end')
    .description('Follows a request to its end. Exit code: 0 done, 1 failed, 3 unsatisfied, 5 timed out.')
    .argument('<request>', 'its id')
    .option('--timeout <seconds>', 'stop following after this time (exit code 5); the request goes on', seconds)
    .action(withClient<[string], { timeout?: number }>((session, flags, id) => follow(session, id, flags)));
}
