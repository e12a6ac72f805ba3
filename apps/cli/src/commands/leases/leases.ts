import type { Command } from 'commander';
import { whyOver, type SlipwayClient } from '@slipway/client';
import { LEASE_STATUSES } from '@slipway/contracts';
import type { LeaseView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows, printValue, time } from '../../output/format.js';
import { list } from '../list-and-show.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';
import { seconds } from '../ops/run-job.js';
import { call } from './call.js';
import { environmentOption, leaseId, type EnvironmentFlags } from './lease-options.js';
import { waitForLease } from './wait-for-lease.js';

interface Flags extends ListFlags {
  type?: string;
  status?: string;
  owner?: string;
  resource?: string;
  irrevocable?: boolean;
  request?: string;
  holder?: string;
  all?: boolean;
}

/** `slipway leases`, `slipway leases show|wait|call <lease>` */
export function leases(program: Command): void {
  const noun = program.command('leases').summary('leases, newest first; or one, with its place in the queue');
  const listing = list(noun)
    .option('--type <type>', 'only of this type')
    .option('--status <status>', `only with this status: ${LEASE_STATUSES.join(', ')}`)
    .option('--owner <id>', "only this owner's")
    .option('--resource <id>', 'only on this resource')
    .option('--irrevocable', 'only those that could not be taken back, which is tried again')
    .option('--request <id>', 'only those that this request holds')
    .option('--holder <resource>', 'only those that this resource holds itself')
    .option('--all', 'also those that were given back');
  listOptions(listing).action(
    withClient<[], Flags>(async ({ client, options }, flags) => {
      const { environment, type, owner, resource, request: requestId, holder } = flags;
      const status = flags.status ?? (flags.all ? [...LEASE_STATUSES] : undefined);
      const resourceId = resource === undefined ? undefined : leaseId(resource, flags);
      const holderId = holder === undefined ? undefined : leaseId(holder, flags);
      const irrevocable = flags.irrevocable ? 'true' : undefined;
      const filter = { environment, type, status, ownerId: owner, resourceId, irrevocable, requestId, holderId };
      const rows = await listRows(client.leases, flags, filter);
      printRows(
        await (options.output === 'table' ? withStanding(client, rows) : rows),
        [
          ['LEASE', (row) => row.id],
          ['TYPE', (row) => row.type],
          ['STATUS', (row) => row.status],
          ['OWNER', (row) => row.owner.id],
          ['RESOURCE', (row) => row.resourceId],
          ['ASKED', (row) => time(row.createdAt)],
          ['UNTIL', (row) => time(row.until)],
          ['WHY', why],
        ],
        options.output,
        'No leases.',
      );
    }),
  );
  const show = noun.command('show').summary('one of them').argument('<lease>', 'its id');
  environmentOption(show)
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position')
    .action(
      withClient<[string], EnvironmentFlags & { asOf?: string }>(async ({ client, options }, flags, id) =>
        printValue(await client.leases.get(leaseId(id, flags), { ...(flags.asOf && { asOf: flags.asOf }) }), options.output),
      ),
    );
  waits(noun);
  call(noun);
}

function waits(noun: Command): void {
  const wait = noun
    .command('wait')
    .summary('follow one until it is active, and tell why it is not')
    .argument('<lease>', 'its id')
    .option('--timeout <seconds>', 'stop waiting after this time (exit code 5); the lease waits on', seconds);
  environmentOption(wait).action(
    withClient<[string], EnvironmentFlags & { timeout?: number }>((session, flags, id) =>
      waitForLease(session, session.client.lease(leaseId(id, flags)), flags),
    ),
  );
}

/** Lists do not tell how a lease waits: each of this many is looked at. */
const MOST_LOOKS = 20;

/** The first of those that wait with their place and what they wait for. */
async function withStanding(client: SlipwayClient, rows: LeaseView[]): Promise<LeaseView[]> {
  const looked = new Set(
    rows
      .filter(({ status }) => status === 'pending')
      .slice(0, MOST_LOOKS)
      .map(({ id }) => id),
  );
  // What cannot be told now is left out: the list is what was asked for.
  return Promise.all(rows.map((row) => (looked.has(row.id) ? client.leases.get(row.id).catch(() => row) : row)));
}

/** Why it ended, waits or is stuck, and what holds it: the first line. */
function why({ irrevocable, end, reason, standing, amount, holderId }: LeaseView): string | undefined {
  const stuck = irrevocable && `cannot be taken back: ${irrevocable.reason}`;
  const inLine =
    standing && [standing.place && `place ${standing.place}`, amount > 1 && `wants ${amount}`].filter(Boolean).join(', ');
  const told = standing?.reasons.length ? standing.reasons : [reason];
  const holder = holderId === undefined || end ? undefined : `held by ${holderId}`;
  const parts = stuck ? [stuck] : end ? [whyOver(end)] : [holder, inLine, ...told];
  return parts.filter(Boolean).join('; ').split('\n', 1)[0] || undefined;
}
