import type { Command } from 'commander';
import type { SnapshotView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { print, printRows, printValue, time } from '../../output/format.js';
import { forceOption, type ForceFlags } from '../../output/new-file.js';
import { inBytes } from '../../output/transfer.js';
import { list, show } from '../list-and-show.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';
import { download } from './archives.js';

const STATUSES = ['kept', 'deleted'] satisfies SnapshotView['status'][];

/** `slipway snapshots`, `slipway snapshots show|delete|download <id>` */
export function snapshots(program: Command): void {
  const noun = program
    .command('snapshots')
    .summary('what exports have made, and what came from elsewhere')
    .description('Snapshots: all data of an instance, of one moment.');
  const listed = list(noun).option('--instance <name>', 'only of this instance').option('--all', 'also those that were deleted');
  listOptions(listed).action(
    withClient<[], ListFlags & { instance?: string; all?: boolean }>(async ({ client, options }, flags) => {
      const filter = { environment: flags.environment, instanceId: flags.instance, status: flags.all ? STATUSES : undefined };
      printRows(
        await listRows(client.snapshots, flags, filter),
        [
          ['ID', ({ id }) => id],
          ['INSTANCE', ({ instanceId }) => instanceId],
          ['DEFINITION', ({ definition }) => `${definition.name}@${definition.version}`],
          ['SIZE', ({ bytes }) => inBytes(bytes)],
          ['TAKEN', ({ takenAt }) => time(takenAt)],
          ['FROM', ({ origin, mesh }) => (origin === 'taken' ? 'here' : mesh)],
          ['STATUS', ({ status }) => status],
        ],
        options.output,
        'No snapshots.',
      );
    }),
  );
  show(noun, {
    summary: 'one of them, with its parts',
    argument: '<id>',
    described: 'its id',
    get: (client, id) => client.snapshots.get(id),
  });
  const downloaded = noun
    .command('download')
    .summary('write its archive into a file')
    .argument('<id>', 'its id')
    .argument('[path]', 'a file, or a folder that it gets its own name in', './');
  forceOption(downloaded).action(
    withClient<[string, string], ForceFlags>(async ({ client }, flags, id, path) =>
      print(await download(client, await client.snapshots.get(id), path, flags)),
    ),
  );
  noun
    .command('delete')
    .summary('forget it, and remove its data')
    .argument('<id>', 'its id')
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string], { reason?: string }>(async ({ client, options }, flags, id) => {
        const answer = await client.snapshots.delete(id, flags.reason);
        if (options.output === 'table') print(answer.repeated ? `${id} is gone already.` : `${id} is gone.`);
        else printValue(answer, options.output);
      }),
    );
}
