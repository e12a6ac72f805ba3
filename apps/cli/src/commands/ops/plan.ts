import type { Command } from 'commander';
import type { ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { describePlan } from '../../output/plan.js';
import { choiceOptions, choicesOf, type ChoiceFlags } from './choice-options.js';
import { placeOptions, type PlaceFlags } from './place-options.js';
import { provisionJob } from './provision.js';

interface Flags extends PlaceFlags, ChoiceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  deprovision?: boolean;
}

/** `slipway plan`: what a request would do. Changes nothing. */
export function plan(program: Command): void {
  const command = program
    .command('plan')
    .summary('what a request would do; changes nothing')
    .description('Shows what provisioning would do, or with --deprovision what giving back would do. Changes nothing.')
    .argument('<owner-id>', 'who would own it; with --deprovision who asks')
    .argument('<instance-id>', 'its name')
    .argument('[guest-location]', 'where, by a name of the configuration')
    .option('--definition <name[@range]>', "what to provision; the profile's default when left out")
    .option('--owner-type <type>', 'user, service or team', 'user')
    .option('--deprovision', 'plan giving it back');
  choiceOptions(placeOptions(command)).action(
    withClient<[string, string, string | undefined], Flags>(
      async ({ client, options }, flags, ownerId, instanceId, guestLocation) => {
        const choices = await choicesOf(client, flags, guestLocation);
        const job = provisionJob(flags, ownerId, instanceId, guestLocation, choices);
        const made = await client.plan({ ...job, job: flags.deprovision ? 'deprovision' : 'provision' });
        if (options.output === 'table') print(describePlan(made));
        else printValue(made, options.output);
        return made.outcome === 'unsatisfied' ? EXIT.unsatisfied : EXIT.done;
      },
    ),
  );
}
