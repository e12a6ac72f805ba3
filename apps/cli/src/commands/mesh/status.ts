import type { Command } from 'commander';
import { ENDED, REQUEST_STATUSES } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { EXIT } from '../../exit.js';
import { listRows } from '../list-options.js';
import { describeFinding, findingOf } from '../../output/finding.js';
import { print, printValue } from '../../output/format.js';
import { findingOfPaused } from '../../output/pause.js';

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
        const paused = ready.ready ? await listRows(client.environments, {}, { paused: 'true' }) : [];
        if (options.output !== 'table') printValue({ info, ready, unfinished, paused }, options.output);
        else {
          print(`mesh ${info.mesh} (${info.profile}), version ${info.version}: ${ready.ready ? 'ready' : 'not ready'}`);
          for (const finding of [...ready.checks.map(findingOf), ...paused.map(findingOfPaused)])
            print(describeFinding(finding).replaceAll(/^/gm, '  '));
          if (unfinished) print(describeUnfinished(unfinished.length));
        }
        return ready.ready ? EXIT.done : EXIT.failed;
      }),
    );
}

function describeUnfinished(count: number): string {
  if (count === 0) return 'No unfinished requests.';
  return `${count} unfinished ${count === 1 ? 'request' : 'requests'}: npx slipway requests`;
}
