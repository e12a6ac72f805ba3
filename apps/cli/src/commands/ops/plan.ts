import { Option, type Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import { PLAN_DRAWINGS, describePlan, graphOf } from '@slipway/contracts';
import type { PlanJob, ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { note, printValue } from '../../output/format.js';
import { forceOption, requireFree, type ForceFlags } from '../../output/new-file.js';
import { printSigned } from '../../output/paint.js';
import { snapshotNamed } from '../snapshots/archives.js';
import { choiceOptions, choicesOf, type ChoiceFlags } from './choice-options.js';
import { placeOptions, type PlaceFlags } from './place-options.js';
import { writePlan } from './plan-file.js';
import { provisionJob } from './provision.js';
import { updateJob } from './update.js';

interface Flags extends PlaceFlags, ChoiceFlags, ForceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  deprovision?: boolean;
  cascade?: boolean;
  export?: boolean;
  import?: string;
  destination?: string;
  update?: boolean;
  graph?: keyof typeof PLAN_DRAWINGS;
  out?: string;
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
    .option('--cascade', 'with --deprovision: take along the instances that need something of it')
    .option('--export', 'plan reading out its data')
    .option('--update', 'plan changing what is there')
    .option('--destination <where>', 'with --export: a store of the configuration, or store:folder')
    .option('--import <snapshot>', 'plan beginning with that snapshot: its id, or store:path of its archive')
    .addOption(
      new Option('--graph <form>', 'as a graph: a tree, or in the language of Mermaid or Graphviz').choices(
        Object.keys(PLAN_DRAWINGS),
      ),
    )
    .option('--out <file>', 'keep it: npx slipway apply <file> carries out exactly this plan, or nothing');
  forceOption(choiceOptions(placeOptions(command))).action(
    withClient<[string, string | undefined, string | undefined], Flags>(async ({ client, options }, flags, ...named) => {
      if (flags.out !== undefined) await requireFree(flags.out, flags);
      const job = await planJob(client, flags, named);
      const made = await client.plan(job);
      if (options.output !== 'table') printValue(made, options.output);
      else printSigned(flags.graph === undefined ? describePlan(made) : PLAN_DRAWINGS[flags.graph](graphOf(made)));
      if (made.outcome === 'unsatisfied') return EXIT.unsatisfied;
      if (flags.out !== undefined) {
        await writePlan(client, { path: flags.out, ...flags }, job, made);
        note(`Kept in ${flags.out}. Carry it out with: npx slipway apply ${flags.out}`);
      }
      return EXIT.done;
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
function jobOf(flags: Flags): Pick<PlanJob, 'job' | 'snapshot' | 'snapshotId' | 'destination' | 'cascade'> {
  const asked = (['deprovision', 'export', 'update', 'import'] as const).filter((job) => flags[job] !== undefined);
  if (asked.length > 1) throw new UsageError(`Plan one job, not several: ${asked.map((job) => `--${job}`).join(', ')}.`);
  if (flags.import !== undefined) return { job: 'import', ...snapshotNamed(flags.import) };
  return {
    job: asked[0] ?? 'provision',
    ...(flags.destination !== undefined && { destination: flags.destination }),
    ...(flags.cascade && { cascade: true }),
  };
}
