/** The drivers of databases on servers and of buckets in a whole mesh: processes that die in the middle of every job. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { startS3Store, whyNoS3Store, type TestS3Store } from '@slipway/interfaces/testing';
import { TestMesh, type Death } from '@slipway/testing';
import { stringify } from 'yaml';
import { Caller } from './caller.js';
import { embedded } from './embedded.js';
import { dieInEveryJob, dies } from './every-job.js';
import { keepersOf, type Keeper } from './keepers.js';
import { standing } from './place.js';

const { effect, message } = dies;

/** Answers, and knows what it is wired to; data are written and read straight at the servers. */
const APP = `
import { createServer } from 'node:http';
createServer((_, response) => response.end('here')).listen(Number(process.env.PORT), process.env.HOST);
`;

/** Where processes die while a server works for them: right before it is asked, and right after it has done it. */
const POINTS: Record<string, readonly Death[]> = {
  postgres: [
    effect('before', String.raw`run \S*/psql .*CREATE DATABASE default_shop`),
    effect('after', String.raw`run \S*/psql .*CREATE DATABASE default_shop`),
    effect('before', String.raw`run \S*/pg_dump `),
    effect('after', String.raw`run \S*/pg_dump `),
    effect('before', String.raw`run \S*/psql .*default_shop\S* LOGIN CONNECTION LIMIT 8`),
    effect('after', String.raw`run \S*/psql .*default_shop\S* LOGIN CONNECTION LIMIT 8`),
    effect('before', String.raw`run \S*/pg_restore `),
    effect('after', String.raw`run \S*/pg_restore `),
    // Its tombstone stands, and so does the database.
    effect('before', String.raw`run \S*/psql .*DROP DATABASE IF EXISTS default_copy`),
    effect('after', String.raw`run \S*/psql .*DROP DATABASE IF EXISTS default_copy`),
  ],
  mariadb: [
    effect('before', String.raw`run \S*/mariadb .*CREATE DATABASE default_shop`),
    effect('after', String.raw`run \S*/mariadb .*CREATE DATABASE default_shop`),
    effect('before', String.raw`run \S*/mariadb-dump `),
    effect('after', String.raw`run \S*/mariadb-dump `),
    effect('before', String.raw`run \S*/mariadb .*MAX_USER_CONNECTIONS 8`),
    effect('after', String.raw`run \S*/mariadb .*MAX_USER_CONNECTIONS 8`),
    effect('before', String.raw`run sh .*\.own \S*/mariadb `),
    effect('after', String.raw`run sh .*\.own \S*/mariadb `),
    effect('before', String.raw`run \S*/mariadb .*DROP USER IF EXISTS 'default_copy`),
    effect('after', String.raw`run \S*/mariadb .*DROP USER IF EXISTS 'default_copy`),
  ],
  s3: [
    message('before', String.raw`^PUT /slipway-[^/]+/? HTTP`),
    // The bucket stands, and nobody knows of it yet.
    effect('before', String.raw`rename .*/s3/.*/g\d+$`),
    effect('after', String.raw`rename .*/s3/.*/g\d+$`),
    // Its objects are read out, and put into another one.
    message('before', '^GET /slipway-[^ ]+/deep/entry'),
    message('before', '^PUT /slipway-[^ ]+/deep/entry'),
    // Its tombstone stands, and so does the bucket.
    effect('after', String.raw`link .*/s3/.*/g\d+$`),
    message('before', '^DELETE /slipway-'),
  ],
};
/** What of an instance each keeper has: of a database a user too, of a bucket a folder that says which. */
const PARTS: Record<string, number> = { postgres: 2, mariadb: 2, s3: 2 };
/** How long a caller waits for an answer, in ms. */
const PATIENCE = 90_000;

describe('Databases on servers, and buckets', () => {
  let store: TestS3Store | undefined;
  let content: string;
  let mesh: TestMesh;
  const keepers = keepersOf(
    () => mesh.data,
    () => store!,
  );
  const here = keepers.filter(({ missing }) => missing === undefined);
  const of = (kind: Keeper['kind']) => here.filter((one) => one.kind === kind);
  const absent = keepers.filter(({ missing }) => missing !== undefined);

  const definitions = here.map(({ name, kind, schema }) => ({
    ...{ name, version: '1.0.0', type: kind, driver: name, capabilities: [{ namespace: kind, attributes: { by: name } }] },
    ...(schema && { spec: { schema } }),
  }));
  const till = {
    ...{ name: 'till', version: '1.0.0', type: 'instance', driver: 'process' },
    offerings: [{ name: 'connections', title: 'Most connections to each database', schema: { enum: [5, 8] }, default: 5 }],
    requirements: here.map(({ name, kind }) => ({
      ...{ name, namespace: kind, attributes: { by: name } },
      ...(kind === 'database' && { spec: { connectionLimit: '${offering.connections}' } }),
    })),
    spec: {
      artefact: 'app',
      command: ['node', 'app.mjs'],
      environment: { PORT: '${port}', HOST: '${host}' },
      health: { path: '/', startSeconds: 60 },
    },
  };

  beforeAll(async () => {
    if (here.length === 0 || !embedded) return;
    store = whyNoS3Store() === undefined ? await startS3Store() : undefined;
    content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
    mkdirSync(join(content, 'tills/app'), { recursive: true });
    writeFileSync(join(content, 'tills/app/app.mjs'), APP);
    const tills = { name: 'tills', version: '1.0.0', definitions: [...definitions, till] };
    writeFileSync(join(content, 'tills/package.yaml'), stringify(tills));
    const named = (kind: Keeper['kind']) => of(kind).map(({ name }) => name);
    const drivers = {
      storage: ['directory', ...named('storage')],
      database: ['sqlite', ...named('database')],
      instance: 'process',
    };
    mesh = await TestMesh.start({
      processes: true,
      settings: {
        contentFolder: content,
        defaultDefinition: 'till',
        guestLocations: { local: { location: 'local', drivers } },
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
  }, 300_000);
  afterAll(async () => {
    await mesh?.remove();
    await store?.stop();
    if (content) rmSync(content, { recursive: true });
  }, 120_000);

  for (const { name, missing } of absent) it.skip(`${name} (skipped: ${missing})`, () => {});

  const names = here.map(({ name }) => name).join(', ');
  const skipped = embedded ? '' : ' (skipped: the log is not the embedded one)';
  (embedded && here.length > 0 ? it : it.skip)(
    `processes die before and after what servers do for them (${names}), in every job: nothing lost, nothing twice, nothing left${skipped}`,
    async () => {
      const caller = new Caller(mesh, PATIENCE);
      const outputsOf = async (instance: string, { name, kind }: Keeper): Promise<JsonObject> => {
        const resources = kind === 'storage' ? mesh.client().storages : mesh.client().databases;
        return (await caller.insist(() => resources.get(`default.${instance}-${name}`))).outputs as JsonObject;
      };
      await dieInEveryJob(mesh, {
        points: { storage: inTurn(of('storage')), database: inTurn(of('database')) },
        ...(of('database').length > 0 && { update: { connections: 8 } }),
        async write(instance, text) {
          for (const keeper of here) await keeper.write(await outputsOf(instance, keeper), text);
        },
        async read(instance) {
          const texts = here.map(async (keeper) => `${keeper.name}: ${await keeper.read(await outputsOf(instance, keeper))}`);
          return (await Promise.all(texts)).join('; ');
        },
        standing: async () => [...standing(mesh.data), ...(await Promise.all(here.map((keeper) => keeper.kept()))).flat()],
        parts: 1 + here.reduce((sum, { name }) => sum + PARTS[name]!, 0),
      });
    },
    900_000,
  );
});

/** Where the process dies that serves these keepers: at a point of each in turn, so that all are come to in few rounds. */
function inTurn(keepers: readonly Keeper[]): Death[] {
  const lists = keepers.map(({ name }) => POINTS[name]!);
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((points) => points[turn] ?? [])).flat();
}
