import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import type { PlanJob, ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { describePlan } from '../../output/plan.js';
import { snapshotNamed } from '../snapshots/archives.js';
import { choiceOptions, choicesOf, type ChoiceFlags } from './choice-options.js';
import { placeOptions, type PlaceFlags } from './place-options.js';
import { provisionJob } from './provision.js';
import { updateJob } from './update.js';

interface Flags extends PlaceFlags, ChoiceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  deprovision?: boolean;
  export?: boolean;
  import?: string;
  destination?: string;
  update?: boolean;
}

/** `slipway plan`: what a request would do. Changes nothing. */
export function plan(program: Command): void {
  const command = program
    .command('plan')
    .summary('what a request would do; changes nothing')
    .description('Shows what provisioning would do, or with one of the options below another job. Changes nothing.')
    .argument('<owner-id>', 'who would own it; of what is there it may be left out')
    .argument('[instance-id]', 'its name')
    .argument('[guest-location]', 'where, by a name of the configuration')
    .option('--definition <name[@range]>', "what to provision; the profile's default when left out")
    .option('--owner-type <type>', 'user, service or team', 'user')
    .option('--deprovision', 'plan giving it back')
    .option('--export', 'plan reading out its data')
    .option('--update', 'plan changing what is there')
    .option('--destination <where>', 'with --export: a store of the configuration, or store:folder')
    .option('--import <snapshot>', 'plan beginning with that snapshot: its id, or store:path of its archive');
  choiceOptions(placeOptions(command)).action(
    withClient<[string, string | undefined, string | undefined], Flags>(async ({ client, options }, flags, ...named) => {
      const made = await client.plan(await planJob(client, flags, named));
      if (options.output === 'table') print(describePlan(made));
      else printValue(made, options.output);
      return made.outcome === 'unsatisfied' ? EXIT.unsatisfied : EXIT.done;
    }),
  );
}

/** Of what is there only its name is needed: the last of two, or the only one. */
async function planJob(
  client: SlipwayClient,
  flags: Flags,
  [first, second, guestLocation]: [string, string | undefined, string | undefined],
): Promise<PlanJob> {
  const asked = jobOf(flags);
  if (asked.job === 'update') return { ...(await updateJob(client, flags, second ?? first)), ...asked } as PlanJob;
  if (second === undefined && (asked.job === 'provision' || asked.job === 'import'))
    throw new UsageError("error: missing required argument 'instance-id'");
  const from = flags.import === undefined ? undefined : snapshotNamed(flags.import);
  const choices = await choicesOf(client, flags, { guestLocation, from });
  return { ...provisionJob(flags, first, second ?? first, guestLocation, choices), ...asked };
}

/** Throws a `UsageError` when several jobs are asked for. */
function jobOf(flags: Flags): Pick<PlanJob, 'job' | 'snapshot' | 'snapshotId' | 'destination'> {
  const asked = (['deprovision', 'export', 'update', 'import'] as const).filter((job) => flags[job] !== undefined);
  if (asked.length > 1) throw new UsageError(`Plan one job, not several: ${asked.map((job) => `--${job}`).join(', ')}.`);
  if (flags.import !== undefined) return { job: 'import', ...snapshotNamed(flags.import) };
  return { job: asked[0] ?? 'provision', ...(flags.destination !== undefined && { destination: flags.destination }) };
}
