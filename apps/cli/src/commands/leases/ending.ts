import type { Command } from 'commander';
import type { JsonObject } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print, printValue, time } from '../../output/format.js';
import {
  attribute,
  environmentOption,
  leaseId,
  moment,
  ownerOf,
  ownerOptions,
  type EnvironmentFlags,
  type OwnerFlags,
} from './lease-options.js';

const LEASE = ['<lease>', 'its id'] as const;

/** `slipway renew <lease> --until 30m` */
export function renew(program: Command): void {
  environmentOption(
    program
      .command('renew')
      .summary('want a lease for longer')
      .argument(...LEASE),
  )
    .requiredOption('--until <time>', 'when it is over: 30m, 2h, 1d from now, or a time in ISO 8601')
    .action(
      withClient<[string], EnvironmentFlags & { until: string }>(async ({ client, options }, flags, id) => {
        const until = moment(flags.until, 'until');
        const recorded = await client.leases.renew(leaseId(id, flags), until);
        if (options.output === 'table') print(`${recorded.leaseId} lasts until ${time(new Date(until).toISOString())} UTC.`);
        else printValue(recorded, options.output);
      }),
    );
}

/** `slipway release <lease>` */
export function release(program: Command): void {
  environmentOption(
    program
      .command('release')
      .summary('give a lease back')
      .argument(...LEASE),
  )
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string], EnvironmentFlags & { reason?: string }>(async ({ client, options }, flags, id) => {
        const recorded = await client.leases.release(leaseId(id, flags), flags.reason);
        if (options.output === 'table') print(`${recorded.leaseId} ${recorded.repeated ? 'was over already' : 'is released'}.`);
        else printValue(recorded, options.output);
      }),
    );
}

interface ReclaimFlags extends EnvironmentFlags, OwnerFlags {
  attribute?: JsonObject;
  reason: string;
  force?: boolean;
}

/** `slipway reclaim <lease> --reason …`, `slipway reclaim --owner ada --reason …` */
export function reclaim(program: Command): void {
  const command = program
    .command('reclaim')
    .summary('take leases back from their holders, with a reason')
    .argument('[lease]', 'its id; all that is said holds of, when left out')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--attribute <name=value>', 'those that were asked for with it; several times', attribute)
    .option('--force', 'it is over, whatever could not be taken back: somebody answers for what is left');
  ownerOptions(environmentOption(command), "all of this owner's").action(
    withClient<[string | undefined], ReclaimFlags>(async ({ client, options }, flags, id) => {
      const { reason, force, environment, attribute: attributes } = flags;
      const of = { ...ownerOf(flags), ...(attributes && { attributes }) };
      const saysMore = Object.keys(of).length > 0;
      if ((id === undefined) !== saysMore)
        throw new UsageError('Name either a lease, or an owner, attributes or both: not all leases at once.');
      if (force && id === undefined) throw new UsageError('--force is for one lease: name it.');
      if (id === undefined) {
        const reclaimed = await client.leases.reclaimAll({ ...of, reason, ...(environment !== undefined && { environment }) });
        if (options.output !== 'table') return printValue(reclaimed, options.output);
        return print(reclaimed.leaseIds.length > 0 ? `Reclaimed: ${reclaimed.leaseIds.join(', ')}.` : 'No such leases.');
      }
      const recorded = await client.leases[force ? 'force' : 'reclaim'](leaseId(id, flags), reason);
      if (options.output !== 'table') return printValue(recorded, options.output);
      print(`${recorded.leaseId} ${recorded.repeated ? 'was over already' : force ? 'is over' : 'is reclaimed'}.`);
    }),
  );
}
