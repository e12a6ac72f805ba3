import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { putCompressed } from '@slipway/blobs';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  SNAPSHOT_FORMAT,
  SlipwayError,
  VERBS,
  instant,
  type DeleteSnapshotCommand,
  type JsonObject,
  type ReceiveSnapshotCommand,
  type SnapshotManifest,
  type SnapshotRecorded,
} from '@slipway/contracts';
import type { Page, Problem, SnapshotView } from '@slipway/contracts/http';
import { writeArchive } from '@slipway/snapshots';
import { pack } from 'tar-stream';
import { GatewayPlace } from '../testing/gateway-place.js';

const TAR = 'application/x-tar';
const definition = { name: 'guestbook', version: '1.0.0', hash: 'h' };

/** A snapshot whose storage holds a tar of one file, and its archive. */
async function snapshotOf(id: string, file: { name: string; type?: 'file' | 'link' | 'symlink'; linkname?: string }) {
  const blobs = new MemoryBlobs();
  const tar = pack();
  tar.entry({ type: 'file', ...file }, file.type && file.type !== 'file' ? '' : `of ${id}`);
  tar.finalize();
  const part = await putCompressed(blobs, Readable.from([await buffer(Readable.from(tar as AsyncIterable<Buffer>))]));
  const { sha256, bytes, contentBytes } = part;
  const what = { role: '', kind: 'storage' as const, driver: 'directory', definition, spec: {}, file: 'parts/1.zst' };
  const manifest: SnapshotManifest = {
    ...{ format: SNAPSHOT_FORMAT, id, takenAt: instant(0), mesh: 'other', environment: 'default', instanceId: 'shop' },
    ...{
      owner: { id: 'ada', type: 'user' as const },
      definition,
      parts: [{ ...what, sha256, bytes, mediaType: TAR, contentBytes }],
    },
    wires: [],
  };
  return { manifest, sha256, blobs, archive: await buffer(writeArchive(manifest, blobs)) };
}
const idOf = (n: number) => `0b8f2c1e-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe('snapshots', () => {
  let place: GatewayPlace;
  let refuses: SlipwayError | undefined;
  let answersLate = false;
  const deleted: DeleteSnapshotCommand[] = [];
  beforeAll(async () => {
    place = await GatewayPlace.open();
    place.runtime.config.snapshots.maxUploadBytes = 1024 * 1024;
    place.bus.serve('orchestrator', VERBS.receiveSnapshot, async (body): Promise<SnapshotRecorded> => {
      if (refuses) throw refuses;
      const { holder, manifest: ref } = body as ReceiveSnapshotCommand;
      const text = await place.blobs.of(holder).read(ref.sha256, 8 * 1024 * 1024);
      const manifest = JSON.parse(text.toString()) as SnapshotManifest;
      const large = text.length > 60_000;
      const recorded = large ? { ...manifest, parts: [], wires: [] } : manifest;
      const position = await taken(recorded, 'SnapshotReceived', { holder, ...(large && { manifestBlob: { ...ref } }) });
      if (answersLate) throw new SlipwayError('timed-out');
      return { snapshotId: manifest.id, position };
    });
    place.bus.serve('orchestrator', VERBS.deleteSnapshot, async (body): Promise<SnapshotRecorded> => {
      const command = body as DeleteSnapshotCommand;
      deleted.push(command);
      const position = await place.record(`snapshot-${command.snapshotId}`, 'SnapshotDeleted', {
        actor: { id: 'ada', type: 'user' },
      });
      return { snapshotId: command.snapshotId, position };
    });
  });
  afterAll(() => place.close());
  afterEach(() => (refuses = undefined));

  const taken = (manifest: SnapshotManifest, type = 'SnapshotTaken', more: JsonObject = {}) =>
    place.record(`snapshot-${manifest.id}`, type, {
      ...{ holder: manifest.id, manifest: manifest as unknown as JsonObject, bytes: 10, contentBytes: 20, ...more },
      ...(type === 'SnapshotReceived' && { actor: { id: 'ada', type: 'user' } }),
    });
  const upload = (archive: Buffer | Readable, headers: Record<string, string> = {}) =>
    fetch(`${place.gateway.url}/api/v1/snapshots`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${place.key}`, 'Content-Type': TAR, ...headers },
      body: archive as never,
      duplex: 'half',
    } as RequestInit);
  const get = (id: string, atLeast: string) =>
    place.json<SnapshotView>('GET', `/snapshots/${id}`, { headers: { 'Slipway-At-Least': atLeast } });

  it('are listed and shown, with their parts; those that were deleted only when they are asked for', async () => {
    const { manifest } = await snapshotOf(idOf(1), { name: 'a' });
    const copy = { store: 'backups', file: 'shop.tar' };
    const position = await taken(manifest, 'SnapshotTaken', { copy });
    expect(await get(idOf(1), position)).toMatchObject({
      ...{ id: idOf(1), status: 'kept', origin: 'taken', instanceId: 'shop', mesh: 'other', bytes: 10, contentBytes: 20, copy },
      parts: manifest.parts,
    });
    await place.call('DELETE', `/snapshots/${idOf(1)}?reason=old`);
    expect(deleted.at(-1)).toEqual({ snapshotId: idOf(1), reason: 'old' });
    const list = async (query = '') =>
      (
        await place.json<Page<SnapshotView>>('GET', `/snapshots${query}`, {
          headers: { 'Slipway-At-Least': await place.store.head() },
        })
      ).items.map(({ id }) => id);
    expect(await list()).not.toContain(idOf(1));
    expect(await list('?status=deleted&instanceId=shop')).toContain(idOf(1));
    expect((await place.call('GET', `/snapshots/${idOf(1)}/content`)).status).toBe(404);
    for (const path of [idOf(999), 'none', `${idOf(999)}/content`, '..%2f..%2fx/content'])
      expect([path, (await place.call('GET', `/snapshots/${path}`)).status]).toEqual([path, 404]);
  });

  it('with very many parts are shown with all of them', async () => {
    const { manifest } = await snapshotOf(idOf(2), { name: 'a' });
    const manifestBlob = await place.blobs.of(idOf(2)).put(JSON.stringify(manifest));
    const short = { ...manifest, parts: [], wires: [] };
    const position = await taken(short, 'SnapshotTaken', { manifestBlob: { ...manifestBlob } });
    expect((await get(idOf(2), position)).parts).toEqual(manifest.parts);
    await place.call('DELETE', `/snapshots/${idOf(2)}`);
  });

  it('go out as one archive, whose length and name are told, and come in as they went out', async () => {
    const { manifest, archive, blobs } = await snapshotOf(idOf(3), { name: 'folder/file' });
    for (const content of blobs.contents.values()) await place.blobs.of(idOf(3)).put(content);
    await taken(manifest);
    const response = await place.call('GET', `/snapshots/${idOf(3)}/content`);
    expect(Buffer.from(await response.arrayBuffer()).equals(archive)).toBe(true);
    expect(response.headers.get('Content-Length')).toBe(String(archive.length));
    expect(response.headers.get('ETag')).toMatch(/^"[0-9a-f]{64}"$/);
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="shop-${idOf(3)}.slipway.tar"`);

    await place.blobs.of(idOf(3)).remove();
    expect(await place.json('GET', `/snapshots/${idOf(3)}/content`)).toMatchObject({ code: 'blob-missing' });
    const received = await upload(Readable.from([archive.subarray(0, 700), archive.subarray(700)]));
    expect([received.status, received.headers.get('Location')]).toEqual([201, `/api/v1/snapshots/${idOf(3)}`]);
    const { position } = (await received.json()) as SnapshotRecorded;
    expect(await get(idOf(3), position)).toMatchObject({ origin: 'received', status: 'kept' });
    expect((await place.call('GET', `/snapshots/${idOf(3)}/content`)).status).toBe(200);
    expect(place.blobs.held()).toContain(manifest.parts[0]!.sha256);
    expect(place.blobs.contents.size).toBe(0);
  });

  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1;
    return copy;
  };
  it.each([
    ['cut off', async () => (await snapshotOf(idOf(4), { name: 'a' })).archive.subarray(0, 3_000)],
    [
      'with a flipped bit',
      async () => {
        const { archive } = await snapshotOf(idOf(4), { name: 'a' });
        return flipped(archive, archive.length - 1_200);
      },
    ],
    ['that is none', async () => Buffer.from('rubbish')],
    ['that is empty', async () => Buffer.alloc(0)],
    ['whose data leave the folder', async () => (await snapshotOf(idOf(4), { name: '../../escaped' })).archive],
    ['whose data are absolute', async () => (await snapshotOf(idOf(4), { name: '/tmp/escaped' })).archive],
    ['whose data hold a hard link', async () => (await snapshotOf(idOf(4), { name: 'a', type: 'link', linkname: 'b' })).archive],
    [
      'whose data hold a link out',
      async () => (await snapshotOf(idOf(4), { name: 'a', type: 'symlink', linkname: '../../etc' })).archive,
    ],
  ])('%s is refused, and nothing of it is kept', async (_what, archive) => {
    const before = place.blobs.held();
    const response = await upload(await archive());
    const problem = (await response.json()) as Problem;
    expect([response.status, problem.code]).toEqual([400, 'archive-invalid']);
    expect(place.blobs.held()).toEqual(before);
    expect((await place.store.read(`snapshot-${idOf(4)}`)).length).toBe(0);
  });

  it('loses nothing by an answer that does not come, nor by another upload of the same that is refused', async () => {
    const { archive, sha256 } = await snapshotOf(idOf(5), { name: 'a' });
    answersLate = true;
    expect((await upload(archive)).status).toBe(503);
    answersLate = false;
    const content = async () => Buffer.from(await (await place.call('GET', `/snapshots/${idOf(5)}/content`)).arrayBuffer());
    expect((await content()).equals(archive)).toBe(true);
    const held = place.blobs.held();
    expect((await upload(archive.subarray(0, archive.length - 100))).status).toBe(400);
    expect(place.blobs.held()).toEqual(held);
    expect((await content()).equals(archive)).toBe(true);
    // Whether it was recorded is for the orchestrator to know: it removes what it refuses.
    for (const refusal of ['archive-invalid', 'log-unavailable'] as const) {
      refuses = new SlipwayError(refusal);
      expect((await upload(archive)).status).toBeGreaterThanOrEqual(400);
    }
    expect(place.blobs.held().filter((one) => one === sha256)).toHaveLength(3);
  });

  it('may have a manifest that is longer than a message', async () => {
    const { manifest, blobs } = await snapshotOf(idOf(9), { name: 'a' });
    manifest.parts[0]!.spec = { words: 'long '.repeat(200_000) };
    place.runtime.config.snapshots.maxUploadBytes = 8 * 1024 * 1024;
    const received = await upload(await buffer(writeArchive(manifest, blobs)));
    place.runtime.config.snapshots.maxUploadBytes = 1024 * 1024;
    expect(received.status).toBe(201);
    const { position } = (await received.json()) as SnapshotRecorded;
    expect((await get(idOf(9), position)).parts).toEqual(manifest.parts);
  });

  it('that is larger than what is taken is refused: as it says itself, or when it has come so far', async () => {
    const { archive } = await snapshotOf(idOf(6), { name: 'a' });
    place.runtime.config.snapshots.maxUploadBytes = archive.length - 1;
    for (const body of [archive, Readable.from([archive])]) expect((await upload(body)).status).toBe(413);
    place.runtime.config.snapshots.maxUploadBytes = 1024 * 1024;
    expect((await place.call('POST', '/snapshots', { body: {} })).status).toBe(415);
  });
});
