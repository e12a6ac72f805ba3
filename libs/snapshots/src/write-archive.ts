import { Readable } from 'node:stream';
import type { Contents } from '@slipway/blobs';
import type { SnapshotManifest } from '@slipway/contracts';
import { TAR_END, tarHeader, tarPadding } from '@slipway/interfaces';
import { MANIFEST, SUMS, manifestText, sumsText } from './manifest.js';

/** What stands before an entry of an archive: the same for all of them, so that a snapshot has one form only. */
export const headerOf = (name: string, size: number): Uint8Array =>
  tarHeader({ name, type: 'file', mode: 0o644, mtime: 0, size });

/**
 * A snapshot as one archive (POSIX tar), made while it is read: `manifest.json`, `SHA256SUMS`, then the parts in the order of the
 * manifest. The same snapshot is the same archive, byte by byte. Ends with `blob-missing` or `blob-damaged` where a part is not
 * what it was.
 */
export const writeArchive = (manifest: SnapshotManifest, blobs: Contents): Readable =>
  Readable.from(pieces(manifest, blobs), { objectMode: false });

/** Bytes of {@link writeArchive}. */
export function archiveBytes(manifest: SnapshotManifest): number {
  const texts = textsOf(manifest).map(([name, text]) => [name, Buffer.byteLength(text)] as const);
  const files = [...texts, ...manifest.parts.map(({ file, bytes }) => [file, bytes] as const)];
  const lengths = files.map(([name, size]) => headerOf(name, size).length + size + tarPadding(size).length);
  return lengths.reduce((sum, length) => sum + length, TAR_END.length);
}

async function* pieces(manifest: SnapshotManifest, blobs: Contents): AsyncGenerator<Uint8Array> {
  for (const [name, text] of textsOf(manifest)) {
    const content = Buffer.from(text);
    yield headerOf(name, content.length);
    yield content;
    yield tarPadding(content.length);
  }
  for (const { file, sha256, bytes } of manifest.parts) {
    yield headerOf(file, bytes);
    yield* (await blobs.open(sha256)) as AsyncIterable<Buffer>;
    yield tarPadding(bytes);
  }
  yield TAR_END;
}

function textsOf(manifest: SnapshotManifest): [string, string][] {
  const text = manifestText(manifest);
  return [
    [MANIFEST, text],
    [SUMS, sumsText(text, manifest)],
  ];
}
