import type { Command } from 'commander';
import type { ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions, type PlaceFlags } from './place-options.js';

/** What may be said of a job that makes an instance. */
export interface ProvisionFlags extends PlaceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  keep?: boolean;
}

type Flags = ProvisionFlags & WaitFlags;

/** `slipway provision [--cluster-id=<id>] [--environment=<name>] [--definition=<name>[@<range>]] [--] <owner-id> <instance-id> [<guest-location>]` */
export function provision(program: Command): void {
  const command = program
    .command('provision')
    .summary('provision a service and everything it needs')
    .description('Provisions a service and everything it needs, and follows its steps until it has ended.')
    .argument('<owner-id>', 'who owns it, such as ada')
    .argument('<instance-id>', 'its name, unique in the environment, such as shop')
    .argument('[guest-location]', 'where, by a name of the configuration')
    .option('--definition <name[@range]>', "what to provision; the profile's default when left out")
    .option('--owner-type <type>', 'user, service or team', 'user')
    .option('--keep', 'keep what was made when a step fails, so that a retry goes on from there');
  waitOptions(placeOptions(command)).action(
    withClient<[string, string, string | undefined], Flags>(async (session, flags, ownerId, instanceId, guestLocation) =>
      runJob(
        session,
        flags,
        (job, options) => session.client.provision(job, options),
        provisionJob(flags, ownerId, instanceId, guestLocation),
      ),
    ),
  );
}

/** The job that the arguments ask for; validated by the gateway. */
export function provisionJob(flags: ProvisionFlags, ownerId: string, instanceId: string, guestLocation?: string): ProvisionJob {
  return {
    ownerId,
    instanceId,
    ...(flags.ownerType && { ownerType: flags.ownerType }),
    ...(flags.environment && { environment: flags.environment }),
    ...(flags.clusterId && { clusterId: flags.clusterId }),
    ...(guestLocation && { guestLocation }),
    ...(flags.definition && { definition: flags.definition }),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.notBefore && { notBefore: flags.notBefore }),
    ...(flags.keep && { keepOnFailure: true }),
  };
}
