import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Command } from 'commander';
import { ApiError } from '@slipway/client';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print } from '../../output/format.js';
import { forceOption, requireFree, type ForceFlags } from '../../output/new-file.js';

const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** `slipway backup [file]` and `slipway restore <file>` */
export function backup(program: Command): void {
  const command = program
    .command('backup')
    .summary('one archive of log, blobs, sealed secrets and read models')
    .argument('[file]', 'where to; slipway-<time>.tar when left out');
  forceOption(command).action(
    withClient<[string | undefined], ForceFlags>(
      async ({ client }, flags, file = `slipway-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.tar`) => {
        await requireFree(file, flags);
        const response = await client.backup();
        const part = `${file}.part`;
        try {
          await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(part, { mode: 0o600 }));
          await rename(part, file);
        } catch (error) {
          await rm(part, { force: true });
          throw error;
        }
        print(`${file} (${mebibytes((await stat(file)).size)})`);
      },
    ),
  );
  program
    .command('restore')
    .summary('put a backup in the place of what is there')
    .description(
      'Checks the whole archive before anything changes; then the mesh starts again with it. What was there before is kept beside it.',
    )
    .argument('<file>', 'an archive made by npx slipway backup')
    .option('--replace', 'also when something is there already')
    .action(
      withClient<[string], { replace?: boolean }>(async ({ client }, flags, file) => {
        const found = await stat(file).catch(() => null);
        if (!found?.isFile()) throw new UsageError(`There is no file ${file}.`);
        const archive = Readable.toWeb(createReadStream(file)) as never;
        await client.restore(archive, { replace: flags.replace === true }).catch((error: unknown) => {
          if (!flags.replace && error instanceof ApiError && error.code === 'not-possible')
            throw new Error(
              `There is something here already. Put ${file} in its place with: npx slipway restore --replace ${file}`,
            );
          throw error;
        });
        print('The archive is whole; the mesh starts again with it. Look with: npx slipway status');
      }),
    );
}
