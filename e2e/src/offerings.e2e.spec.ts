import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';

inBothModes('What end users can choose', ({ processes }) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  it('is listed, with who offers it', async () => {
    const { code, stdout } = await slipway(mesh, [
      'provisioners',
      'offerings',
      'slipway',
      '--definition=guestbook',
      '-o',
      'json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'greeting', default: 'Guestbook', from: 'definition', schema: { type: 'string' } },
      { name: 'size-limit', default: '64MiB', from: 'definition' },
    ]);
  });

  it('is refused before anything changes where nobody offers it, or where it does not fit', async () => {
    const choose = ['--offering', 'colour=red', '--offering', 'size-limit=1TiB'];
    for (const command of ['plan', 'provision']) {
      const { code, stderr } = await slipway(mesh, [command, '--definition=guestbook', ...choose, 'ada', 'shop']);
      expect([command, code]).toEqual([command, 2]);
      expect(stderr).toContain(
        'offerings.colour: is not offered; there are: greeting (What stands on top of the page), size-limit (',
      );
      expect(stderr).toContain('offerings.size-limit: must be one of "64MiB", "256MiB", "1GiB"');
    }
    expect(standing(mesh.data)).toEqual([]);
    expect((await mesh.client().requests.list()).items).toEqual([]);
  });

  it('reaches what is made: the app shows the greeting, the storage has the space; and it is recorded with the request', async () => {
    const choose = ['--offering', 'greeting=Visitors & friends', '--offering', 'size-limit=256MiB'];
    const { code, stdout } = await slipway(mesh, ['provision', '--definition=guestbook', ...choose, 'ada', 'shop']);
    expect(code).toBe(0);
    expect(await (await fetch(/http:\/\/\S+/.exec(stdout)![0])).text()).toContain('<h1>Visitors &amp; friends</h1>');
    const client = mesh.client();
    const { observed } = await client.storages.get('default.shop-data');
    expect(observed).toMatchObject({ sizeLimit: { bytes: 256 * 1024 ** 2 } });
    const [request] = (await client.requests.list()).items;
    const shown = await slipway(mesh, ['requests', request!.id, '-o', 'json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      provisioner: { name: 'slipway', by: 'default' },
      offerings: { greeting: 'Visitors & friends', 'size-limit': '256MiB' },
    });
  });

  it('has defaults, which hold when nothing is chosen', async () => {
    const { stdout } = await slipway(mesh, ['provision', '--definition=guestbook', 'ada', 'hall']);
    expect(await (await fetch(/http:\/\/\S+/.exec(stdout)![0])).text()).toContain('<h1>Guestbook</h1>');
  });

  it('comes from whom the services announce: all of it is there', async () => {
    const { stdout } = await slipway(mesh, ['provisioners', '-o', 'json']);
    const [{ provides, absent }] = JSON.parse(stdout) as [
      { provides: { kind: string; present: boolean; verbs: string[] }[]; absent: string[] },
    ];
    expect(absent).toEqual([]);
    expect(provides.map(({ kind, present }) => [kind, present])).toContainEqual(['instance', true]);
    expect(provides.every(({ verbs }) => verbs.includes('provision'))).toBe(true);
  });
});
