import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '@slipway/contracts';
import { openBlobs } from '@slipway/blobs';
import { openSqliteEventLog } from '@slipway/event-store/sqlite';
import { PATIENCE_MS } from '@slipway/event-store/testing';
import type { Page, Problem, RequestView } from '@slipway/contracts/http';
import { openSecrets } from '@slipway/secrets';
import { extract, pack, type Header } from 'tar-stream';
import { openViews } from '../views/open-views.js';
import { GatewayPlace, acceptance, idOfKey } from '../testing/gateway-place.js';
import { LOG_ENTRY, MANIFEST, MODELS_ENTRY, isEntryName, type Manifest } from './manifest.js';

interface TarFile {
  header: Pick<Header, 'name'> & Partial<Header>;
  content: Buffer;
}

async function unpack(tar: Buffer): Promise<TarFile[]> {
  const files: TarFile[] = [];
  const archive = extract();
  Readable.from([tar]).pipe(archive as unknown as NodeJS.WritableStream);
  for await (const entry of archive) {
    const { name, type } = entry.header;
    files.push({ header: { name, type }, content: await buffer(entry as unknown as AsyncIterable<Uint8Array> as never) });
  }
  return files;
}

async function repack(files: TarFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { header, content } of files)
    archive.entry({ ...header, size: header.type === 'symlink' ? 0 : content.length }, content);
  archive.finalize();
  return buffer(Readable.from(archive));
}

const HOLDER = '0b8f2c1e-0000-4000-8000-000000000001';
const GONE = '0b8f2c1e-0000-4000-8000-000000000002';

describe('backup and restore', () => {
  let place: GatewayPlace;
  let source: string;
  let backup: Buffer;
  let restarts: string[];
  let lastPosition: string;

  beforeAll(async () => {
    source = await mkdtemp(join(tmpdir(), 'slipway-source-'));
    restarts = [];
    const log = await openSqliteEventLog({ folder: join(source, 'log'), timeLimitMs: PATIENCE_MS });
    place = await GatewayPlace.open({
      log,
      runtime: { backupLog: (file) => log.backup!(file), requestRestart: (reason) => void restarts.push(reason) },
    });
    const blobs = await openBlobs({ folder: join(place.folder, 'blobs') });
    const secrets = await openSecrets({ folder: join(place.folder, 'secrets'), keyFile: join(place.folder, 'secrets.key') });
    await blobs.put('a log of a step');
    await blobs.of(HOLDER).put('data of a snapshot');
    await secrets.put('shop-db/password', 'canary-secret');
    for (const name of ['a', 'b', 'c']) {
      lastPosition = await place.request(
        idOfKey(name),
        acceptance({ job: 'provision', body: { ownerId: 'ada', instanceId: name } }),
      );
    }
    await place.json('GET', '/requests', { headers: { 'Slipway-At-Least': lastPosition } });
    const response = await backUp();
    expect(response.headers.get('Content-Type')).toBe('application/x-tar');
    expect(response.headers.get('Content-Disposition')).toMatch(/^attachment; filename="slipway-test-/);
    backup = Buffer.from(await response.arrayBuffer());
  });
  afterAll(async () => {
    await place.close();
    await rm(source, { recursive: true });
  });

  const restore = (tar: Buffer | Readable, query = '') =>
    fetch(`${place.gateway.url}/api/v1/restore${query}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${place.key}`, 'Content-Type': 'application/x-tar' },
      body: tar as never,
      duplex: 'half',
    } as RequestInit);
  const backUp = async () => {
    const response = await place.call('POST', '/backup');
    // What it has logged says why it was not: the answer to a failure of its own does not.
    const logged = response.ok ? [] : place.lines.filter(({ err }) => err !== undefined).slice(-2);
    expect({ status: response.status, logged }).toEqual({ status: 200, logged: [] });
    return response;
  };
  const staged = () => readdir(join(place.folder, 'restore')).catch(() => []);
  /** Nothing was staged, nothing is left behind. */
  const untouched = async () => {
    expect(await staged()).toEqual([]);
    expect((await readdir(place.folder)).filter((name) => name.startsWith('restore'))).toEqual([]);
    expect(restarts).toEqual([]);
  };

  it('is one tar of log, models, blobs and sealed secrets, with a manifest of checksums, and without any key', async () => {
    const files = await unpack(backup);
    const names = files.map(({ header }) => header.name);
    expect(names.at(-1)).toBe(MANIFEST);
    const manifest = JSON.parse(files.at(-1)!.content.toString()) as Manifest;
    expect(manifest.entries.map(({ name }) => name)).toEqual(names.slice(0, -1));
    expect(names.slice(0, 2)).toEqual([LOG_ENTRY, MODELS_ENTRY]);
    expect(names.filter((name) => name.startsWith('blobs/'))).toEqual([
      expect.stringMatching(/^blobs\/[0-9a-f]{2}\//),
      expect.stringMatching(new RegExp(`^blobs/held/${HOLDER}/`)),
    ]);
    expect(names.filter((name) => name.startsWith('secrets/'))).toEqual(['secrets/shop-db/password#1']);
    expect(backup.includes('canary-secret')).toBe(false);
    for (const file of ['gateway.key', 'secrets.key']) {
      expect(backup.includes((await readFile(join(place.folder, file), 'utf8')).trim())).toBe(false);
    }
    expect(await readdir(place.runtime.cacheFolder)).not.toContainEqual(expect.stringMatching(/^backup-/));
  });

  it('is taken while the log goes on: what was recorded before is in it', async () => {
    let going = true;
    const writing = (async () => {
      for (let n = 0; going; n++) await place.resource('instance', `x${n}`);
    })();
    const before = await place.store.head();
    const tar = Buffer.from(await (await backUp()).arrayBuffer());
    going = false;
    await writing;
    await rm(join(source, 'copy'), { recursive: true, force: true });
    await mkdir(join(source, 'copy'));
    await writeFile(join(source, 'copy', 'events.sqlite'), (await unpack(tar))[0]!.content);
    const copy = await openSqliteEventLog({ folder: join(source, 'copy') });
    expect((await copy.as(null).head()) >= before).toBe(true);
    await copy.close();
  });

  it('is refused where there are requests already, unless told to replace them', async () => {
    const response = await restore(backup);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'not-possible', detail: expect.stringContaining('replace=true') });
    await untouched();
  });

  it('is refused so that who still sends it reads why, every time', async () => {
    const slowly = async function* () {
      for (let sent = 0; sent < 40; sent += 1) {
        yield backup.subarray(0, 65_536);
        if (sent % 4 === 0) await setImmediate();
      }
    };
    for (let n = 0; n < 60; n += 1) expect((await restore(Readable.from(slowly()))).status).toBe(409);
    await untouched();
  }, 60_000);

  const hostile: [string, (files: TarFile[]) => TarFile[], RegExp][] = [
    [
      'a path that leaves the folder',
      (files) => [{ header: { name: '../../escaped' }, content: Buffer.from('x') }, ...files],
      /escaped/,
    ],
    ['an absolute path', (files) => [{ header: { name: '/tmp/escaped' }, content: Buffer.from('x') }, ...files], /escaped/],
    ['a key', (files) => [{ header: { name: 'gateway.key' }, content: Buffer.from('x') }, ...files], /gateway\.key/],
    [
      'a link',
      (files) => [
        { header: { name: 'secrets/x', type: 'symlink', linkname: '/etc/passwd' }, content: Buffer.alloc(0) },
        ...files,
      ],
      /symlink/,
    ],
    ['a file twice', (files) => [files[0]!, ...files], /twice/],
    [
      'the same name in other letters',
      (files) => [
        { header: { name: 'secrets/X' }, content: Buffer.from('x') },
        { header: { name: 'secrets/x' }, content: Buffer.from('y') },
        ...files,
      ],
      /twice/,
    ],
    [
      'a file that is not in the manifest',
      (files) => [{ header: { name: 'secrets/more' }, content: Buffer.from('x') }, ...files],
      /secrets\/more/,
    ],
    ['a file missing', (files) => files.filter(({ header }) => !header.name.startsWith('secrets/')), /missing/],
    ['no manifest (cut off)', (files) => files.slice(0, -1), /manifest/],
    ['a flipped bit', (files) => files.map((file) => (file.header.name.startsWith('blobs/') ? flipped(file) : file)), /blobs\//],
    [
      'another manifest',
      (files) => [...files.slice(0, -1), { header: { name: MANIFEST }, content: Buffer.from('{"format":"zip"}') }],
      /manifest/,
    ],
  ];
  it.each(hostile)('with %s is refused, and nothing is changed', async (_what, change, reason) => {
    const response = await restore(await repack(change(await unpack(backup))), '?replace=true');
    expect(response.status).toBe(400);
    expect(((await response.json()) as Problem).detail).toMatch(reason);
    await untouched();
    expect(existsSync('/tmp/escaped')).toBe(false);
  });

  it('that is no tar, or cut off, is refused', async () => {
    for (const tar of [Buffer.from('rubbish'), Buffer.alloc(0), backup.subarray(0, 3_000)]) {
      const response = await restore(tar, '?replace=true');
      expect(response.status).toBe(400);
      await untouched();
    }
  });

  it('with a log whose events are not what they were is refused as damaged, though its checksums fit', async () => {
    const files = await unpack(backup);
    const at = files[0]!.content.indexOf('"instanceId":"b"');
    expect(at).toBeGreaterThan(0);
    files[0]!.content.write('"instanceId":"z"', at);
    const manifest = JSON.parse(files.at(-1)!.content.toString()) as Manifest;
    manifest.entries[0]!.sha256 = createHash('sha256').update(files[0]!.content).digest('hex');
    files.at(-1)!.content = Buffer.from(JSON.stringify(manifest));
    const response = await restore(await repack(files), '?replace=true');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'log-damaged' });
    await untouched();
  });

  it('as JSON is refused', async () => {
    const response = await place.call('POST', '/restore?replace=true', { body: {} });
    expect(response.status).toBe(415);
  });

  it('comes back: staged as a new epoch, marked ready, and the mesh is asked to start again', async () => {
    const late = await place.resource('instance', 'after-the-backup');
    const response = await restore(backup, '?replace=true');
    expect(response.status).toBe(202);
    const { epoch, ...answer } = (await response.json()) as { epoch: number };
    expect(answer).toEqual({ staged: true, restarting: true, events: 3 });
    expect(restarts).toEqual(['A backup was restored']);
    expect((await staged()).toSorted()).toEqual(['blobs', 'log', 'models', 'ready', 'secrets']);

    const folder = join(place.folder, 'restore');
    const log = await openSqliteEventLog({ folder: join(folder, 'log') });
    expect(log.info()).toEqual({ ...place.log.info(), epoch });
    expect(epoch).toBeGreaterThan(place.log.info().epoch);
    const store = log.as(null);
    expect((await store.readAll()).events.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => 'RequestAccepted'));
    await expect(store.readAll({ after: late })).rejects.toMatchObject({ code: 'gone' });
    expect((await store.readAll({ after: lastPosition })).events).toEqual([]);
    const views = await openViews({ folder: join(place.folder, 'elsewhere'), log: store, snapshot: join(folder, MODELS_ENTRY) });
    expect(await views.reached(await store.head(), 5_000)).toBe(true);
    expect(((await views.list('requests', {})) as Page<RequestView>).items).toHaveLength(3);
    await views.close();
    await log.close();
    const blobs = await openBlobs({ folder: join(folder, 'blobs') });
    expect((await blobs.of(HOLDER).read(sha256('data of a snapshot'))).toString()).toBe('data of a snapshot');
    const secrets = await openSecrets({ folder: join(folder, 'secrets'), keyFile: join(place.folder, 'secrets.key') });
    expect(await secrets.read('secret://shop-db/password#1')).toBe('canary-secret');
    expect((await stat(join(folder, 'secrets'))).mode & 0o077).toBe(0);

    expect((await restore(backup, '?replace=true')).status).toBe(409);
  });

  it('goes on when a snapshot is deleted meanwhile, and names what it could not take', async () => {
    const blobs = await openBlobs({ folder: join(place.folder, 'blobs') });
    // More than waits in pipes and sockets: most of it is taken only as this test reads.
    const stored = await Promise.all(Array.from({ length: 24 }, (_, n) => blobs.of(GONE).put(Buffer.alloc(4 * 1024 * 1024, n))));
    const pieces = (await backUp()).body!.getReader();
    const taken: Buffer[] = [];
    while (!taken.some((piece) => piece.includes(GONE))) taken.push(Buffer.from((await pieces.read()).value!));
    await blobs.of(GONE).remove();
    for (let next = await pieces.read(); !next.done; next = await pieces.read()) taken.push(Buffer.from(next.value));
    const files = await unpack(Buffer.concat(taken));
    const { goneBlobs, entries } = JSON.parse(files.at(-1)!.content.toString()) as Manifest;
    const whole = entries.filter(({ name }) => name.includes(GONE)).map(({ sha256: content }) => content);
    expect(goneBlobs.length).toBeGreaterThan(0);
    expect([...goneBlobs, ...whole].toSorted()).toEqual(stored.map((one) => one.sha256).toSorted());
  });

  it('leaves a damaged blob out and names it', async () => {
    const [name] = (await unpack(backup)).map(({ header }) => header.name).filter((file) => file.startsWith('blobs/'));
    await writeFile(join(place.folder, name!), 'something else');
    const files = await unpack(Buffer.from(await (await backUp()).arrayBuffer()));
    expect(files.map(({ header }) => header.name)).not.toContain(name);
    expect((JSON.parse(files.at(-1)!.content.toString()) as Manifest).damagedBlobs).toEqual([name!.split('/').at(-1)]);
  });
});

describe('a backup', () => {
  it('of a log that is a server of its own is not possible here', async () => {
    const place = await GatewayPlace.open();
    const response = await place.call('POST', '/backup');
    expect(response.status).toBe(409);
    await place.close();
  });

  it.each([
    'log/events.sqlite',
    `blobs/ab/cd/abcd${'0'.repeat(60)}`,
    `blobs/held/${HOLDER}/${'0'.repeat(64)}`,
    'secrets/shop-db/password#1',
  ])('may hold %s', (name) => expect(isEntryName(name)).toBe(true));
  it.each([
    '',
    'log/events.sqlite/x',
    `blobs/ab/cd/0000${'0'.repeat(60)}`,
    `blobs/held/${HOLDER}/${'0'.repeat(63)}`,
    `blobs/held/../${'0'.repeat(64)}`,
    `blobs/held/${'0'.repeat(64)}`,
    'secrets/../x',
    'secrets/.',
    'secrets//x',
    'secrets/a\0b',
    'ready',
    'cache/x',
  ])('may not hold %j', (name) => expect(isEntryName(name)).toBe(false));
});

function flipped({ header, content }: TarFile): TarFile {
  const copy = Buffer.from(content);
  copy[0]! ^= 1;
  return { header, content: copy };
}
