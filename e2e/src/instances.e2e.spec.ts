import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { whereBordersAre } from './modes.js';
import { processesIn } from './place.js';
import { program, slipway } from './slipway.js';

whereBordersAre('An instance that is there', ({ processes }) => {
  let mesh: TestMesh;
  let key: () => string;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
    const { code } = await slipway(mesh, ['provision', '--definition=guestbook', '--', 'ada', 'shop']);
    expect(code).toBe(0);
    key = () => readFileSync(join(mesh.data, 'places/local/instance/process/default.shop/g1/secrets/session-key'), 'utf8');
  }, 180_000);
  afterAll(() => mesh?.remove(), 60_000);
  const events = async (type: string) =>
    (await mesh.client().events({ category: ['instance'], type: [type] }, { limit: 100 })).items;

  it('is called through the gateway, at its own interface', async () => {
    const health = await slipway(mesh, ['instances', 'call', 'shop', '/health']);
    expect(health.code).toBe(0);
    const body = ['--body', '{"name":"Ada","message":"through the door"}'];
    const type = ['--header', 'Content-Type: application/json'];
    const entered = await slipway(mesh, ['instances', 'call', 'shop', '/entries', ...body, ...type]);
    expect({ code: entered.code, stderr: entered.stderr }).toEqual({ code: 0, stderr: '' });
    const missing = await slipway(mesh, ['instances', 'call', 'shop', '/nowhere']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('shop answered 404')]);
  }, 120_000);

  it('shows what it writes, and goes on with what it writes while somebody follows', async () => {
    const { code, stdout } = await slipway(mesh, ['instances', 'logs', 'shop', '--tail', 'all']);
    expect(code).toBe(0);
    const follower = spawn(process.execPath, [program, 'instances', 'logs', '--follow', 'shop'], {
      env: { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
    });
    let text = '';
    follower.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    const longer = async (than: number) => {
      while (text.length <= than) await once(follower.stdout, 'data');
    };
    if (stdout.length > 0) await longer(stdout.length - 1);
    const before = text.length;
    expect((await slipway(mesh, ['instances', 'restart', 'shop'])).code).toBe(0);
    await longer(before);
    follower.kill();
    expect(text.startsWith(stdout)).toBe(true);
  }, 120_000);

  it('is stopped, stays so over a restart of the whole mesh, and is started again', async () => {
    const stopped = await slipway(mesh, ['instances', 'stop', 'shop', '--reason', 'moving its disk']);
    expect([stopped.code, stopped.stdout]).toEqual([0, 'shop is stopped.\n']);
    expect(processesIn(mesh.data, 'default.shop')).toEqual([]);
    const called = await slipway(mesh, ['instances', 'call', 'shop', '/health']);
    expect([called.code, called.stdout]).toEqual([1, expect.stringContaining('instances start shop')]);

    await mesh.killEverything({ nats: true });
    await mesh.startEverything();
    expect((await slipway(mesh, ['instances', 'restart', 'nobody'])).code).toBe(1);
    const looked = await mesh.client().instances.get('default.shop');
    expect([looked.desired, looked.health]).toEqual(['stopped', 'stopped']);
    expect(processesIn(mesh.data, 'default.shop')).toEqual([]);

    const started = await slipway(mesh, ['instances', 'start', 'shop']);
    expect([started.code, started.stdout]).toEqual([0, 'shop runs.\n']);
    expect((await slipway(mesh, ['instances', 'call', 'shop', '/health'])).code).toBe(0);
    const wanted = (await events('InstanceDesiredStateChanged')).map(({ data, actor }) => [data.desired, data.reason, actor?.id]);
    expect(wanted.slice(-2)).toEqual([
      ['stopped', 'moving its disk', 'operator'],
      ['running', undefined, 'operator'],
    ]);
  }, 180_000);

  it('tells its credentials to who may ask, and is given new ones', async () => {
    const before = key();
    const shown = await slipway(mesh, ['credentials', 'shop']);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(before)]);
    const [read] = (await events('InstanceCredentialsRead')).slice(-1);
    expect([read!.actor, read!.ownerId]).toEqual([{ id: 'operator', type: 'user' }, 'ada']);

    const rotated = await slipway(mesh, ['credentials', 'rotate', 'shop']);
    expect([rotated.code, rotated.stdout]).toEqual([0, 'shop has new secrets.\n']);
    expect(key()).not.toBe(before);
    expect((await slipway(mesh, ['credentials', 'shop'])).stdout).toContain(key());
    await mesh.client().instances.settled('default.shop', 'running', { timeoutMs: 60_000 });
    expect((await slipway(mesh, ['instances', 'call', 'shop', '/health'])).code).toBe(0);

    const everything = JSON.stringify((await mesh.client().events({}, { limit: 5_000 })).items) + mesh.logs();
    for (const secret of [before, key()]) expect(everything).not.toContain(secret);
  }, 180_000);
});
