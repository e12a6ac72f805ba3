import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestView } from '@slipway/client';
import { TestMesh } from '@slipway/testing';
import { processesIn, standing } from './place.js';
import { slipway } from './slipway.js';

const VERDACCIO = '6.10.4';
const looked = spawnSync('npm', ['view', `verdaccio@${VERDACCIO}`, 'version'], { encoding: 'utf8', timeout: 30_000 });
const reached = looked.stdout?.includes(VERDACCIO) ?? false;
const unreached = reached ? '' : ' (skipped: no npm registry is reached that has verdaccio)';
/** How this machine reaches a registry, as whoever starts a mesh has it in the environment. */
const network = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|npm_config_\w+)$/i.test(name),
  ),
);

(reached ? describe : describe.skip)(`The sample verdaccio, which npm brings${unreached}`, () => {
  let mesh: TestMesh;
  let url: string;
  beforeAll(async () => {
    mesh = await TestMesh.start({ env: network });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  const call = (path: string, method = 'GET', body?: object, token?: string) =>
    fetch(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });

  it('is provisioned with a storage, in exactly the versions that its definition names', async () => {
    const asked = ['provision', '--definition=verdaccio', '--timeout=300', 'ada', 'packages'];
    const { code, stdout, stderr } = await slipway(mesh, asked);
    expect(`${stderr}${stdout}`).toContain('instance/packages succeeded');
    expect(code).toBe(0);
    const instance = await mesh.client().instances.get('default.packages');
    url = String(instance.outputs.url);
    expect((await call('/-/ping')).status).toBe(200);
    expect(standing(mesh.data)).toEqual(['instance/default.packages/g1', 'storage/default.packages-data/g1']);
  }, 360_000);

  it('takes a package from a user of its own, keeps it in its storage, and gives it out', async () => {
    const user = await call('/-/user/org.couchdb.user:ada', 'PUT', { name: 'ada', password: 'a long password' });
    const { token } = (await user.json()) as { token: string };
    const archive = Buffer.from('not really an archive');
    const name = 'greeting-1.0.0.tgz';
    const dist = { tarball: `${url}/greeting/-/${name}`, shasum: createHash('sha1').update(archive).digest('hex') };
    const published = {
      ...{ _id: 'greeting', name: 'greeting', 'dist-tags': { latest: '1.0.0' } },
      versions: { '1.0.0': { name: 'greeting', version: '1.0.0', dist } },
      _attachments: {
        [name]: { content_type: 'application/octet-stream', data: archive.toString('base64'), length: archive.length },
      },
    };
    expect((await call('/greeting', 'PUT', published)).status).toBe(401);
    expect((await call('/greeting', 'PUT', published, token)).status).toBe(201);
    const given = await call(`/greeting/-/${name}`);
    expect(Buffer.from(await given.arrayBuffer())).toEqual(archive);
    const { path } = (await mesh.client().storages.get('default.packages-data')).outputs;
    expect(readdirSync(join(String(path), 'packages/greeting'))).toContain(name);
  }, 60_000);

  it('is given back, and nothing of it is left', async () => {
    const { requestId } = await mesh.client().deprovision({ instanceId: 'packages' });
    expect(await mesh.client().wait(requestId)).toMatchObject({ status: 'succeeded' } satisfies Partial<RequestView>);
    expect(standing(mesh.data)).toEqual([]);
    expect(processesIn(mesh.data)).toEqual([]);
  }, 60_000);
});

const PG = '/usr/lib/postgresql';
const versions = existsSync(PG) ? readdirSync(PG) : [];
const lacks = !versions.some((version) => existsSync(join(PG, version, 'bin/initdb')))
  ? ' (skipped: PostgreSQL is not installed: apt-get install postgresql)'
  : unreached;

(lacks === '' ? describe : describe.skip)(`The sample notes, a service with PostgreSQL${lacks}`, () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ env: network });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  const notes = async (method = 'GET', body?: object) => {
    const { url } = (await mesh.client().instances.get('default.pad')).outputs;
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${String(url)}/notes`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: answer.status, content: await answer.json() };
  };

  it('is provisioned with a database of its own, on a server that is started for it', async () => {
    const asked = ['provision', '--definition=notes', '--timeout=300', 'ada', 'pad'];
    const { code, stdout, stderr } = await slipway(mesh, asked);
    expect(`${stderr}${stdout}`).toContain('instance/pad succeeded');
    expect(code).toBe(0);
    const { outputs, driver } = await mesh.client().databases.get('default.pad-db');
    expect(driver).toBe('postgres');
    expect(outputs).toMatchObject({ engine: 'postgres', password: expect.stringMatching(/^secret:/) });
    expect(await notes('POST', { text: 'kept' })).toMatchObject({ status: 201 });
    expect(await notes()).toMatchObject({ status: 200, content: [{ text: 'kept' }] });
    expect(await notes('POST', { text: '' })).toMatchObject({ status: 422 });
  }, 360_000);

  it('is given back with its database; the server ends with the mesh', async () => {
    const { requestId } = await mesh.client().deprovision({ instanceId: 'pad' });
    expect(await mesh.client().wait(requestId)).toMatchObject({ status: 'succeeded' } satisfies Partial<RequestView>);
    expect(standing(mesh.data)).toEqual([]);
    expect(processesIn(mesh.data)).not.toEqual([]);
    await mesh.stop();
    expect(processesIn(mesh.data)).toEqual([]);
  }, 120_000);
});
