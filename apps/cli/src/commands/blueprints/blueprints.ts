import type { Command } from 'commander';
import type { BlueprintLimits } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print, printRows, printValue } from '../../output/format.js';
import { list } from '../list-and-show.js';
import {
  count,
  environmentOption,
  ownerOf,
  ownerOptions,
  type EnvironmentFlags,
  type OwnerFlags,
} from '../leases/lease-options.js';

const BLUEPRINT = ['<blueprint>', 'its name'] as const;

/** `slipway blueprints`, `slipway blueprints show|approve|revoke|limit <blueprint>` */
export function blueprints(program: Command): void {
  const noun = program
    .command('blueprints')
    .summary('how resources are made, how many, and who may use them')
    .addHelpText(
      'after',
      '\nLimits and capacities hold in each environment for itself: three licences are three in every one where they are approved.',
    );
  environmentOption(list(noun)).action(
    withClient<[], EnvironmentFlags>(async ({ client, options }, { environment }) =>
      printRows(
        await client.blueprints.list(environment),
        [
          ['BLUEPRINT', (row) => row.name],
          ['TYPE', (row) => row.type],
          ['LOCATION', (row) => row.location],
          ['MADE', (row) => `${row.made} of ${row.limits.resources}`],
          ['INTERFACES', (row) => row.interfaces.join(', ')],
          ['APPROVED', (row) => row.approved.join(', ') || 'nobody'],
          ['WHY', (row) => row.failed && `could make none: ${row.failed.reason.split('\n', 1)[0]}`],
        ],
        options.output,
        'No blueprints are configured.',
      ),
    ),
  );
  environmentOption(
    noun
      .command('show')
      .summary('one of them')
      .argument(...BLUEPRINT),
  ).action(
    withClient<[string], EnvironmentFlags>(async ({ client, options }, { environment }, name) =>
      printValue(await client.blueprints.get(name, environment), options.output),
    ),
  );
  approvals(noun);
  limits(noun);
}

function approvals(noun: Command): void {
  for (const verb of ['approve', 'revoke'] as const) {
    const command = noun
      .command(verb)
      .summary(verb === 'approve' ? 'let somebody use one: nobody may by default' : 'let somebody use one no more')
      .argument(...BLUEPRINT)
      .option('--reason <text>', 'why; it is recorded');
    ownerOptions(environmentOption(command), 'who may use it (required)').action(
      withClient<[string], EnvironmentFlags & OwnerFlags & { reason?: string }>(async ({ client, options }, flags, name) => {
        const { environment, owner, reason } = flags;
        if (owner === undefined) throw new UsageError('--owner is missing: who may use it?');
        const recorded = await client.blueprints[verb](name, {
          ...{ ownerId: owner, ...ownerOf(flags) },
          ...(environment !== undefined && { environment }),
          ...(reason !== undefined && { reason }),
        });
        if (options.output === 'table') print(`${owner} may use ${name}${verb === 'approve' ? '' : ' no more'}.`);
        else printValue(recorded, options.output);
      }),
    );
  }
}

function limits(noun: Command): void {
  const command = noun
    .command('limit')
    .summary('change the limits of one, at once; what is left out stays')
    .argument(...BLUEPRINT)
    .option('--resources <n>', 'most resources of it that are made', count)
    .option('--warm <n>', 'resources without a lease that are kept ready', count)
    .option('--idle-seconds <n>', 'how long a further one without a lease stays', count)
    .option('--lease-seconds <n>', 'longest that a lease may last in all; 0: as long as it is wanted', count);
  environmentOption(command).action(
    withClient<[string], EnvironmentFlags & Partial<BlueprintLimits>>(async ({ client, options }, flags, name) => {
      const { environment, resources, warm, idleSeconds, leaseSeconds } = flags;
      const given = Object.entries({ resources, warm, idleSeconds, leaseSeconds }).filter(([, value]) => value !== undefined);
      if (given.length === 0) throw new UsageError('Name a limit: --resources, --warm, --idle-seconds or --lease-seconds.');
      const recorded = await client.blueprints.limit(name, Object.fromEntries(given), environment);
      if (options.output === 'table')
        print(`${name} has other limits: ${given.map(([limit, value]) => `${limit} ${value}`).join(', ')}.`);
      else printValue(recorded, options.output);
    }),
  );
}
