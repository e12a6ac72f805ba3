import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { EXIT } from '../../exit.js';
import { print, printValue } from '../../output/format.js';

/** `slipway status`: exit code 1 when it is not ready. */
export function status(program: Command): void {
  program
    .command('status')
    .summary('whether the mesh is ready, and what is going on')
    .action(
      withClient(async ({ client, options }) => {
        const [info, ready] = await Promise.all([client.info(), client.ready()]);
        const busy = ready.ready
          ? await client.requests.list({
              filter: { status: ['queued', 'running', 'undoing', 'paused', 'attention'] },
              limit: 100,
            })
          : null;
        if (options.output !== 'table') printValue({ info, ready, unfinished: busy?.items ?? null }, options.output);
        else {
          print(`mesh ${info.mesh} (${info.profile}), version ${info.version}: ${ready.ready ? 'ready' : 'not ready'}`);
          for (const check of ready.checks)
            print(`  ${check.ready ? '✓' : '✗'} ${check.name}${check.reason ? `: ${check.reason}` : ''}`);
          if (busy)
            print(
              busy.items.length
                ? `${busy.items.length}${busy.next ? '+' : ''} unfinished requests: slipway requests`
                : 'No unfinished requests.',
            );
        }
        return ready.ready ? EXIT.done : EXIT.failed;
      }),
    );
}
