/** An instance goes to a machine that is reached over SSH, with its storage, and moves there from this one with all it has. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { whyNoSshServer } from '@slipway/interfaces/testing/ssh-server';
import { TestMesh } from '@slipway/testing';
import { stringify } from 'yaml';
import { Caller } from './caller.js';
import { FarHost } from './far-host.js';
import type { Kept } from './keeper.js';
import { whereBordersAre } from './modes.js';
import { processesIn, standing } from './place.js';

const definitions = [
  { name: 'files', version: '1.0.0', type: 'storage', capabilities: [{ namespace: 'storage', attributes: { access: 'files' } }] },
  {
    ...{ name: 'desk', version: '1.0.0', type: 'instance' },
    requirements: [{ name: 'data', namespace: 'storage', attributes: { access: 'files' } }],
    spec: {
      ...{ artefact: 'app', command: ['node', 'app.mjs'] },
      environment: { PORT: '${port}', HOST: '${host}', DATA: '${data.path}' },
      health: { path: '/', startSeconds: 60 },
    },
  },
  {
    ...{ name: 'box', version: '1.0.0', type: 'instance', driver: 'docker' },
    spec: { container: { image: 'none' }, health: { path: '/' } },
  },
  {
    ...{ name: 'rows', version: '1.0.0', type: 'database', spec: {} },
    capabilities: [{ namespace: 'database', attributes: { engine: 'sqlite' } }],
  },
  {
    ...{ name: 'ledger', version: '1.0.0', type: 'instance' },
    requirements: [{ name: 'db', namespace: 'database', attributes: { engine: 'sqlite' } }],
    spec: { command: ['node', '-v'] },
  },
];

const missing = whyNoSshServer();
/** How long a caller waits for an answer, in ms. */
const PATIENCE = 120_000;

const about = 'An instance at a machine that is reached over SSH';
if (missing !== undefined) it.skip(`${about} (skipped: ${missing})`, () => {});
else
  whereBordersAre(about, ({ processes }) => {
    let host: FarHost;
    let mesh: TestMesh;
    let caller: Caller;

    beforeAll(async () => {
      host = await FarHost.start(stringify({ name: 'desks', version: '1.0.0', definitions }));
      const here = { storage: 'directory', database: 'sqlite', instance: ['process', 'docker'] };
      const overSsh = { storage: 'directory', instance: 'process' };
      mesh = await TestMesh.start({
        processes,
        settings: {
          contentFolder: host.content,
          defaultDefinition: 'desk',
          locations: ['local', 'far'],
          hosts: { far: { ssh: host.ssh, folder: host.there, node: process.execPath } },
          guestLocations: { here: { location: 'local', drivers: here }, there: { location: 'far', drivers: overSsh } },
          clusters: { default: ['here', 'there'] },
        },
      });
      caller = new Caller(mesh, PATIENCE);
    }, 300_000);
    afterAll(async () => {
      await mesh?.remove();
      await host?.remove();
    }, 60_000);

    const ask = async (name: string, entry?: string): Promise<Kept> => {
      const answer = await fetch(await caller.urlOf(name), entry === undefined ? {} : { method: 'POST', body: entry });
      return (await answer.json()) as Kept;
    };
    const placed = { ownerId: 'ada', guestLocation: 'there' };

    it('is provisioned there with its storage, answers at that machine, and is started again by what stands there', async () => {
      await caller.job('provision', { ...placed, instanceId: 'shop', definition: 'desk' });
      const said = await ask('shop', 'one;');
      expect(said).toMatchObject({ home: 'one;', data: 'one;' });
      expect(said.at).toBe(join(host.there, 'places/far/instance/process/default.shop/g1/home'));
      expect((await mesh.client().instances.get('shop')).outputs).toMatchObject({ host: '127.0.0.1' });
      expect(standing(mesh.data)).toEqual([]);
      process.kill(said.pid, 'SIGKILL');
      const again = await caller.insist(() => ask('shop'));
      expect(again).toMatchObject({ home: 'one;', data: 'one;' });
      expect(again.pid).not.toBe(said.pid);
    }, 240_000);

    it('is moved there from this machine with what its home and its storage hold, and back', async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'desk', definition: 'desk', guestLocation: 'here' });
      await ask('desk', 'two;');
      const move = async (from: string, to: string, guestLocation: string) => {
        const { result } = await caller.job('export', { instanceId: from });
        const { snapshot } = result as { snapshot: string };
        await caller.job('import', { ownerId: 'ada', instanceId: to, snapshot, snapshotId: true, guestLocation });
      };
      await move('desk', 'desk-there', 'there');
      const said = await ask('desk-there', 'three;');
      expect(said).toMatchObject({ home: 'two;three;', data: 'two;three;' });
      expect(said.at.startsWith(host.there)).toBe(true);
      await move('desk-there', 'desk-back', 'here');
      expect(await ask('desk-back')).toMatchObject({ home: 'two;three;', data: 'two;three;' });
    }, 300_000);

    it('is refused by name, before anything changes, where what it needs cannot be made there', async () => {
      const refused = async (definition: string) => {
        const { outcome, unsatisfied } = await mesh.client().plan({ ...placed, instanceId: 'refused', definition });
        return { outcome, messages: unsatisfied?.map(({ message }) => message) };
      };
      expect(await refused('box')).toEqual({
        outcome: 'unsatisfied',
        messages: [expect.stringContaining('Guest location "there" has no instance driver docker')],
      });
      expect(await refused('ledger')).toEqual({
        outcome: 'unsatisfied',
        messages: [
          expect.stringContaining('does not provide database at guest location "there"; it provides instance and storage there.'),
        ],
      });
    }, 180_000);

    it('leaves nothing there when it is given back', async () => {
      for (const instanceId of ['shop', 'desk-there']) await caller.job('deprovision', { instanceId });
      expect(existsSync(join(host.there, 'places/far'))).toBe(true);
      expect(standing(host.there)).toEqual([]);
      expect(processesIn(host.there)).toEqual([]);
    }, 180_000);
  });
