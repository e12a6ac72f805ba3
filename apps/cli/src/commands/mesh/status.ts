import type { Command } from 'commander';
import { ENDED, REQUEST_STATUSES } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { EXIT } from '../../exit.js';
import { listRows } from '../list-options.js';
import { print, printValue } from '../../output/format.js';

const UNFINISHED = REQUEST_STATUSES.filter((one) => !ENDED.includes(one));

/** `slipway status`: exit code 1 when it is not ready. */
export function status(program: Command): void {
  program
    .command('status')
    .summary('whether the mesh is ready, and what is going on')
    .action(
      withClient(async ({ client, options }) => {
        const [info, ready] = await Promise.all([client.info(), client.ready()]);
        const unfinished = ready.ready ? await listRows(client.requests, {}, { status: UNFINISHED }) : null;
        if (options.output !== 'table') printValue({ info, ready, unfinished }, options.output);
        else {
          print(`mesh ${info.mesh} (${info.profile}), version ${info.version}: ${ready.ready ? 'ready' : 'not ready'}`);
          for (const check of ready.checks)
            print(`  ${check.ready ? '✓' : '✗'} ${check.name}${check.reason ? `: ${check.reason}` : ''}`);
          if (unfinished)
            print(
              unfinished.length ? `${unfinished.length} unfinished requests: npx slipway requests` : 'No unfinished requests.',
            );
        }
        return ready.ready ? EXIT.done : EXIT.failed;
      }),
    );
}
