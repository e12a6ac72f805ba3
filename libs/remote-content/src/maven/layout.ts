import { createReadStream } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checksum, type Algorithm, type Checksum } from '../cache/checksum.js';
import { hashOfFile } from '../cache/hash-of-file.js';
import { RemoteAway, RemoteRefused } from '../failures.js';
import type { Fetcher } from '../net/fetcher.js';

/** Longest metadata and checksums that are read. */
const MAX_TEXT = 8 * 1024 ** 2;
const MAX_CHECKSUM = 4096;

/** Files in Maven's layout (Maven Resolver, "Repository Layout"), wherever they are. */
export interface Layout {
  /** All versions of an artifact, by the path of its folder; none where there is no such artifact. Throws `RemoteAway`, `RemoteRefused`. */
  versions(path: string): Promise<string[]>;
  /** What a file must come to. Throws as above, also where nobody says it. */
  checksumOf(path: string): Promise<Checksum>;
  open(path: string): Promise<AsyncIterable<Uint8Array>>;
  /** Tells it from others: an address, or a folder. */
  readonly place: string;
}

/** From the strongest: the first that is there counts. */
const ENDINGS: readonly Algorithm[] = ['sha512', 'sha256', 'sha1'];

/** Over HTTP: versions by `maven-metadata.xml`, checksums by the files beside. */
export function remoteLayout(fetcher: Fetcher, maxBytes: number): Layout {
  const text = async (path: string, most: number): Promise<string> => {
    const { body } = await fetcher.get(path, { maxBytes: most });
    const pieces: Uint8Array[] = [];
    for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  return {
    place: fetcher.base.href,
    versions: async (path) => versionsIn(await text(`${path}/maven-metadata.xml`, MAX_TEXT)),
    async checksumOf(path) {
      for (const algorithm of ENDINGS)
        try {
          return written(algorithm, await text(`${path}.${algorithm}`, MAX_CHECKSUM), path);
        } catch (error) {
          // It may have another one; what is away is away.
          if (!(error instanceof RemoteRefused)) throw error;
        }
      throw new RemoteRefused(`${path} has no checksum beside it (${ENDINGS.join(', ')})`);
    },
    open: async (path) => (await fetcher.get(path, { maxBytes })).body,
  };
}

/** A folder of this machine: versions by their folders. Checksums by the files beside, where there are any. */
export function localLayout(folder: string): Layout {
  const within = (path: string): string => join(folder, ...path.split('/'));
  return {
    place: folder,
    async versions(path) {
      await there(folder);
      const entries = await readdir(within(path), { withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    async checksumOf(path) {
      for (const algorithm of ENDINGS) {
        const text = await readFile(`${within(path)}.${algorithm}`, 'utf8').catch(() => undefined);
        if (text !== undefined) return written(algorithm, text.slice(0, MAX_CHECKSUM), path);
      }
      return hashOfFile(within(path));
    },
    async open(path) {
      const found = await lstat(within(path)).catch(() => undefined);
      if (!found?.isFile()) throw new RemoteRefused(`${path} is no file of ${folder}`);
      return createReadStream(within(path)) as AsyncIterable<Uint8Array>;
    },
  };
}

async function there(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new RemoteAway(`${folder}: ${error.code === 'ENOENT' ? 'it is not there' : error.message}`);
  });
  if (!found.isDirectory()) throw new RemoteRefused(`${folder} is no folder`);
}

/** A checksum as it is written in a file: alone, or followed by a name. */
const written = (algorithm: Algorithm, text: string, path: string): Checksum =>
  checksum(algorithm, /^\s*([0-9A-Fa-f]*)/.exec(text)![1]!, path);

/** Of a document that others wrote: nothing in it is resolved or included. It is gone through once, whatever it is. */
export function versionsIn(xml: string): string[] {
  const begin = xml.indexOf('<versions>');
  const end = begin < 0 ? -1 : xml.indexOf('</versions>', begin);
  const list = end < 0 ? '' : xml.slice(begin, end);
  return [...list.matchAll(/<version>\s*([A-Za-z0-9][A-Za-z0-9._+-]{0,99})\s*<\/version>/g)].map(([, version]) => version!);
}
