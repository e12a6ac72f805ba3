import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';

inBothModes('A service and everything it needs', ({ processes }) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  it('is planned without any change', async () => {
    const before = await mesh.client().info();
    const { code, stdout } = await slipway(mesh, ['plan', 'ada', 'shop', '--definition=guestbook']);
    expect(code).toBe(0);
    expect(stdout).toContain('+ storage/shop-data');
    expect(stdout).toContain('+ database/shop-db');
    expect(stdout).toContain('+ instance/shop');
    expect(stdout).toContain('Nothing has been changed.');
    expect(standing(mesh.data)).toEqual([]);
    expect((await mesh.client().info()).eventLog.position).toBe(before.eventLog.position);
  });

  it('is provisioned, step by step, until it answers', async () => {
    const { code, stdout, stderr } = await slipway(mesh, ['provision', '--definition=guestbook', '--', 'ada', 'shop']);
    expect(stderr).toContain('storage/shop-data succeeded');
    expect(stderr).toContain('database/shop-db succeeded');
    expect(stderr).toContain('instance/shop succeeded');
    expect(code).toBe(0);
    const url = /http:\/\/\S+/.exec(stdout)![0];
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(standing(mesh.data)).toEqual([
      'database/default.shop-db/g1',
      'instance/default.shop/g1',
      'storage/default.shop-data/g1',
    ]);
  });

  it('shows in every list, with health', async () => {
    const client = mesh.client();
    const look = async () => (await client.instances.list({ filter: { name: 'shop' } })).items[0]!;
    let instance = await look();
    for (let tries = 0; tries < 100 && instance.health !== 'healthy'; tries++) {
      await sleep(100); // Its first look comes a moment after it was made.
      instance = await look();
    }
    expect(instance).toMatchObject({
      id: 'default.shop',
      status: 'present',
      health: 'healthy',
      generation: 1,
      definition: { name: 'guestbook' },
    });
    expect((await client.storages.get('default.shop-data')).outputs.path).toEqual(expect.stringContaining('shop-data'));
    expect((await client.databases.get('default.shop-db')).status).toBe('present');
    const { items } = await client.environments.list();
    expect(items).toEqual([expect.objectContaining({ name: 'default', instances: 1, storages: 1, databases: 1, paused: false })]);
  });

  it('answers who asked for what, when and why, from recorded events', async () => {
    const client = mesh.client();
    const [request] = (await client.requests.list({ filter: { job: 'provision' } })).items;
    const { items } = await client.requests.events(request!.id);
    const types = items.map((event) => event.type);
    expect(types[0]).toBe('RequestAccepted');
    expect(types).toEqual(
      expect.arrayContaining(['PlanMade', 'RequestAdmitted', 'StepRequested', 'StepSucceeded', 'RequestSucceeded']),
    );
    expect(types.at(-1)).toBe('RequestSucceeded');
    expect(items[0]).toMatchObject({ ownerId: 'ada', data: { actor: { id: 'operator' }, owner: { id: 'ada', type: 'user' } } });
    const independent = request!.steps.filter((step) => step.after.length === 0).map((step) => step.id);
    expect(independent.toSorted()).toEqual(['database/shop-db', 'storage/shop-data']);
    expect(await client.requests.logs(request!.id)).toContain('storage/shop-data');
  });

  it('is found again by a second request, which starts no step', async () => {
    const accepted = await mesh.client().provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' });
    const request = await mesh.client().wait(accepted.requestId);
    expect(request.status).toBe('succeeded');
    expect(request.steps).toEqual([]);
    expect(request.result).toMatchObject({
      installed: [],
      alreadySatisfied: expect.arrayContaining([expect.objectContaining({ kind: 'instance', name: 'shop' })]),
    });
  });

  it('is given back whole, and was there when one looks back', async () => {
    const client = mesh.client();
    const then = (await client.info()).eventLog.position;
    const { code, stdout } = await slipway(mesh, ['deprovision', 'shop']);
    expect(code).toBe(0);
    expect(stdout).toContain('3 removed');
    expect(standing(mesh.data)).toEqual([]);
    expect((await client.instances.get('default.shop')).status).toBe('destroyed');
    expect((await client.instances.get('default.shop', { asOf: then })).status).toBe('present');
  });

  it('can be made anew under the same name, as a new generation', async () => {
    const { code } = await slipway(mesh, ['provision', '--definition=guestbook', 'bob', 'shop']);
    expect(code).toBe(0);
    expect((await mesh.client().instances.get('default.shop')).generation).toBe(2);
  });
});
