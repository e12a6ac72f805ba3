import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { SlipwayClient } from '@slipway/client';
import { archiveName, type SnapshotRecorded } from '@slipway/contracts';
import type { ImportJob, SnapshotView } from '@slipway/contracts/http';
import { UsageError } from '../../exit.js';
import { requireFree, writeNew, type ForceFlags } from '../../output/new-file.js';
import { transferView } from '../../output/transfer.js';

/** Whether somebody means what is below a store of the configuration: `backups:daily`. A file here of such a name: `./backups:daily`. */
export const isInStore = (where: string): boolean => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?:/.test(where);

/** Whether somebody means a file or folder of this machine, and not a name. */
export const isLocal = (where: string): boolean => !isInStore(where) && (where.includes('/') || where.startsWith('.'));

const isFolder = async (where: string): Promise<boolean> =>
  where.endsWith('/') || (await stat(where).catch(() => null))?.isDirectory() === true;

/** Throws a `UsageError` where a file is that would be written, unless it may be replaced. In a folder each has a name of its own. */
export async function requireWritable(where: string, flags: ForceFlags): Promise<void> {
  if (!(await isFolder(where))) await requireFree(where, flags);
}

/**
 * Writes a snapshot's archive into a file, or into a folder under the name that it has; whole or not at all. Its path. Throws a
 * `UsageError` where such a file is there already, unless it may be replaced.
 */
export async function download(
  client: SlipwayClient,
  snapshot: Pick<SnapshotView, 'instanceId' | 'id'>,
  where: string,
  flags: ForceFlags,
): Promise<string> {
  const path = (await isFolder(where)) ? join(where, archiveName(snapshot)) : where;
  await requireFree(path, flags);
  const view = transferView(`Writing ${path}`);
  try {
    const { body } = await client.snapshots.content(snapshot.id, { onProgress: (progress) => view.update(progress) });
    await writeNew(path, Readable.fromWeb(body as ReadableStream));
    return path;
  } finally {
    view.end();
  }
}

/** What an import begins with, as its job says it: an archive below a store, or what one of this machine is sent as. */
export async function snapshotOf(client: SlipwayClient, named: string): Promise<Pick<ImportJob, 'snapshot' | 'snapshotId'>> {
  return isInStore(named) ? { snapshot: named } : known((await upload(client, named)).snapshotId);
}

/** A snapshot that the mesh has: an archive below a store, or a known one by its id. */
export const snapshotNamed = (named: string): Pick<ImportJob, 'snapshot' | 'snapshotId'> =>
  isInStore(named) ? { snapshot: named } : known(named);

/** A snapshot that is known by its id. */
export const known = (id: string): Pick<ImportJob, 'snapshot' | 'snapshotId'> => ({ snapshot: id, snapshotId: true });

/** Sends an archive of this machine; what it is there. Throws a `UsageError` when there is no such file. */
async function upload(client: SlipwayClient, path: string): Promise<SnapshotRecorded> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new UsageError(`There is no file ${path}. For a known snapshot: --snapshot-id, and its id.`);
  // Whether the key is right: an archive of gigabytes is not sent to learn that it is not.
  await client.info();
  const view = transferView(`Sending ${path}`);
  try {
    const archive = Readable.toWeb(createReadStream(path)) as globalThis.ReadableStream<Uint8Array>;
    return await client.snapshots.upload(archive, { total: found.size, onProgress: (progress) => view.update(progress) });
  } finally {
    view.end();
  }
}
