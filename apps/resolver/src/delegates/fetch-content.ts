import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Blobs } from '@slipway/blobs';
import { SlipwayError, canonicalJson, type DelegatedPackageRef } from '@slipway/contracts';
import { RemoteAway, RemoteRefused, type RemotePackage, type RemoteRepository } from '@slipway/remote-content';
import { loadedContent } from '../content/recorded-content.js';
import { unpackContent } from '../content/unpack.js';
import { problemLine } from '../repository/document.js';
import { PackageRefused, readPackage } from '../repository/package-source.js';

export interface FetchedWith {
  blobs: Pick<Blobs, 'put'>;
  /** Packages are unpacked below it, each in a folder that is removed. */
  folder: string;
  maxUnpackedBytes: number;
}

/** What one repository may send in all where its configuration does not say, in bytes. */
export const MOST_OF_ONE = 10 * 1024 ** 3;

export interface Fetched {
  packages: DelegatedPackageRef[];
  /** What of it is not as the repository has it, a sentence each. */
  problems: string[];
  /** Why it stopped answering in the middle, where it did. */
  away?: string;
}

/**
 * Fetches what a repository has, each package whole and checked as an upload is, with its artefacts: what is here needs nobody else any
 * more, and of it no more than `mostBytes` in all. What is as it was is not fetched again; what is not good, or cannot be had, stays as it was before. Throws `RemoteAway` and
 * `RemoteRefused` where nothing can be listed, and what blobs throw.
 */
export async function fetchContent(
  remote: RemoteRepository,
  before: readonly DelegatedPackageRef[],
  options: FetchedWith,
  mostBytes = MOST_OF_ONE,
): Promise<Fetched> {
  const listed = await remote.list();
  const known = new Map(before.map((one) => [one.id, one]));
  let bytes = 0;
  const fetched: Fetched = { packages: [], problems: [...listed.problems] };
  for (const one of listed.packages) {
    const former = known.get(one.id);
    const isSame = former?.stamp === one.stamp;
    const taken = isSame || fetched.away !== undefined ? former : await taking(one, former);
    if (taken) {
      fetched.packages.push(taken);
      bytes += taken.bytes;
    }
    if (!isSame && fetched.away !== undefined) fetched.problems.push(`${one.id} is not here${keptIn(former)}: it is away`);
  }
  return fetched;

  async function taking(one: RemotePackage, former: DelegatedPackageRef | undefined): Promise<DelegatedPackageRef | undefined> {
    try {
      return await take(one, options, (read) => assertRoom(bytes + read, mostBytes));
    } catch (error) {
      if (error instanceof RemoteAway) fetched.away = error.message;
      else fetched.problems.push(...reasonsOf(error).map((reason) => `${one.id} is not taken${keptIn(former)}: ${reason}`));
      return former;
    }
  }
}

const keptIn = (former: DelegatedPackageRef | undefined): string =>
  former ? ` as it is there now; ${former.version} stays` : '';

/** What speaks against a package; throws on what says nothing about it. */
function reasonsOf(error: unknown): string[] {
  if (error instanceof PackageRefused) return error.problems.map(problemLine);
  if (error instanceof RemoteRefused || (error instanceof SlipwayError && error.code === 'content-invalid'))
    return [error.message];
  throw error;
}

function assertRoom(bytes: number, mostBytes: number): void {
  if (bytes > mostBytes)
    throw new RemoteRefused(`with it the repository would have sent more than ${mostBytes} bytes in all (maxBytes)`);
}

/** `has` is told how much of it has come, and throws where that is too much. */
async function take(
  one: RemotePackage,
  { blobs, folder, maxUnpackedBytes }: FetchedWith,
  has: (bytes: number) => void,
): Promise<DelegatedPackageRef> {
  const place = await mkdtemp(join(folder, 'delegated-'));
  try {
    const { content, ...sent } = await one.open();
    let bytes = 0;
    const counted = Readable.from(counting(), { objectMode: false });
    async function* counting() {
      for await (const piece of content as AsyncIterable<Uint8Array>) {
        has((bytes += piece.byteLength));
        yield piece;
      }
    }
    try {
      const read = await readPackage(place, await unpackContent(place, { content: counted, ...sent }, maxUnpackedBytes));
      const loaded = await read.load(blobs);
      const { name, version, definitions } = loaded;
      const kept = await blobs.put(canonicalJson(loadedContent(loaded)));
      return { id: one.id, stamp: one.stamp, name, version, definitions: definitions.length, bytes, loaded: kept };
    } finally {
      content.destroy();
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
