import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { standing } from './place.js';
import { slipway } from './slipway.js';

/** A time from now, as a job names it. */
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('An instance that is wanted until a time', () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ settings: { instances: { expiryNoticeSeconds: 30 } } });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  const events = async (type: string) => (await mesh.client().newestEvents({ type: [type] }, 10)).items;
  const until = async (done: () => Promise<boolean>) => {
    for (let tries = 0; tries < 600; tries++)
      if (await done()) return;
      else await sleep(200);
    throw new Error('It did not come to pass');
  };

  it('is put off, and shown with its time', async () => {
    const first = inSeconds(600);
    const { code } = await slipway(mesh, ['provision', '--definition=hello', `--until=${first}`, 'ada', 'shop']);
    expect(code).toBe(0);
    await until(async () => (await mesh.client().instances.get('shop')).until === first);
    const later = inSeconds(900);
    const extended = await slipway(mesh, ['instances', 'extend', 'shop', `--until=${later}`]);
    expect([extended.code, extended.stdout]).toEqual([0, expect.stringContaining('shop is wanted until ')]);
    await until(async () => (await mesh.client().instances.get('shop')).until === later);
    const refused = await slipway(mesh, ['instances', 'extend', 'shop', `--until=${first}`]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('until: must be later than')]);
  });

  it('is given back by itself, by the system, and who follows the events is told before', async () => {
    const asked = ['provision', '--definition=hello', `--until=${inSeconds(20)}`, 'ada', 'soon'];
    expect((await slipway(mesh, asked)).code).toBe(0);
    await until(async () => (await events('NameReleased')).some(({ data }) => data['name'] === 'soon'));
    const [ahead] = await events('InstanceExpiring');
    const [over] = await events('InstanceExpired');
    expect([ahead!.data['name'], over!.data['name']]).toEqual(['soon', 'soon']);
    expect(ahead!.position < over!.position).toBe(true);
    const { items } = await mesh.client().requests.list({ filter: { job: 'deprovision' } });
    expect(items).toMatchObject([{ instanceId: 'soon', status: 'succeeded', actor: { id: 'orchestrator', type: 'system' } }]);
    const [accepted] = (await mesh.client().requests.events(items[0]!.id)).items;
    expect(accepted!.causationId).toBe(over!.id);
    expect(standing(mesh.data)).toEqual(['instance/default.shop/g1']);
  });
});
