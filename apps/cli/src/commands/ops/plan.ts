import type { Command } from 'commander';
import type { PlanJob, ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { describePlan } from '../../output/plan.js';
import { choiceOptions, choicesOf, type ChoiceFlags } from './choice-options.js';
import { placeOptions, type PlaceFlags } from './place-options.js';
import { provisionJob } from './provision.js';

interface Flags extends PlaceFlags, ChoiceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  deprovision?: boolean;
  export?: boolean;
  import?: string;
}

/** `slipway plan`: what a request would do. Changes nothing. */
export function plan(program: Command): void {
  const command = program
    .command('plan')
    .summary('what a request would do; changes nothing')
    .description('Shows what provisioning would do, or with one of the options below another job. Changes nothing.')
    .argument('<owner-id>', 'who would own it; with --deprovision and --export who asks')
    .argument('<instance-id>', 'its name')
    .argument('[guest-location]', 'where, by a name of the configuration')
    .option('--definition <name[@range]>', "what to provision; the profile's default when left out")
    .option('--owner-type <type>', 'user, service or team', 'user')
    .option('--deprovision', 'plan giving it back')
    .option('--export', 'plan reading out its data')
    .option('--import <snapshot-id>', 'plan beginning with that snapshot');
  choiceOptions(placeOptions(command)).action(
    withClient<[string, string, string | undefined], Flags>(
      async ({ client, options }, flags, ownerId, instanceId, guestLocation) => {
        const choices = await choicesOf(client, flags, { guestLocation, snapshot: flags.import });
        const job = provisionJob(flags, ownerId, instanceId, guestLocation, choices);
        const made = await client.plan({ ...job, ...otherJob(flags) });
        if (options.output === 'table') print(describePlan(made));
        else printValue(made, options.output);
        return made.outcome === 'unsatisfied' ? EXIT.unsatisfied : EXIT.done;
      },
    ),
  );
}

/** Another job than to provision. Throws a `UsageError` when several are asked for. */
function otherJob({ deprovision, export: reads, import: snapshot }: Flags): Partial<PlanJob> {
  if ([deprovision, reads, snapshot].filter((flag) => flag !== undefined).length > 1)
    throw new UsageError('Plan one job: --deprovision, --export or --import.');
  if (snapshot !== undefined) return { job: 'import', snapshot, snapshotId: true };
  return { job: deprovision ? 'deprovision' : reads ? 'export' : 'provision' };
}
