import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';

const ID = '0b8f2c1e-0000-4000-8000-000000000001';
const ARCHIVE = randomBytes(300_000);
const snapshot = {
  ...{ id: ID, status: 'kept', origin: 'received', mesh: 'other', environment: 'default', instanceId: 'shop' },
  ...{ definition: { name: 'guestbook', version: '1.0.0', hash: 'h' }, bytes: 3_400_000, contentBytes: 9_000_000 },
  ...{ takenAt: '2026-03-01T06:00:00.000Z', createdAt: '2026-03-01T06:00:00.000Z', parts: [], position: 'p' },
};
const request = (job: string) => ({
  ...{ id: 'r1', job, status: 'succeeded', environment: 'default', instanceId: 'shop', position: 'p' },
  steps: stops ? [{ id: 'instance/shop#stop', action: 'stop', status: 'succeeded', try: 1 }] : [],
  result: { alreadySatisfied: [], installed: [], removed: [], wires: [], ...(job === 'export' && { snapshot: ID }) },
});

let server: Server;
let url: string;
let folder: string;
/** Of what was asked. */
let calls: { route: string; body: Buffer }[];
/** How many bytes of the archive come before the connection breaks. */
let breaksAt: number | undefined;
let job: string;
let keyIsRight: boolean;
/** Of the snapshot: where its archive is as well. */
let copy: { store: string; file: string } | undefined;
/** Whether the export has stopped something. */
let stops: boolean;

async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(asked);
  const route = `${asked.method} ${asked.url!.replace('/api/v1', '').split('?')[0]}`;
  calls.push({ route, body });
  const json = (value: unknown, status = 200) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (!keyIsRight) return void json({ code: 'unauthenticated', detail: 'The key is not right', hint: 'Send it.' }, 401);
  if (route.startsWith('GET /requests/')) return void json(request(job));
  if (route.startsWith('POST /ops/')) return void json({ requestId: 'r1', position: 'p' }, 202);
  if (route === `GET /snapshots/${ID}/content`) {
    response.writeHead(200, { 'Content-Length': ARCHIVE.length });
    if (breaksAt === undefined) return void response.end(ARCHIVE);
    response.write(ARCHIVE.subarray(0, breaksAt));
    return void setTimeout(() => response.destroy(), 20);
  }
  if (route === 'POST /snapshots') return void json({ snapshotId: ID, position: 'p' }, 201);
  if (route.startsWith('DELETE')) return void json({ snapshotId: ID, position: 'p' });
  json(route === 'GET /snapshots' ? { items: [snapshot], position: 'p' } : { ...snapshot, ...(copy && { copy }) });
}

beforeAll(async () => {
  server = createServer((asked, response) => void answer(asked, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
  [calls, breaksAt, keyIsRight, copy, stops] = [[], undefined, true, undefined, false];
});
afterEach(() => rm(folder, { recursive: true }));

const jobAsked = (name: string) =>
  JSON.parse(calls.find(({ route }) => route === `POST /ops/${name}`)!.body.toString()) as object;

describe('snapshots', () => {
  it('are listed, shown and deleted', async () => {
    const { stdout } = await ran(url, 'snapshots');
    for (const cell of [ID, 'shop', 'guestbook@1.0.0', '3.2 MiB', 'other', 'kept']) expect(stdout).toContain(cell);
    expect(JSON.parse((await ran(url, 'snapshots', 'show', ID, '-o', 'json')).stdout)).toEqual(snapshot);
    expect((await ran(url, 'snapshots', 'delete', ID, '--reason=old')).stdout).toBe(`${ID} is gone.\n`);
    expect(calls.at(-1)!.route).toBe(`DELETE /snapshots/${ID}`);
  });

  it('are downloaded as a whole: into a file, or into a folder by their own name', async () => {
    const { code, stdout, stderr } = await ran(url, 'snapshots', 'download', ID, join(folder, 'deep', 'shop.tar'));
    expect([code, stdout]).toEqual([0, `${join(folder, 'deep', 'shop.tar')}\n`]);
    expect(stderr).toMatch(/Writing .*shop\.tar: .*KiB of 293\.0 KiB, .*\/s\n/);
    expect((await readFile(join(folder, 'deep', 'shop.tar'))).equals(ARCHIVE)).toBe(true);
    await mkdir(join(folder, 'all'));
    await ran(url, 'snapshots', 'download', ID, join(folder, 'all'));
    expect(await readdir(join(folder, 'all'))).toEqual([`shop-${ID}.slipway.tar`]);
  });

  it('take no file away, unless they are told to', async () => {
    const file = join(folder, `shop-${ID}.slipway.tar`);
    await writeFile(file, 'mine');
    for (const where of [file, folder]) {
      const { code, text } = await ran(url, 'snapshots', 'download', ID, where);
      expect([code, text]).toEqual([
        2,
        `${file} is there already: name another file, or put this one in its place with --force.`,
      ]);
    }
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['mine', [`shop-${ID}.slipway.tar`]]);
    expect((await ran(url, 'snapshots', 'download', '--force', ID, folder)).code).toBe(0);
    expect((await readFile(file)).equals(ARCHIVE)).toBe(true);
  });

  it('that break off on their way leave nothing, and what was there stays', async () => {
    const file = join(folder, 'shop.tar');
    await writeFile(file, 'an older one');
    breaksAt = 100_000;
    expect((await ran(url, 'snapshots', 'download', '--force', ID, file)).code).not.toBe(0);
    expect(await readdir(folder)).toEqual(['shop.tar']);
    expect(await readFile(file, 'utf8')).toBe('an older one');
  });
});

describe('export', () => {
  beforeEach(() => {
    job = 'export';
  });

  it('names a store to the gateway, and writes into a file or folder here itself', async () => {
    const { code, stdout } = await ran(url, 'export', '--destination=backups', '--', 'shop');
    expect([code, jobAsked('export')]).toEqual([0, { instanceId: 'shop', destination: 'backups' }]);
    expect(stdout).toContain(`Snapshot: ${ID}`);
    calls = [];
    expect((await ran(url, 'export', `--destination=${folder}/`, 'shop')).code).toBe(0);
    expect(jobAsked('export')).toEqual({ instanceId: 'shop' });
    expect(await readdir(folder)).toEqual([`shop-${ID}.slipway.tar`]);
  });

  it('tells where its archive is in a store, also to who only waits for it', async () => {
    for (const args of [
      ['export', 'shop'],
      ['wait', 'r1'],
    ]) {
      copy = { store: 'backups', file: 'daily/shop.tar' };
      expect((await ran(url, ...args)).stdout).toMatch(/\nIts archive: backups:daily\/shop\.tar\n$/);
      copy = undefined;
      expect((await ran(url, ...args)).stdout).not.toContain('Its archive');
    }
  });

  it('says that something runs again only where something was stopped', async () => {
    stops = true;
    expect((await ran(url, 'export', 'shop')).stdout).toBe(`shop is exported; what ran of it runs again. Snapshot: ${ID}\n`);
    stops = false;
    expect((await ran(url, 'export', 'shop')).stdout).toBe(`shop is exported. Snapshot: ${ID}\n`);
  });

  it('names a folder below a store to the gateway, and asks for the plan with it', async () => {
    await ran(url, 'export', '--no-wait', '--destination=backups:daily/shops', 'shop');
    expect(jobAsked('export')).toEqual({ instanceId: 'shop', destination: 'backups:daily/shops' });
    await ran(url, 'plan', '--export', '--destination=backups:daily', 'shop');
    expect(JSON.parse(calls.at(-1)!.body.toString())).toMatchObject({ job: 'export', destination: 'backups:daily' });
    const here = join(folder, 'backups:daily');
    expect((await ran(url, 'export', `--destination=${here}`, 'shop')).code).toBe(0);
    expect(await readdir(folder)).toEqual(['backups:daily']);
  });

  it('onto a file that is there is refused before anything is asked, unless it is told to take its place', async () => {
    const file = join(folder, 'shop.tar');
    await writeFile(file, 'mine');
    expect([(await ran(url, 'export', `--destination=${file}`, 'shop')).code, calls]).toEqual([2, []]);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await ran(url, 'export', '--force', `--destination=${file}`, 'shop')).code).toBe(0);
    expect((await readFile(file)).equals(ARCHIVE)).toBe(true);
  });

  it('that nobody waits for writes nothing here: that is said before anything is asked', async () => {
    const { code } = await ran(url, 'export', '--no-wait', `--destination=${folder}/`, 'shop');
    expect([code, calls]).toEqual([2, []]);
  });
});

describe('import', () => {
  beforeEach(() => {
    job = 'import';
  });

  it('sends a file here, and imports what it was received as', async () => {
    const file = join(folder, 'shop.tar');
    await writeFile(file, ARCHIVE);
    const { code, stderr } = await ran(
      url,
      'import',
      '--cluster-id=lab',
      '--owner-type=team',
      '--',
      'ops',
      'copy',
      file,
      'local',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/Sending .*shop\.tar: .*KiB of 293\.0 KiB, .*\/s\n/);
    expect(calls.find(({ route }) => route === 'POST /snapshots')!.body.equals(ARCHIVE)).toBe(true);
    const asked = { ownerId: 'ops', ownerType: 'team', instanceId: 'copy', clusterId: 'lab', guestLocation: 'local' };
    expect(jobAsked('import')).toEqual({ ...asked, snapshot: ID, snapshotId: true });
  });

  it('takes a known one by its id, and sends nothing', async () => {
    expect((await ran(url, 'import', '--snapshot-id', 'ada', 'copy', ID)).code).toBe(0);
    expect(calls.some(({ route }) => route === 'POST /snapshots')).toBe(false);
    expect(jobAsked('import')).toEqual({ ownerId: 'ada', ownerType: 'user', instanceId: 'copy', snapshot: ID, snapshotId: true });
  });

  it('sends nothing with a key that is not right, and says how one is given', async () => {
    const file = join(folder, 'shop.tar');
    await writeFile(file, ARCHIVE);
    keyIsRight = false;
    const { code, text } = await ran(url, 'import', 'ada', 'copy', file);
    expect([code, calls.map(({ route }) => route)]).toEqual([1, ['GET /info']]);
    expect(text).toMatch(/\(unauthenticated\)\nSet SLIPWAY_KEY .*gateway\.key/);
  });

  it('of a file that is not there asks for nothing', async () => {
    expect([(await ran(url, 'import', 'ada', 'copy', join(folder, 'none.tar'))).code, calls]).toEqual([2, []]);
  });
});
