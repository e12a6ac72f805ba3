import { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { RemoteRefused } from '../failures.js';
import { entriesOfTarball, withinFolder } from './entries-of-tarball.js';

/**
 * A folder of a package of npm, as a tar of what is in it: what `npm pack` makes stands in one folder, whatever its name. Fails with
 * `RemoteRefused` for what is no such archive; who unpacks it bounds how much that may be.
 */
export function contentOfTarball(tarball: Readable, folder: string): Readable {
  const archive = pack();
  const prefix = `${folder.replace(/^\.\/|\/$/g, '')}/`;
  const fill = async () => {
    for await (const entry of entriesOfTarball(tarball)) {
      const { name, size = 0, mode = 0o644, type } = entry.header;
      const within = withinFolder(name);
      if (type === 'file' && within.startsWith(prefix))
        await put(archive, { name: within.slice(prefix.length), size, mode }, entry as unknown as Readable);
      else entry.resume();
    }
    archive.finalize();
  };
  fill().catch((error: Error) =>
    archive.destroy(
      error instanceof RemoteRefused ? error : new RemoteRefused(`it is no archive as npm packs it: ${error.message}`),
    ),
  );
  archive.on('close', () => tarball.destroy());
  return Readable.from(archive);
}

const put = (archive: Pack, header: { name: string; size: number; mode: number }, content: Readable): Promise<void> =>
  new Promise((resolve, reject) => {
    const sink = archive.entry(header, (error) => (error ? reject(error as Error) : resolve()));
    content.on('error', reject).pipe(sink);
  });
