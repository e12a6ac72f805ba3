import { InvalidArgumentError, type Command } from 'commander';
import { withClient } from '../../command.js';
import { print, printRows, printValue, time } from '../../output/format.js';
import { list } from '../list-and-show.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';
import { count, environmentOption, type EnvironmentFlags } from '../leases/lease-options.js';
import type { OwnerType } from '@slipway/contracts';

interface SetFlags extends EnvironmentFlags {
  type?: string;
  ownerType?: OwnerType;
}

const most = (value: string): number | null => {
  if (value === 'none') return null;
  if (/^\d{1,9}$/.test(value)) return count(value);
  throw new InvalidArgumentError('It must be a whole number, or none.');
};

/** `slipway quotas`, `slipway quotas set <owner> <most>` */
export function quotas(program: Command): void {
  const noun = program.command('quotas').summary('how many leases somebody may have at once');
  listOptions(list(noun).option('--owner <id>', "only this owner's")).action(
    withClient<[], ListFlags & { owner?: string }>(async ({ client, options }, flags) =>
      printRows(
        await listRows(client.quotas, flags, { environment: flags.environment, ownerId: flags.owner }),
        [
          ['OWNER', (row) => `${row.owner.type}/${row.owner.id}`],
          ['TYPE', (row) => row.type ?? 'all'],
          ['MOST', (row) => row.most],
          ['ENVIRONMENT', (row) => row.environment],
          ['SET', (row) => time(row.setAt)],
          ['BY', (row) => row.actor.id],
        ],
        options.output,
        'No quotas: everybody may have as many leases as he likes.',
      ),
    ),
  );
  const set = noun
    .command('set')
    .summary('say how many somebody may have')
    .argument('<owner>', 'whose leases')
    .argument('<most>', 'so many at once; none: as many as he likes', most)
    .option('--owner-type <type>', 'user, service, team; user when left out')
    .option('--type <type>', 'of this type; of all types together when left out');
  environmentOption(set).action(
    withClient<[string, number | null], SetFlags>(async ({ client, options }, flags, ownerId, given) => {
      const { type, ownerType, environment } = flags;
      const recorded = await client.quotas.set({
        ...{ ownerId, most: given },
        ...(ownerType && { ownerType }),
        ...(type !== undefined && { type }),
        ...(environment !== undefined && { environment }),
      });
      const what = `lease${given === 1 ? '' : 's'}${type === undefined ? '' : ` of type ${type}`} at once`;
      if (options.output === 'table') print(`${ownerId} may have ${given ?? 'any number of'} ${what}.`);
      else printValue(recorded, options.output);
    }),
  );
}
