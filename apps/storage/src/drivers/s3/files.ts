import { join } from 'node:path';
import { pack } from 'tar-stream';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { Store, StoredObject } from './store.js';

/** A key that is a file's path: no empty part, no `.` or `..`, nothing a file system can't hold. */
const PATH = /^(?!.*(^|\/)\.{1,2}(\/|$))[^/\0]{1,255}(\/[^/\0]{1,255})*$/;
const LONGEST = 4_000;

/**
 * A bucket's objects as a tar of files, each read while it is packed. Throws `not-portable` that names a key which is no path of
 * a file, or is a folder of others too.
 */
export async function packObjects(store: Store, bucket: string): Promise<AsyncIterable<Uint8Array>> {
  const folders = new Set<string>();
  const objects: StoredObject[] = [];
  for await (const object of store.objects(bucket)) {
    const { key } = object;
    if (!PATH.test(key) || key.length > LONGEST) throw notPortable(key, 'is no path of a file');
    for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1)) folders.add(key.slice(0, at));
    objects.push(object);
  }
  const both = objects.find(({ key }) => folders.has(key));
  if (both) throw notPortable(both.key, 'is an object and a folder of others');
  const archive = pack();
  const fill = async () => {
    for (const { key, bytes } of objects) {
      await pipeline(await store.read(bucket, key), archive.entry({ name: key, size: bytes, mode: 0o640, mtime: new Date(0) }));
    }
    archive.finalize();
  };
  void fill().catch((error: Error) => archive.destroy(error));
  return archive as AsyncIterable<Uint8Array>;
}

/**
 * Unpacks a tar into a new folder at the place, where its files are checked as for every storage; they are the keys that come back.
 * Throws `archive-invalid` for what is hostile, `not-portable` for a link, which a bucket cannot hold. Empty folders are left out.
 */
export async function unpackFiles(folder: string, { filesystem, from }: DriverContext): Promise<string[]> {
  await filesystem.mkdir(folder, { mode: 0o700 });
  await from!.unpackTo(folder);
  const keys: string[] = [];
  const look = async (path: string): Promise<void> => {
    for (const name of await filesystem.list(join(folder, path))) {
      const key = path === '' ? name : `${path}/${name}`;
      const type = (await filesystem.stat(join(folder, key)))?.type;
      if (type === 'directory') await look(key);
      else if (type === 'file') keys.push(key);
      else throw notPortable(key, 'is a link, which a bucket cannot hold');
    }
  };
  await look('');
  return keys;
}

const notPortable = (key: string, reason: string) =>
  new SlipwayError('not-portable', `${JSON.stringify(key)} ${reason}`, { key, reason });
