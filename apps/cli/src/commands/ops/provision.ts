import type { Command } from 'commander';
import type { JsonObject } from '@slipway/contracts';
import type { ProvisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { choiceOptions, choicesOf, resolvingOf, type ChoiceFlags } from './choice-options.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions, type PlaceFlags } from './place-options.js';

/** What may be said of a job that makes an instance. */
export interface ProvisionFlags extends PlaceFlags, ChoiceFlags {
  definition?: string;
  ownerType?: ProvisionJob['ownerType'];
  keep?: boolean;
  until?: string;
}

type Flags = ProvisionFlags & WaitFlags;

/** `slipway provision [--cluster-id=<id>] [--environment=<name>] [--definition=<name>[@<range>]] [--provisioner=<name>] [--offering=<name>=<value>]... [--] <owner-id> <instance-id> [<guest-location>]` */
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
    .option('--until <time>', 'how long it is wanted, ISO 8601 with a zone: then it is given back by itself')
    .option('--keep', 'keep what was made when a step fails, so that a retry goes on from there');
  waitOptions(choiceOptions(placeOptions(command))).action(
    withClient<[string, string, string | undefined], Flags>(async (session, flags, ownerId, instanceId, guestLocation) =>
      runJob(
        session,
        flags,
        (job, options) => session.client.provision(job, options),
        provisionJob(flags, ownerId, instanceId, guestLocation, await choicesOf(session.client, flags, { guestLocation })),
      ),
    ),
  );
}

/** The job that the arguments ask for; validated by the gateway. */
export function provisionJob(
  flags: ProvisionFlags,
  ownerId: string,
  instanceId: string,
  guestLocation?: string,
  offerings?: JsonObject,
): ProvisionJob {
  const needed = [...(flags.requirement ?? []), ...(flags.require ?? [])];
  return {
    ownerId,
    instanceId,
    ...(flags.ownerType && { ownerType: flags.ownerType }),
    ...(flags.environment && { environment: flags.environment }),
    ...(flags.clusterId && { clusterId: flags.clusterId }),
    ...(guestLocation && { guestLocation }),
    ...(flags.provisioner && { provisioner: flags.provisioner }),
    ...(flags.definition && { definition: flags.definition }),
    ...(needed.length > 0 && { requirements: needed }),
    ...(offerings && { offerings }),
    ...resolvingOf(flags),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.notBefore && { notBefore: flags.notBefore }),
    ...(flags.keep && { keepOnFailure: true }),
    ...(flags.until && { until: flags.until }),
  };
}
