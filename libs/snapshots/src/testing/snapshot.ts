import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack, type Header } from 'tar-stream';
import { putCompressed, type Contents } from '@slipway/blobs';
import { SNAPSHOT_FORMAT, TAR, type SnapshotManifest, type SnapshotPart } from '@slipway/contracts';

export type TarEntry = Partial<Header> & Pick<Header, 'name'> & { content?: string | Buffer };

/** A tar of these entries, as they are: hostile ones too. */
export async function tarOf(...entries: TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return buffer(Readable.from(archive as AsyncIterable<Buffer>));
}

/** A part of this content, whose blob is stored. */
export async function partOf(
  blobs: Contents,
  content: AsyncIterable<Uint8Array>,
  over: Partial<SnapshotPart> = {},
): Promise<Omit<SnapshotPart, 'file'>> {
  const { sha256, bytes, contentBytes } = await putCompressed(blobs, content);
  const definition = { name: 'directory', version: '1.0.0', hash: 'h' };
  const what = { role: 'data', kind: 'storage' as const, driver: 'directory', definition, spec: {} };
  return { ...what, sha256, bytes, contentBytes, mediaType: TAR, ...over };
}

export const manifestOf = (...parts: Omit<SnapshotPart, 'file'>[]): SnapshotManifest => ({
  format: SNAPSHOT_FORMAT,
  id: randomUUID(),
  takenAt: '2030-01-01T00:00:00.000Z',
  mesh: 'dev',
  environment: 'default',
  instanceId: 'shop',
  owner: { id: 'ada', type: 'user' },
  definition: { name: 'guestbook', version: '1.0.0', hash: 'h' },
  parts: parts.map((part, index) => ({ ...part, file: `parts/${index + 1}.zst` })),
  wires: [],
});
