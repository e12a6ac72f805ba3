import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView } from '@slipway/contracts/http';
import { TestMesh, root } from '@slipway/testing';
import { parse, stringify } from 'yaml';
import { whereBordersAre } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';

type Definition = { name: string; version: string; requirements: { name: string; spec: object }[]; spec: object };

const FRAIL = `
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
const { PORT, HOST, NEEDS, VERSION } = process.env;
if (!existsSync(NEEDS)) process.exit(3);
createServer((_, response) => response.end(VERSION)).listen(Number(PORT), HOST);
`;

/** The shipped content, and newer guestbooks: 1.1.0 takes its time to start, 1.2.0 never does, 1.3.0 has another schema. */
function newerContent(folder: string): string {
  const content = join(folder, 'content');
  cpSync(join(root, 'content'), content, { recursive: true });
  const { definitions } = parse(readFileSync(join(content, 'samples/package.yaml'), 'utf8')) as { definitions: Definition[] };
  const guestbook = definitions.find(({ name }) => name === 'guestbook')!;
  const newer = join(content, 'newer');
  const server = (name: string, before: string) => {
    cpSync(join(content, 'samples/guestbook'), join(newer, name), { recursive: true });
    const file = join(newer, name, 'server.mjs');
    writeFileSync(file, `${before}\n${readFileSync(file, 'utf8')}`);
  };
  server('slow', 'await new Promise((resolve) => setTimeout(resolve, 1500));');
  server('broken', "console.error('this version is broken'); process.exit(3);");
  const version = (number: string, artefact: string, requirements = guestbook.requirements) => ({
    ...guestbook,
    version: number,
    requirements,
    spec: {
      ...guestbook.spec,
      artefact,
      health: { path: '/health', startSeconds: artefact === 'broken' ? 3 : 30, timeoutSeconds: 2 },
    },
  });
  const otherSchema = guestbook.requirements.map((one) =>
    one.name === 'db' ? { ...one, spec: { schema: 'CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT;' } } : one,
  );
  // Comes up only while a file is there.
  mkdirSync(join(newer, 'frail'));
  writeFileSync(join(newer, 'frail/server.mjs'), FRAIL);
  const frail = (number: string, file: string) => ({
    ...{ name: 'frail', version: number, type: 'instance' },
    spec: {
      artefact: 'frail',
      command: ['node', 'server.mjs'],
      environment: { PORT: '${port}', HOST: '${host}', NEEDS: join(folder, file), VERSION: number },
      health: { path: '/', startSeconds: 10 },
    },
  });
  const all = [
    frail('1.0.0', 'needed'),
    frail('2.0.0', 'missing'),
    version('1.1.0', 'slow'),
    version('1.2.0-broken', 'broken'),
    version('1.3.0-schema', 'slow', otherSchema),
  ];
  writeFileSync(join(newer, 'package.yaml'), stringify({ name: 'newer', version: '1.0.0', definitions: all }));
  return content;
}

whereBordersAre('An instance that is there is changed', ({ processes }) => {
  let folder: string;
  let mesh: TestMesh;
  let client: SlipwayClient;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-newer-'));
    const soon = { timeoutSeconds: 60, tries: 2, backoffSeconds: 0.2, maxBackoffSeconds: 1 };
    const steps = { storage: soon, database: soon, instance: soon };
    mesh = await TestMesh.start({ processes, settings: { contentFolder: newerContent(folder), steps } });
    client = mesh.client();
    expect((await slipway(mesh, ['provision', '--definition=guestbook@1.0.0', 'ada', 'shop'])).code).toBe(0);
    await sign('Ada');
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true });
  }, 60_000);

  const ended = (requestId: string): Promise<RequestView> => mesh.client().wait(requestId, { timeoutMs: 120_000 });
  const url = async () => String((await client.instances.get('shop')).outputs.url);
  const page = async () => (await fetch(await url())).text();
  const sign = async (name: string) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name, message: 'was here' });
    expect((await fetch(new URL('entries', await url()), { method: 'POST', headers, body })).ok).toBe(true);
  };
  const entries = async () => {
    const { items } = (await (await fetch(new URL('entries', await url()))).json()) as { items: { name: string }[] };
    return items.map(({ name }) => name);
  };
  const visits = async () =>
    Number(readFileSync(join(String((await client.storages.get('shop-data')).outputs.path), 'visits'), 'utf8'));
  const PARTS = ['database/default.shop-db/g1', 'instance/default.shop/g1', 'storage/default.shop-data/g1'];

  it('a choice: the plan says what, how and why, and data, address and secrets stay', async () => {
    await page();
    const before = {
      url: await url(),
      visits: await visits(),
      secrets: (await client.instances.credentials('shop')).credentials,
    };
    const planned = await slipway(mesh, [
      'plan',
      '--update',
      '--offering=greeting=Welcome',
      '--offering=size-limit=1GiB',
      'shop',
    ]);
    expect({ code: planned.code, stderr: planned.stderr }).toEqual({ code: 0, stderr: '' });
    expect(planned.stdout).toContain('~ storage/shop-data (volume@1.0.0, directory at local)');
    expect(planned.stdout).toContain('spec.sizeLimit: 64MiB → 1GiB (in place)');
    expect(planned.stdout).toContain('spec.environment.GREETING: Guestbook → Welcome (in place)');
    expect(planned.stdout).toContain('= database/shop-db is there');
    expect(planned.stdout).toContain('2 to change, 0 to make, 0 to remove. Nothing has been changed.');
    expect(await page()).not.toContain('Welcome');

    const made = await slipway(mesh, ['update', '--offering=greeting=Welcome', '--offering=size-limit=1GiB', 'shop']);
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    expect(made.stdout).toBe('shop is updated: 2 changed.\n');
    expect(await page()).toContain('Welcome');
    expect(await entries()).toEqual(['Ada']);
    expect(await visits()).toBeGreaterThan(before.visits);
    expect(await url()).toBe(before.url);
    expect((await client.instances.credentials('shop')).credentials).toEqual(before.secrets);
    expect(standing(mesh.data)).toEqual(PARTS);
    expect(await client.storages.get('shop-data')).toMatchObject({
      observed: { sizeLimit: { bytes: 1024 ** 3 } },
      generation: 1,
    });
    const again = await slipway(mesh, ['update', '--offering=greeting=Welcome', 'shop']);
    expect([again.code, again.stdout]).toEqual([0, 'shop is already as asked for; nothing was changed.\n']);
  }, 180_000);

  it('what nobody offers, and what is not there, is refused; nothing is recorded', async () => {
    await expect(client.update({ instanceId: 'shop', offerings: { colour: 'red' } })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('colour'),
    });
    await expect(client.update({ instanceId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
    const { items } = await client.requests.list({ filter: { job: 'update' } });
    expect(items.every(({ status }) => status === 'succeeded')).toBe(true);
  }, 60_000);

  it('that is stopped stays stopped, and is as it was changed when it is started', async () => {
    await client.instances.stop('shop');
    await client.instances.settled('shop', 'stopped');
    const request = await ended((await client.update({ instanceId: 'shop', offerings: { greeting: 'Quiet' } })).requestId);
    expect([request.status, request.cause]).toEqual(['succeeded', undefined]);
    expect(await client.instances.get('shop')).toMatchObject({ desired: 'stopped', health: 'stopped' });
    await expect(page()).rejects.toThrow();
    await client.instances.start('shop');
    await client.instances.settled('shop', 'running');
    expect(await page()).toContain('Quiet');
  }, 120_000);

  it('goes on when NATS is back that was killed in the middle', async () => {
    const { requestId } = await client.update({ instanceId: 'shop', offerings: { greeting: 'Back' } });
    await mesh.nats.stop('SIGKILL');
    await sleep(1_000);
    await mesh.nats.start();
    const request = await ended(requestId);
    expect([request.status, request.cause]).toEqual(['succeeded', undefined]);
    expect(await page()).toContain('Back');
    const again = await ended((await client.update({ instanceId: 'shop', offerings: { greeting: 'Quiet' } })).requestId);
    expect(again.status).toBe('succeeded');
  }, 180_000);

  it('to a newer version of its definition, and goes on where everything is killed in the middle', async () => {
    const plan = await client.plan({ ownerId: 'ada', job: 'update', instanceId: 'shop', definition: 'guestbook' });
    expect(plan.steps).toMatchObject([{ id: 'instance/shop', action: 'update', generation: 1 }]);
    expect(plan.steps[0]!.changes).toEqual(
      expect.arrayContaining([
        { field: 'definition', from: 'guestbook@1.0.0', to: 'guestbook@1.1.0', how: 'in-place' },
        { field: 'spec.artefact', from: 'guestbook', to: 'slow', how: 'replaced' },
      ]),
    );
    const { position: before } = await client.instances.get('shop');
    const { requestId } = await client.update({ instanceId: 'shop', definition: 'guestbook' });
    for (;;) {
      const { steps, endedAt } = await client.requests.get(requestId);
      if (steps.some(({ status }) => status === 'running') || endedAt !== undefined) break;
      await sleep(5);
    }
    await sleep(300);
    await mesh.killEverything();
    await mesh.startEverything();
    client = mesh.client();
    const request = await ended(requestId);
    expect([request.status, request.cause]).toEqual(['succeeded', undefined]);
    expect(request.result).toMatchObject({ updated: [{ name: 'shop', definition: { version: '1.1.0' } }], installed: [] });
    expect(await client.instances.get('shop')).toMatchObject({ generation: 1, definition: { version: '1.1.0' } });
    expect(await client.instances.get('shop', { asOf: before })).toMatchObject({ definition: { version: '1.0.0' } });
    expect([await entries(), standing(mesh.data)]).toEqual([['Ada'], PARTS]);
    expect(await page()).toContain('Quiet');
    const events = (await client.requests.events(requestId)).items.filter(({ type }) => type === 'StepSucceeded');
    expect(events).toHaveLength(1);
    expect(readdirSync(join(mesh.data, 'places/local/instance/process/default.shop')).filter((name) => name !== 'g1')).toEqual(
      [],
    );
  }, 240_000);

  it('to one that does not come up: it is undone, and the one before answers again', async () => {
    await sign('Grace');
    const made = await slipway(mesh, ['update', '--definition=guestbook@1.2.0-broken', 'shop']);
    expect(made.code).toBe(1);
    expect(made.stdout).toContain('update shop failed');
    const [request] = (await client.requests.list({ filter: { instanceId: 'shop' }, sort: '-acceptedAt' })).items;
    expect(request).toMatchObject({ status: 'failed', cause: { code: 'health-failed' } });
    expect(await client.requests.logs(request!.id)).toContain('this version is broken');
    expect(await page()).toContain('Quiet');
    expect(await entries()).toEqual(['Grace', 'Ada']);
    expect(await client.instances.get('shop')).toMatchObject({
      status: 'present',
      health: 'healthy',
      definition: { version: '1.1.0' },
    });
    expect((await client.plan({ ownerId: 'ada', job: 'update', instanceId: 'shop' })).outcome).toBe('satisfied');
  }, 180_000);

  it('but not what its driver cannot change: that is refused by the field, before anything is done', async () => {
    const { requestId } = await client.update({ instanceId: 'shop', definition: 'guestbook@1.3.0-schema' });
    const request = await ended(requestId);
    expect(request).toMatchObject({ status: 'unsatisfied', steps: [] });
    expect(request.result).toMatchObject({
      unsatisfied: [
        { reason: 'not-updatable', requirement: 'database/shop-db', message: expect.stringContaining('spec.schema') },
      ],
    });
    expect(await entries()).toEqual(['Grace', 'Ada']);
  }, 60_000);

  it('to one that does not come up, nor the one before again: given up, it is uncertain, and the next update repairs it', async () => {
    const needed = join(folder, 'needed');
    // Whoever the instance runs as sees it.
    chmodSync(folder, 0o755);
    writeFileSync(needed, '');
    expect((await slipway(mesh, ['provision', '--definition=frail@1.0.0', 'ada', 'frail'])).code).toBe(0);
    rmSync(needed);
    const { requestId } = await client.update({ instanceId: 'frail', definition: 'frail@2.0.0' });
    expect((await ended(requestId)).status).toBe('attention');
    expect((await slipway(mesh, ['abandon', '--reason=enough', requestId])).code).toBe(0);
    writeFileSync(needed, '');

    const planned = await slipway(mesh, ['plan', '--update', 'frail']);
    expect(planned.stdout).toContain('state: uncertain → as asked for (in place)');
    const repaired = await slipway(mesh, ['update', 'frail']);
    expect([repaired.code, repaired.stdout]).toEqual([0, 'frail is updated: 1 changed.\n']);
    const { outputs, health, definition } = await client.instances.get('frail');
    expect([health, definition.version]).toEqual(['healthy', '1.0.0']);
    expect(await (await fetch(String(outputs['url']))).text()).toBe('1.0.0');
    const again = await slipway(mesh, ['update', 'frail']);
    expect([again.code, again.stdout]).toEqual([0, 'frail is already as asked for; nothing was changed.\n']);
    expect((await slipway(mesh, ['deprovision', 'frail'])).code).toBe(0);
    expect(standing(mesh.data)).toEqual(PARTS);
  }, 240_000);

  it('and is given back as ever', async () => {
    expect((await slipway(mesh, ['deprovision', 'shop'])).code).toBe(0);
    expect(standing(mesh.data)).toEqual([]);
  }, 60_000);
});
