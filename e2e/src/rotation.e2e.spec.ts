/** A rotated password stays the password: whatever is done to the instance afterwards, the old one is not given back to it. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { JsonObject } from '@slipway/contracts';
import { TestMesh, root } from '@slipway/testing';
import { stringify } from 'yaml';
import { keepersOf } from './keepers.js';
import { whereBordersAre } from './modes.js';
import { slipway } from './slipway.js';

const run = promisify(execFile);

/** Tells the password that it was given, and what was chosen. */
const APP = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const { PASSWORD_FILE, GREETING, PORT, HOST } = process.env;
createServer((_, response) => response.end(GREETING + ' ' + readFileSync(PASSWORD_FILE, 'utf8'))).listen(Number(PORT), HOST);
`;

const version = (number: string, artefact: string) => ({
  ...{ name: 'teller', version: number, type: 'instance' },
  offerings: [{ name: 'greeting', title: 'Greeting', schema: { type: 'string' }, default: 'hello' }],
  requirements: [{ name: 'db', namespace: 'database', attributes: { engine: 'postgres' } }],
  spec: {
    artefact,
    command: ['node', 'app.mjs'],
    environment: { PORT: '${port}', HOST: '${host}', PASSWORD_FILE: '${db.password}', GREETING: '${offering.greeting}' },
    health: { path: '/', startSeconds: artefact === 'broken' ? 3 : 60 },
  },
});

const { missing } = keepersOf(
  () => '',
  () => undefined!,
).find(({ name }) => name === 'postgres')!;
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

whereBordersAre('A password that was made anew', ({ processes }) => {
  let content: string;
  let mesh: TestMesh;
  let client: SlipwayClient;
  let rotated: JsonObject;
  beforeAll(async () => {
    if (missing !== undefined) return;
    content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
    cpSync(join(root, 'content'), content, { recursive: true });
    for (const [artefact, text] of Object.entries({ app: APP, broken: 'process.exit(3);' })) {
      mkdirSync(join(content, 'tellers', artefact), { recursive: true });
      writeFileSync(join(content, 'tellers', artefact, 'app.mjs'), text);
    }
    const definitions = [version('1.0.0', 'app'), version('2.0.0', 'broken')];
    writeFileSync(join(content, 'tellers/package.yaml'), stringify({ name: 'tellers', version: '1.0.0', definitions }));
    const soon = { timeoutSeconds: 60, tries: 1, backoffSeconds: 0.2, maxBackoffSeconds: 1 };
    const steps = { storage: soon, database: soon, instance: soon };
    mesh = await TestMesh.start({ processes, settings: { contentFolder: content, steps } });
    client = mesh.client();
    const made = await slipway(mesh, ['provision', '--definition=teller@1.0.0', 'ada', 'shop']);
    expect([made.code, made.stderr]).toMatchObject([0, expect.anything()]);
  }, 240_000);
  afterAll(async () => {
    await mesh?.remove();
    if (content && existsSync(content)) rmSync(content, { recursive: true });
  }, 60_000);

  const page = async () => (await fetch(String((await client.instances.get('shop')).outputs['url']))).text();
  const told = async () =>
    (await client.instances.credentials('shop')).credentials.find(({ kind }) => kind === 'database')!.values;
  const opens = ({ host, port, database, user, password }: JsonObject) =>
    run('psql', ['-X', '-q', '-A', '-t', '-w', '-c', 'SELECT 1'], {
      env: {
        ...{ PATH: process.env['PATH'], PGHOST: String(host), PGPORT: String(port), PGDATABASE: String(database) },
        ...{ PGUSER: String(user), PGPASSWORD: String(password) },
      },
    }).then(
      ({ stdout }) => stdout.trim() === '1',
      () => false,
    );
  /** What the instance was given, what is told of it, and what opens the database are one and the same. */
  const holds = async (greeting: string) => {
    expect(await page()).toBe(`${greeting} ${String(rotated['password'])}`);
    expect(await told()).toEqual(rotated);
    expect(await opens(rotated)).toBe(true);
  };

  (missing === undefined ? it : it.skip)(
    `opens the database, and the one before opens it no more${skipped}`,
    async () => {
      const before = await told();
      expect([await page(), await opens(before)]).toEqual([`hello ${String(before['password'])}`, true]);
      expect((await slipway(mesh, ['credentials', 'rotate', 'shop'])).code).toBe(0);
      await client.instances.settled('default.shop', 'running', { timeoutMs: 120_000 });
      rotated = await told();
      expect(rotated['password']).not.toBe(before['password']);
      expect(await opens(before)).toBe(false);
      await holds('hello');
    },
    240_000,
  );

  (missing === undefined ? it : it.skip)(
    `is what the instance has after an update${skipped}`,
    async () => {
      expect((await slipway(mesh, ['update', '--offering=greeting=welcome', 'shop'])).code).toBe(0);
      await holds('welcome');
    },
    240_000,
  );

  (missing === undefined ? it : it.skip)(
    `is what it has, and what is told, after an export${skipped}`,
    async () => {
      expect((await slipway(mesh, ['export', 'shop'])).code).toBe(0);
      await holds('welcome');
    },
    240_000,
  );

  (missing === undefined ? it : it.skip)(
    `is what it has after an update that fails, and after a retry of that${skipped}`,
    async () => {
      const { requestId } = await client.update({ instanceId: 'shop', definition: 'teller@2.0.0' });
      expect((await client.wait(requestId, { timeoutMs: 120_000 })).status).toBe('failed');
      await holds('welcome');
      await client.requests.retry(requestId);
      expect((await client.wait(requestId, { timeoutMs: 120_000 })).status).toBe('failed');
      await holds('welcome');
    },
    300_000,
  );
});
