import type { Command } from 'commander';
import { REQUEST_STATUSES } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows, printValue, time } from '../../output/format.js';
import { describePause } from '../../output/pause.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';

interface Flags extends ListFlags {
  status?: string;
  owner?: string;
  instance?: string;
}

/** `slipway requests [id]` */
export function requests(program: Command): void {
  const command = program
    .command('requests')
    .summary('requests, newest first; or one, with its steps')
    .argument('[request]', 'its id')
    .option('--status <status>', `only with this status: ${REQUEST_STATUSES.join(', ')}`)
    .option('--owner <id>', "only this owner's")
    .option('--instance <name>', 'only for this instance');
  listOptions(command).action(
    withClient<[string | undefined], Flags>(async ({ client, options }, flags, id) => {
      if (id) return printValue(await client.requests.get(id, { ...(flags.asOf && { asOf: flags.asOf }) }), options.output);
      const { environment, status, owner, instance } = flags;
      printRows(
        await listRows(client.requests, flags, { environment, status, ownerId: owner, instanceId: instance }),
        [
          ['REQUEST', (row) => row.id],
          ['JOB', (row) => row.job],
          ['STATUS', (row) => row.status],
          ['INSTANCE', (row) => row.instanceId],
          ['OWNER', (row) => row.owner.id],
          ['ENVIRONMENT', (row) => row.environment],
          ['ACCEPTED', (row) => time(row.acceptedAt)],
          ['WHY', why],
        ],
        options.output,
        'No requests.',
      );
    }),
  );
}

/** Why it ended, waits or is paused: the first line, the rest is shown with the request itself. */
function why({ status, pause, cause, waiting, result }: RequestView): string | undefined {
  if (status === 'paused') return describePause(pause);
  const unsatisfied = result && 'unsatisfied' in result ? result.unsatisfied[0]?.message : undefined;
  return (cause?.message ?? unsatisfied ?? waiting?.reason)?.split('\n', 1)[0];
}
