import type { Command } from 'commander';
import type { ImportJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { known, snapshotOf } from '../snapshots/archives.js';
import { choiceOptions, choicesOf } from './choice-options.js';
import { provisionJob, type ProvisionFlags } from './provision.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions } from './place-options.js';

interface Flags extends ProvisionFlags, WaitFlags {
  snapshotId?: boolean;
}

type Arguments = [ownerId: string, instanceId: string, snapshot: string, guestLocation: string | undefined];

/** `slipway import [--cluster-id=<id>] [--snapshot-id] [--owner-type=<type>] [--] <owner-id> <instance-id> <snapshot> [<guest-location>]` */
export function importCommand(program: Command): void {
  const command = program
    .command('import')
    .summary('provision a service as a snapshot holds it, under another name')
    .description(
      'Provisions a service as a snapshot holds it, under a name that nothing has yet, and follows its steps until it has ended.',
    )
    .argument('<owner-id>', 'who owns it, such as ada')
    .argument('<instance-id>', 'its name, unique in the environment, such as shop')
    .argument(
      '<snapshot>',
      'its archive, a file here that is sent, or store:path of one below a store; with --snapshot-id the id of a known snapshot',
    )
    .argument('[guest-location]', 'where, by a name of the configuration')
    .option('--snapshot-id', '<snapshot> is the id of a known snapshot')
    .option('--definition <name[@range]>', "what to provision; the snapshot's own when left out")
    .option('--owner-type <type>', 'user, service or team', 'user')
    .option('--until <time>', 'how long it is wanted, ISO 8601 with a zone: then it is given back by itself')
    .option('--keep', 'keep what was made when a step fails, so that a retry goes on from there');
  waitOptions(choiceOptions(placeOptions(command))).action(
    withClient<Arguments, Flags>(async (session, flags, ownerId, instanceId, snapshot, guestLocation) => {
      const from = flags.snapshotId ? known(snapshot) : await snapshotOf(session.client, snapshot);
      const choices = await choicesOf(session.client, flags, { guestLocation, from });
      const job: ImportJob = { ...provisionJob(flags, ownerId, instanceId, guestLocation, choices), ...from };
      return runJob(session, flags, (asked, options) => session.client.import(asked, options), job);
    }),
  );
}
