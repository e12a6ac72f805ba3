import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import type { Holding, SlipwayClient } from '@slipway/client';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { forceOption, requireFree, writeNew, type ForceFlags } from '../../output/new-file.js';
import { inBytes, transferView } from '../../output/transfer.js';
import { environmentOption, leaseId, type EnvironmentFlags } from './lease-options.js';

const ON_LEASE = /^((?:[a-z0-9-]+\.)?lease-\d+):(.*)$/s;

/** `slipway cp <file> <lease>:<path>`, `slipway cp <lease>:<path> <file>` */
export function cp(program: Command): void {
  const command = program
    .command('cp')
    .summary('copy a file to what is leased, or from it')
    .description(
      "Copies a file to what is leased, or from it: one of both is lease:path, such as lease-17:app.tar. A path there begins in the lease's own folder; some hosts take absolute ones too.",
    )
    .argument('<from>', 'a file here, or lease:path')
    .argument('<to>', 'a file or a folder here, or lease:path; a path that ends with / is a folder');
  environmentOption(forceOption(command)).action(
    withClient<[string, string], EnvironmentFlags & ForceFlags>(async ({ client, options }, flags, from, to) => {
      const [source, target] = [ON_LEASE.exec(from), ON_LEASE.exec(to)];
      if ((source === null) === (target === null))
        throw new UsageError('One of both must be on a lease: npx slipway cp app.tar lease-17:, or the other way around.');
      const [, id, path] = (source ?? target)!;
      const leased = client.lease(leaseId(id!, flags));
      await leased.look();
      const copied = source
        ? await download(client, leased.holding(), path!, to, flags)
        : await upload(client, leased.holding(), from, path!);
      if (options.output === 'table') print(`${copied.to}: ${inBytes(copied.bytes)}`);
      else printValue(copied, options.output);
    }),
  );
}

async function download(client: SlipwayClient, held: Holding, path: string, to: string, flags: ForceFlags) {
  const isFolder = to.endsWith('/') || (await stat(to).catch(() => null))?.isDirectory() === true;
  const file = isFolder ? join(to, basename(path)) : to;
  await requireFree(file, flags);
  const view = transferView(`Reading ${path}`);
  try {
    const { body, bytes } = await client.leases.download(held, path, { onProgress: (progress) => view.update(progress) });
    await writeNew(file, Readable.fromWeb(body as WebStream));
    return { to: file, bytes };
  } finally {
    view.end();
  }
}

async function upload(client: SlipwayClient, held: Holding, from: string, path: string) {
  const found = await stat(from).catch(() => null);
  if (found?.isDirectory())
    throw new UsageError(`${from} is a folder: pack it first (tar -cf app.tar ${from}), and copy the file.`);
  if (!found?.isFile()) throw new UsageError(found ? `${from} is no file.` : `There is no file ${from}.`);
  const to = path === '' || path.endsWith('/') ? `${path}${basename(from)}` : path;
  const view = transferView(`Sending ${from}`);
  try {
    const content = Readable.toWeb(createReadStream(from)) as globalThis.ReadableStream<Uint8Array>;
    const onProgress = (progress: Parameters<typeof view.update>[0]) => view.update(progress);
    await client.leases.upload(held, to, content, { total: found.size, mode: found.mode & 0o777, onProgress });
    return { to: `${held.id}:${to}`, bytes: found.size };
  } finally {
    view.end();
  }
}
