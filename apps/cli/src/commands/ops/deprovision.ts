import type { Command } from 'commander';
import type { DeprovisionJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions, type PlaceFlags } from './place-options.js';

/** `slipway deprovision [--cluster-id=<id>] [--] <instance-id>` */
export function deprovision(program: Command): void {
  const command = program
    .command('deprovision')
    .summary('give an instance back, with everything made for it')
    .description('Gives an instance back, with everything that was made for it, and follows the steps until it has ended.')
    .argument('<instance-id>', 'its name')
    .option('--cascade', 'take along the instances that need something of it');
  waitOptions(placeOptions(command)).action(
    withClient<[string], DeprovisionFlags & WaitFlags>(async (session, flags, instanceId) =>
      runJob(session, flags, (job, options) => session.client.deprovision(job, options), deprovisionJob(flags, instanceId)),
    ),
  );
}

interface DeprovisionFlags extends PlaceFlags {
  cascade?: boolean;
}

const deprovisionJob = (flags: DeprovisionFlags, instanceId: string): DeprovisionJob => ({
  instanceId,
  ...(flags.cascade && { cascade: true }),
  ...(flags.environment && { environment: flags.environment }),
  ...(flags.clusterId && { clusterId: flags.clusterId }),
  ...(flags.priority !== undefined && { priority: flags.priority }),
  ...(flags.notBefore && { notBefore: flags.notBefore }),
});
