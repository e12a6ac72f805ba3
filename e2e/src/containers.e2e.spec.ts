/** The drivers of containers, volumes and buckets in a whole mesh: every job, and processes that die in the middle of each. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
import { embedded } from './embedded.js';
import { dieInEveryJob, dies, type Tried } from './every-job.js';
import { standing } from './place.js';

/** Keeps what it is sent in its storage, and says it to whoever asks. */
const APP = `
import { createServer } from 'node:http';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
process.on('SIGTERM', () => process.exit());
const file = process.env.DATA + '/entries';
createServer(async (request, response) => {
  if (request.method === 'POST') appendFileSync(file, await text(request) + '\\n');
  response.end(existsSync(file) ? readFileSync(file, 'utf8') : '');
}).listen(Number(process.env.PORT), process.env.HOST);
`;
/** Says what it was told of its bucket. */
const TELLER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const { BUCKET, ENDPOINT, KEY_ID, KEY_FILE } = process.env;
const told = JSON.stringify({ bucket: BUCKET, endpoint: ENDPOINT, keyId: KEY_ID, secret: readFileSync(KEY_FILE, 'utf8').length });
createServer((_, response) => response.end(told)).listen(Number(process.env.PORT), '127.0.0.1');
`;

const storage = (name: string, driver: string) => ({
  ...{ name, version: '1.0.0', type: 'storage', driver },
  capabilities: [{ namespace: 'storage', attributes: { access: name } }],
});
const needs = (access: string) => [{ name: 'data', namespace: 'storage', attributes: { access } }];

const definitions = (image: string) => [
  storage('crate', 'docker-volume'),
  storage('bucket', 's3'),
  {
    ...{ name: 'boxed', version: '1.0.0', type: 'instance', driver: 'docker', requirements: needs('crate') },
    offerings: [{ name: 'sign', title: 'What it is told', schema: { type: 'string' }, default: 'open' }],
    spec: {
      artefact: 'app',
      container: { image, mounts: { data: '/data' } },
      command: ['/bin/node', 'app.mjs'],
      environment: { PORT: '${port}', HOST: '${host}', DATA: '${data.path}', KEY: '${secret.key}', SIGN: '${offering.sign}' },
      secrets: { key: { bytes: 32 } },
      health: { path: '/', startSeconds: 60, intervalSeconds: 1 },
    },
  },
  {
    ...{ name: 'teller', version: '1.0.0', type: 'instance', driver: 'process', requirements: needs('bucket') },
    spec: {
      artefact: 'app',
      command: ['node', 'teller.mjs'],
      environment: {
        PORT: '${port}',
        BUCKET: '${data.bucket}',
        ENDPOINT: '${data.endpoint}',
        KEY_ID: '${data.accessKeyId}',
        KEY_FILE: '${data.secretAccessKey}',
      },
      health: { path: '/', startSeconds: 60 },
    },
  },
];

const { effect } = dies;
/** Where processes die while containers and volumes are made, stopped, read out and given back: right around what the engine does. */
const POINTS: Tried['points'] = {
  storage: [
    // The volume stands at the engine, and nobody knows of it yet.
    effect('before', String.raw`rename .*docker-volume/.*\.staging/volume$`),
    effect('before', String.raw`rename .*docker-volume/.*/g\d+$`),
    effect('after', String.raw`rename .*docker-volume/.*/g\d+$`),
    // Its tombstone stands, and so does the volume.
    effect('after', String.raw`link .*docker-volume/.*/g\d+$`),
  ],
  instance: [
    // Nothing of it is at the engine yet.
    effect('after', String.raw`rename .*instance/docker/.*/g\d+$`),
    // It runs and is well, which nobody knows yet.
    effect('before', String.raw`rename .*instance/docker/.*/healthy$`),
    effect('after', String.raw`rename .*instance/docker/.*/healthy$`),
    // Its container is gone, or another one's to be: an update.
    effect('before', String.raw`rename .*instance/docker/.*/g\d+/secrets$`),
    effect('after', String.raw`rename .*instance/docker/.*/g\d+/instance\.json$`),
    // It was stopped, to be read out or given back.
    effect('before', String.raw`rename .*instance/docker/.*/stopped$`),
    // Its tombstone stands, and so does the container.
    effect('after', String.raw`link .*instance/docker/.*/g\d+$`),
  ],
};
/** How long a caller waits for an answer, in ms. */
const PATIENCE = 120_000;

const noEngine = whyNoDockerEngine() ?? (process.getuid?.() === 0 ? undefined : 'only root reaches the folders of volumes');
const noStore = whyNoS3Store();
const skipped = (missing: string | undefined) => (missing === undefined ? '' : ` (skipped: ${missing})`);

describe('Containers, volumes and buckets', () => {
  let engine: TestEngine | undefined;
  let store: TestS3Store | undefined;
  let content: string;
  let mesh: TestMesh;
  let caller: Caller;

  beforeAll(async () => {
    if (noEngine !== undefined && noStore !== undefined) return;
    [engine, store] = await Promise.all([
      noEngine === undefined ? startDockerEngine() : undefined,
      noStore === undefined ? startS3Store() : undefined,
    ]);
    const image = engine ? importNodeImage(engine.host) : 'none';
    content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
    mkdirSync(join(content, 'boxes/app'), { recursive: true });
    writeFileSync(join(content, 'boxes/app/app.mjs'), APP);
    writeFileSync(join(content, 'boxes/app/teller.mjs'), TELLER);
    const boxes = { name: 'boxes', version: '1.0.0', definitions: definitions(image) };
    writeFileSync(join(content, 'boxes/package.yaml'), stringify(boxes));
    const drivers = {
      storage: ['directory', 'docker-volume', ...(store ? ['s3'] : [])],
      database: 'sqlite',
      instance: ['process', 'docker'],
    };
    mesh = await TestMesh.start({
      processes: true,
      settings: {
        contentFolder: content,
        defaultDefinition: 'boxed',
        guestLocations: { local: { location: 'local', drivers } },
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

  const read = (name: string) => caller.insist(async () => (await fetch(await caller.urlOf(name))).text());
  const write = async (name: string, body: string) =>
    void (await caller.insist(async () => fetch(await caller.urlOf(name), { method: 'POST', body })));
  /** All that the engine has of ours. */
  const atEngine = () => {
    const ours = ['--filter', 'label=slipway.mesh=dev'];
    const containers = engine!.docker('ps', '--all', ...ours, '--format', '{{.Names}}');
    return [...containers.split('\n'), ...engine!.docker('volume', 'ls', ...ours, '--quiet').split('\n')].filter((name) => name);
  };

  (noEngine === undefined ? it : it.skip)(
    `an instance as a container with a volume is provisioned, exported, imported elsewhere and given back${skipped(noEngine)}`,
    async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'shop' });
      await write('shop', 'first');
      const { result } = await caller.job('export', { instanceId: 'shop' });
      await write('shop', 'second');
      const { snapshot } = result as { snapshot: string };
      await caller.job('import', { ownerId: 'bob', instanceId: 'copy', snapshot, snapshotId: true });
      expect(await read('copy')).toBe('first\n');
      expect(await read('shop')).toBe('first\nsecond\n');
      expect(atEngine()).toHaveLength(4);
      for (const instanceId of ['shop', 'copy']) await caller.job('deprovision', { instanceId });
      expect(atEngine()).toEqual([]);
      expect(standing(mesh.data)).toEqual([]);
    },
    400_000,
  );

  (noStore === undefined ? it : it.skip)(
    `an instance is wired to a bucket and its credentials${skipped(noStore)}`,
    async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'till', definition: 'teller' });
      const { outputs } = await mesh.client().storages.get('till-data');
      expect(JSON.parse(await read('till'))).toEqual({
        bucket: outputs.bucket,
        endpoint: store!.endpoint,
        keyId: outputs.accessKeyId,
        secret: expect.any(Number),
      });
      expect(outputs.accessKeyId).not.toBe(store!.accessKeyId);
      expect(outputs.secretAccessKey).toMatch(/^secret:/);
      await caller.job('deprovision', { instanceId: 'till' });
    },
    200_000,
  );

  const killed = noEngine ?? (embedded ? undefined : 'the log is not the embedded one');
  (killed === undefined ? it : it.skip)(
    `processes die before and after what they do at an engine, in every job: nothing lost, nothing twice, nothing left${skipped(killed)}`,
    async () => {
      await dieInEveryJob(mesh, {
        update: { sign: 'closed' },
        points: POINTS,
        write,
        read,
        standing: () => [...atEngine(), ...standing(mesh.data)],
        parts: 4,
      });
    },
    900_000,
  );
});
