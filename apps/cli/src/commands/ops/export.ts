import type { Command } from 'commander';
import type { ExportJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions, type PlaceFlags } from './place-options.js';

interface Flags extends PlaceFlags, WaitFlags {
  destination?: string;
}

/** `slipway export [--destination=<where>] [--] <instance-id>` */
export function exportCommand(program: Command): void {
  const command = program
    .command('export')
    .summary('read out all data of an instance, of one moment, as a snapshot')
    .description(
      'Reads out all data of an instance and of what was made for it, of one moment, and keeps them as a snapshot. What runs of it stops meanwhile.',
    )
    .argument('<instance-id>', 'its name')
    .option('--destination <where>', 'a store of the configuration that the archive is written to as well');
  waitOptions(placeOptions(command)).action(
    withClient<[string], Flags>(async (session, flags, instanceId) =>
      runJob(session, flags, (job, options) => session.client.export(job, options), exportJob(flags, instanceId)),
    ),
  );
}

const exportJob = (flags: Flags, instanceId: string): ExportJob => ({
  instanceId,
  ...(flags.destination && { destination: flags.destination }),
  ...(flags.environment && { environment: flags.environment }),
  ...(flags.clusterId && { clusterId: flags.clusterId }),
  ...(flags.priority !== undefined && { priority: flags.priority }),
  ...(flags.notBefore && { notBefore: flags.notBefore }),
});
