import type { Command } from 'commander';
import type { ExportJob, RequestView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print } from '../../output/format.js';
import { forceOption, type ForceFlags } from '../../output/new-file.js';
import { download, isLocal, requireWritable } from '../snapshots/archives.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';
import { placeOptions, type PlaceFlags } from './place-options.js';

interface Flags extends PlaceFlags, WaitFlags, ForceFlags {
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
    .option(
      '--destination <where>',
      "where its archive goes as well: a store of the configuration or store:folder, or a file or folder here (./shop.tar); the environment's store when left out",
    );
  waitOptions(placeOptions(forceOption(command))).action(
    withClient<[string], Flags>(async (session, flags, instanceId) => {
      const { destination } = flags;
      const here = destination !== undefined && isLocal(destination) ? destination : undefined;
      if (here !== undefined && flags.wait === false)
        throw new UsageError(`${here} is written when the export has succeeded: leave out --no-wait, or name a store.`);
      if (here !== undefined) await requireWritable(here, flags);
      const job = exportJob(flags, instanceId, here === undefined ? destination : undefined);
      const keep = async ({ result }: RequestView) => {
        if (here === undefined || !result || !('snapshot' in result)) return;
        const path = await download(session.client, { instanceId, id: result.snapshot! }, here, flags);
        if (session.options.output === 'table') print(path);
      };
      return runJob(session, flags, (asked, options) => session.client.export(asked, options), job, keep);
    }),
  );
}

const exportJob = (flags: Flags, instanceId: string, destination: string | undefined): ExportJob => ({
  instanceId,
  ...(destination !== undefined && { destination }),
  ...(flags.environment && { environment: flags.environment }),
  ...(flags.clusterId && { clusterId: flags.clusterId }),
  ...(flags.priority !== undefined && { priority: flags.priority }),
  ...(flags.notBefore && { notBefore: flags.notBefore }),
});
