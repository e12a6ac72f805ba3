import type { Contents } from '@slipway/blobs';
import { SlipwayError, type SnapshotManifest, type SnapshotPart } from '@slipway/contracts';
import { TAR_END, assertRoom, freeBytes, tarPadding } from '@slipway/interfaces';
import { MANIFEST, MANIFEST_BYTES, SUMS, archiveInvalid, manifestText, parseManifest, sumsText } from './manifest.js';
import { checkedPart } from './part-check.js';
import { Pull } from './pull.js';
import { headerOf } from './write-archive.js';

/** What is taken of an archive. */
export interface ArchiveLimits {
  /** Bytes of all parts together, once they are uncompressed: 1 TiB when left out. */
  contentBytes?: number;
  /** Bytes that are free where the blobs are; all that are needed when left out. */
  freeBytes?(): Promise<number>;
}
/** `folder`: where the blobs are. */
export const archiveLimits = ({ contentBytes }: { contentBytes: number }, folder: string): ArchiveLimits => ({
  contentBytes,
  freeBytes: () => freeBytes(folder),
});

const CONTENT_BYTES = 1024 ** 4;

export interface ReadOptions {
  limits?: ArchiveLimits;
  /** Told of bytes of the archive as they are read. */
  passed?(bytes: number): void;
  /** Ends it; throws its reason. */
  signal?: AbortSignal;
}

/**
 * Puts all parts of an archive into blobs while it streams, in memory that does not depend on its length.
 *
 * A1. An archive has the one form that `writeArchive` gives it: every byte that is not a part's follows from its manifest, and is
 *     compared. So there is no room for other entries, names, types or owners, and no damage that is not seen.
 * A2. A part becomes a blob only when it is as the manifest says and its content is harmless (`checkedPart`).
 * A3. What is refused is `archive-invalid`, with the entry and the reason. Parts that came before it are stored then.
 * A4. What is larger than its limits, or than what is free, is refused before a part is read (`archive-invalid`, `no-space`).
 */
export async function readArchive(
  archive: AsyncIterable<Uint8Array>,
  blobs: Contents,
  { limits = {}, passed = () => {}, signal }: ReadOptions = {},
): Promise<SnapshotManifest> {
  const bytes = new Pull(counted(archive, passed, signal));
  try {
    const manifest = await beginning(bytes);
    assertWithin(manifest, limits.contentBytes ?? CONTENT_BYTES);
    if (limits.freeBytes) await assertStorable(manifest, blobs, await limits.freeBytes());
    for (const part of manifest.parts) await readPart(bytes, part, blobs);
    if (!(await bytes.exactly(TAR_END.length)).equals(TAR_END))
      throw archiveInvalid('the end', 'the archive was cut off or goes on');
    if (!(await bytes.ended())) throw archiveInvalid('the end', 'something comes after it');
    return manifest;
  } finally {
    await bytes.close();
  }
}

/** The manifest of an archive; the parts are not read. Throws `archive-invalid`. */
export async function readManifest(archive: AsyncIterable<Uint8Array>): Promise<SnapshotManifest> {
  const bytes = new Pull(archive);
  try {
    return await beginning(bytes);
  } finally {
    await bytes.close();
  }
}

async function beginning(bytes: Pull): Promise<SnapshotManifest> {
  const header = await bytes.exactly(headerOf(MANIFEST, 0).length);
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
  if (!header.equals(headerOf(MANIFEST, size > 0 ? size : 0))) throw misplaced(MANIFEST, header);
  if (size > MANIFEST_BYTES) throw archiveInvalid(MANIFEST, `it has more than ${MANIFEST_BYTES} bytes`);
  const written = await bytes.exactly(size);
  await expectPadding(bytes, MANIFEST, size);
  const manifest = parseManifest(written.toString());
  const text = manifestText(manifest);
  if (!written.equals(Buffer.from(text))) throw archiveInvalid(MANIFEST, 'it is not written as a manifest is');
  const sums = sumsText(text, manifest);
  await expectHeader(bytes, SUMS, sums.length);
  if ((await bytes.exactly(sums.length)).toString('latin1') !== sums) {
    throw archiveInvalid(SUMS, 'the checksums are not those of this manifest');
  }
  await expectPadding(bytes, SUMS, sums.length);
  return manifest;
}

async function readPart(bytes: Pull, part: SnapshotPart, blobs: Contents): Promise<void> {
  await expectHeader(bytes, part.file, part.bytes);
  await blobs.put(checkedPart(bytes.upTo(part.bytes), part));
  await expectPadding(bytes, part.file, part.bytes);
}

async function expectHeader(bytes: Pull, name: string, size: number): Promise<void> {
  const expected = headerOf(name, size);
  const header = await bytes.exactly(expected.length);
  if (!header.equals(expected)) throw misplaced(name, header);
}

async function expectPadding(bytes: Pull, name: string, size: number): Promise<void> {
  const expected = tarPadding(size);
  if (!(await bytes.exactly(expected.length)).equals(expected)) throw archiveInvalid(name, 'it does not end where it should');
}

/** The name that stands there instead, as far as there is one. */
function misplaced(name: string, header: Buffer): SlipwayError {
  const found = header.toString('latin1', 0, 100).split('\0')[0]!;
  if (header.length === 0 || found === '') return archiveInvalid(name, 'it is missing');
  const other = found === name ? 'its header is not that of a snapshot' : `${JSON.stringify(found)} stands in its place`;
  return archiveInvalid(name, other);
}

function assertWithin({ parts }: SnapshotManifest, limit: number): void {
  const all = parts.reduce((sum, { contentBytes }) => sum + contentBytes, 0);
  if (all > limit)
    throw archiveInvalid(MANIFEST, `its parts hold ${all} bytes; at most ${limit} are taken (snapshots.limits.contentBytes)`);
}

/** What is there already needs no room. */
async function assertStorable({ parts }: SnapshotManifest, blobs: Contents, free: number): Promise<void> {
  const missing = new Map<string, number>();
  for (const { sha256, bytes } of parts) if (!(await blobs.has(sha256))) missing.set(sha256, bytes);
  const bytes = [...missing.values()].reduce((sum, one) => sum + one, 0);
  assertRoom('the blobs of the mesh', bytes, free);
}

async function* counted(archive: AsyncIterable<Uint8Array>, passed: (bytes: number) => void, signal: AbortSignal | undefined) {
  for await (const piece of archive) {
    signal?.throwIfAborted();
    passed(piece.byteLength);
    yield piece;
  }
}
