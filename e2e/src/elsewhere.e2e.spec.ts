/** What is exported at one guest location is imported at another one, whose drivers are others of the same kinds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ImportJob } from '@slipway/contracts/http';
import {
  importNodeImage,
  startDockerEngine,
  startS3Store,
  whyNoDockerEngine,
  whyNoS3Store,
  type TestEngine,
  type TestS3Store,
} from '@slipway/interfaces/testing';
import { TestMesh } from '@slipway/testing';
import { stringify } from 'yaml';
import { Caller } from './caller.js';
import { keepersOf } from './keepers.js';
import { whereBordersAre } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';
import { plant, treeOf } from './tree.js';

/** Says what it finds in its home and in its storage, reading every byte; writes into both what it is sent. */
const APP = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
process.on('SIGTERM', () => process.exit());
const { HOME, DATA, HOST, PORT } = process.env;
const sumsIn = (folder) => {
  const files = readdirSync(folder, { recursive: true }).filter((name) => statSync(folder + '/' + name, { throwIfNoEntry: false })?.isFile());
  return Object.fromEntries(files.sort().map((name) => [name, createHash('sha256').update(readFileSync(folder + '/' + name)).digest('hex')]));
};
createServer(async (request, response) => {
  if (request.method === 'POST') {
    const line = await text(request) + '\\n';
    for (const folder of [HOME, DATA]) appendFileSync(folder + '/entries', line);
  }
  response.end(JSON.stringify({ home: sumsIn(HOME), data: sumsIn(DATA) }));
}).listen(Number(PORT), HOST);
`;

const desk = (name: string, spec: object) => ({
  ...{ name, version: '1.0.0', type: 'instance' },
  requirements: [{ name: 'data', namespace: 'storage', attributes: { access: 'files' } }],
  spec: {
    artefact: 'app',
    environment: { PORT: '${port}', HOST: '${host}', DATA: '${data.path}' },
    health: { path: '/', startSeconds: 60 },
    ...spec,
  },
});

/** None names a driver: each is made by the first of its kind at the guest location. */
const definitions = (image: string) => [
  { name: 'files', version: '1.0.0', type: 'storage', capabilities: [{ namespace: 'storage', attributes: { access: 'files' } }] },
  { name: 'limited', version: '1.0.0', type: 'storage', spec: { sizeLimit: '64MiB' } },
  {
    ...{ name: 'ledger', version: '1.0.0', type: 'database' },
    spec: { schema: 'CREATE TABLE entry (text varchar(100) NOT NULL);' },
  },
  desk('desk', { command: ['node', 'app.mjs'] }),
  desk('boxed-desk', { command: ['/bin/node', 'app.mjs'], container: { image, mounts: { data: '/data' } } }),
];

const noEngine = whyNoDockerEngine() ?? (process.getuid?.() === 0 ? undefined : 'only root reaches the folders of volumes');
const noStore = whyNoS3Store();
const skipped = (missing: string | undefined) => (missing === undefined ? '' : ` (skipped: ${missing})`);
/** How long a caller waits for an answer, in ms. */
const PATIENCE = 120_000;

whereBordersAre('What was exported is imported where other drivers are', ({ processes }) => {
  let engine: TestEngine | undefined;
  let store: TestS3Store | undefined;
  let content: string;
  let mesh: TestMesh;
  let caller: Caller;
  const keepers = keepersOf(
    () => mesh.data,
    () => store!,
  );
  const keeperOf = (driver: string) => keepers.find(({ name }) => name === driver)!;

  beforeAll(async () => {
    [engine, store] = await Promise.all([
      noEngine === undefined ? startDockerEngine() : undefined,
      noStore === undefined ? startS3Store() : undefined,
    ]);
    content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
    mkdirSync(join(content, 'desks/app'), { recursive: true });
    writeFileSync(join(content, 'desks/app/app.mjs'), APP);
    const desks = {
      name: 'desks',
      version: '1.0.0',
      definitions: definitions(engine ? importNodeImage(engine.host) : 'none'),
    };
    writeFileSync(join(content, 'desks/package.yaml'), stringify(desks));
    mesh = await TestMesh.start({
      processes,
      settings: {
        contentFolder: content,
        defaultDefinition: 'desk',
        locations: ['local', 'annex'],
        guestLocations: {
          folders: { location: 'local', drivers: { storage: 'directory', database: 'sqlite', instance: 'process' } },
          mixed: { location: 'annex', drivers: { storage: 'docker-volume', database: 'sqlite', instance: 'process' } },
          servers: { location: 'local', drivers: { storage: 'directory', database: 'postgres', instance: 'process' } },
          boxes: { location: 'annex', drivers: { storage: 'docker-volume', database: 'mariadb', instance: 'docker' } },
          ...(store && { buckets: { location: 'annex', drivers: { storage: 's3', database: 'sqlite', instance: 'process' } } }),
        },
        clusters: { default: ['folders', 'servers', 'boxes', 'mixed', ...(store ? ['buckets'] : [])] },
        ...(engine && { docker: { host: engine.host } }),
        ...(store && {
          storages: {
            s3: {
              ...{ endpoint: store.endpoint, accessKeyId: store.accessKeyId, secretKeyFile: store.secretKeyFile },
              credentials: 'radosgw',
            },
          },
        }),
      },
    });
    caller = new Caller(mesh, PATIENCE);
  }, 300_000);
  afterAll(async () => {
    await mesh?.remove();
    await Promise.all([engine?.stop(), store?.stop()]);
    if (content) rmSync(content, { recursive: true });
  }, 120_000);

  const provision = (instanceId: string, definition: string, guestLocation: string) =>
    caller.job('provision', { ownerId: 'ada', instanceId, definition, guestLocation });
  const exported = async (instanceId: string): Promise<string> => {
    const { result } = await caller.job('export', { instanceId });
    return (result as { snapshot: string }).snapshot;
  };
  const importing = (instanceId: string, snapshot: string, guestLocation: string, definition?: string): ImportJob => ({
    ...{ ownerId: 'bob', instanceId, snapshot, snapshotId: true, guestLocation },
    ...(definition !== undefined && { definition }),
  });
  const move = async (from: string, to: string, guestLocation: string, definition?: string) =>
    caller.job('import', importing(to, await exported(from), guestLocation, definition));

  /** Where the files of a storage stand on this machine: a folder, or what the engine keeps a volume in. */
  const folderOf = async (name: string): Promise<string> => {
    const { path, volume } = (await mesh.client().storages.get(name)).outputs;
    if (typeof path === 'string') return path;
    return engine!.docker('volume', 'inspect', '--format', '{{.Mountpoint}}', String(volume));
  };
  const homeOf = (location: string, driver: string, name: string) =>
    join(mesh.data, 'places', location, 'instance', driver, `default.${name}/g1/home`);
  const driverOf = async (name: string) => (await mesh.client().storages.get(name)).driver;

  /** All that there is at the places, at the engine, in the store and on servers, and how much was recorded of it. */
  const everything = async () => {
    const labelled = ['--filter', 'label=slipway.mesh=dev', '--quiet'];
    const recorded = (await caller.recorded()).filter(({ category }) => ['storage', 'database', 'instance'].includes(category));
    return {
      places: standing(mesh.data),
      engine: engine && [engine.docker('ps', '--all', ...labelled), engine.docker('volume', 'ls', ...labelled)],
      kept: await Promise.all(keepers.filter(({ missing }) => missing === undefined).map((keeper) => keeper.kept())),
      recorded: recorded.length,
    };
  };
  /** It can't be: neither to be looked at as a plan nor to be done, and nothing at all has changed. */
  const refused = async (job: ImportJob, code: string, message: string) => {
    const before = await everything();
    const saying = { code, message: expect.stringContaining(message) };
    await expect(mesh.client().plan({ ...job, job: 'import' })).rejects.toMatchObject(saying);
    const { requestId } = await mesh.client().import(job);
    const request = await mesh.client().wait(requestId, { timeoutMs: PATIENCE });
    expect(request).toMatchObject({ status: 'failed', steps: [], cause: saying });
    expect(await everything()).toEqual(before);
  };

  (noEngine === undefined ? it : it.skip)(
    `files from a folder into a volume and back: every byte, mode, time, link and empty folder${skipped(noEngine)}`,
    async () => {
      await provision('papers', 'files', 'folders');
      plant(await folderOf('papers'));
      const tree = treeOf(await folderOf('papers'));
      expect(Object.keys(tree)).toHaveLength(12);
      await move('papers', 'papers-in-a-box', 'boxes');
      expect([await driverOf('papers'), await driverOf('papers-in-a-box')]).toEqual(['directory', 'docker-volume']);
      expect(treeOf(await folderOf('papers-in-a-box'))).toEqual(tree);
      await move('papers-in-a-box', 'papers-again', 'folders');
      expect(await driverOf('papers-again')).toBe('directory');
      expect(treeOf(await folderOf('papers-again'))).toEqual(tree);
    },
    240_000,
  );

  (noStore === undefined ? it : it.skip)(
    `files from a folder into a bucket and back: every byte, and none of what a bucket has not${skipped(noStore)}`,
    async () => {
      await provision('prints', 'files', 'folders');
      plant(await folderOf('prints'), { links: false });
      const tree = treeOf(await folderOf('prints'));
      await move('prints', 'prints-in-a-bucket', 'buckets');
      expect(await driverOf('prints-in-a-bucket')).toBe('s3');
      await move('prints-in-a-bucket', 'prints-again', 'folders');
      // A bucket has neither modes nor times of files, nor empty folders.
      const bytesOf = (all: Record<string, string>) =>
        Object.entries(all).flatMap(([path, is]) => (is.startsWith('file ') ? [[path, is.split(' ').at(-1)]] : []));
      const again = treeOf(await folderOf('prints-again'));
      expect(bytesOf(again)).toEqual(bytesOf(tree));
      expect([again['deep/run.sh']?.slice(0, 9), again['hollow']]).toEqual(['file 0640', undefined]);
    },
    240_000,
  );

  (noStore === undefined ? it : it.skip)(
    `links and a limit, which a bucket cannot have, are refused by name, and no bucket is made${skipped(noStore)}`,
    async () => {
      await provision('linked', 'files', 'folders');
      plant(await folderOf('linked'));
      const { kept } = await everything();
      const { requestId } = await mesh.client().import(importing('linked-in-a-bucket', await exported('linked'), 'buckets'));
      expect(await mesh.client().wait(requestId, { timeoutMs: PATIENCE })).toMatchObject({
        status: 'failed',
        cause: { code: 'not-portable', message: expect.stringContaining('is a link, which a bucket cannot hold') },
      });
      expect((await everything()).kept).toEqual(kept);

      await provision('narrow', 'limited', 'folders');
      const narrow = importing('narrow-in-a-bucket', await exported('narrow'), 'buckets');
      await refused(narrow, 'spec-invalid', 'storage/narrow-in-a-bucket: sizeLimit: the driver "s3" makes buckets');
    },
    240_000,
  );

  (noEngine === undefined ? it : it.skip)(
    `a process becomes a container and a process again, by the definition that is named for it: its home, its storage, all it reads and writes${skipped(noEngine)}`,
    async () => {
      const told = async (name: string): Promise<{ home: object; data: object }> =>
        caller.insist(async () => (await fetch(await caller.urlOf(name))).json() as Promise<{ home: object; data: object }>);
      const write = async (name: string, body: string) =>
        caller.insist(async () => fetch(await caller.urlOf(name), { method: 'POST', body }));
      await provision('office', 'desk', 'folders');
      await write('office', 'first');
      plant(homeOf('local', 'process', 'office'));
      plant(await folderOf('office-data'));
      const snapshot = await exported('office');
      const home = treeOf(homeOf('local', 'process', 'office'));
      const data = treeOf(await folderOf('office-data'));

      const line = ['import', '--snapshot-id', '--owner-type=team', '--definition=boxed-desk', '--', 'bob', 'booth', snapshot];
      const { code, stderr } = await slipway(mesh, [...line, 'boxes']);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(await mesh.client().instances.get('booth')).toMatchObject({
        driver: 'docker',
        location: 'annex',
        ownerId: 'bob',
      });
      expect(await driverOf('booth-data')).toBe('docker-volume');
      expect(treeOf(homeOf('annex', 'docker', 'booth'))).toEqual(home);
      expect(treeOf(await folderOf('booth-data'))).toEqual(data);
      await write('booth', 'second');
      const written = await told('booth');
      expect(Object.keys(written.home)).toContain('long');

      await move('booth', 'office-again', 'folders', 'desk');
      expect(await mesh.client().instances.get('office-again')).toMatchObject({ driver: 'process', location: 'local' });
      expect(await driverOf('office-again-data')).toBe('directory');
      expect(await told('office-again')).toEqual(written);
      expect(await (await write('office-again', 'third')).json()).not.toEqual(written);
    },
    240_000,
  );

  it('a definition that the other driver can not carry out is refused by the field, before anything changes', async () => {
    await provision('hall', 'desk', 'folders');
    const snapshot = await exported('hall');
    await refused(
      importing('hall-in-a-box', snapshot, 'boxes'),
      'spec-invalid',
      'instance/hall-in-a-box: container: the driver "docker" needs an image, build or import',
    );
    await refused(
      importing('hall-again', snapshot, 'folders', 'boxed-desk'),
      'spec-invalid',
      'instance/hall-again: container: the driver "process" makes no containers; the driver "docker" does',
    );
    await refused(
      importing('hall-again', snapshot, 'mixed'),
      'spec-invalid',
      'instance/hall-again: environment.DATA: ${data.path} is not to be had: the storage driver docker-volume gives owner, volume',
    );
  }, 120_000);

  it('a database is not made of what another engine has dumped: refused by name, before anything changes', async () => {
    await provision('book', 'ledger', 'folders');
    const snapshot = await exported('book');
    for (const [at, driver, location, takes] of [
      ['servers', 'postgres', 'local', 'application/x-postgresql-dump'],
      ['boxes', 'mariadb', 'annex', 'application/x-mariadb-dump'],
    ] as const)
      await refused(
        importing('book-again', snapshot, at),
        'not-portable',
        `database/book-again: the database driver ${driver} at ${location} cannot begin with application/vnd.sqlite3; it can with ${takes}`,
      );
  }, 120_000);

  const { missing } = keeperOf('postgres');
  (missing === undefined ? it : it.skip)(
    `a database of PostgreSQL becomes one of PostgreSQL only: MariaDB and SQLite refuse it by name, before anything changes${skipped(missing)}`,
    async () => {
      await provision('till', 'ledger', 'servers');
      const postgres = keeperOf('postgres');
      await postgres.write((await mesh.client().databases.get('till')).outputs, 'first');
      const snapshot = await exported('till');
      for (const [at, driver] of [
        ['boxes', 'mariadb at annex'],
        ['folders', 'sqlite at local'],
      ] as const)
        await refused(
          importing('till-again', snapshot, at),
          'not-portable',
          `database/till-again: the database driver ${driver} cannot begin with application/x-postgresql-dump`,
        );
      await caller.job('import', importing('till-again', snapshot, 'servers'));
      expect(await postgres.read((await mesh.client().databases.get('till-again')).outputs)).toBe('first');
    },
    240_000,
  );
});
