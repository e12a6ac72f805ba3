import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { print } from '../../output/format.js';

/** `slipway logs <request>` */
export function logs(program: Command): void {
  program
    .command('logs')
    .summary("the logs of a request's steps")
    .argument('<request>', 'its id')
    .option('--step <id>', 'only of this step, such as instance/shop')
    .action(
      withClient<[string], { step?: string }>(async ({ client }, flags, id) =>
        print((await client.requests.logs(id, flags.step)) || 'Nothing was logged.'),
      ),
    );
}
