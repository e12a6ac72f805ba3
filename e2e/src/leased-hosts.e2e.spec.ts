/** A service goes to a host that is leased for it: over SSH, through kill -9, and is gone with its lease. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LeaseView } from '@slipway/contracts/public';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { TestMesh, root } from '@slipway/testing';
import { Caller } from './caller.js';
import { KEEPER, type Kept } from './keeper.js';
import { whereBordersAre } from './modes.js';
import { processesWith, standing } from './place.js';

/** As the reference of definitions shows it. */
const page = readFileSync(join(root, 'docs/reference/definitions.md'), 'utf8');
const content = /^```yaml\n(name: desks\n[^]*?)^```/m
  .exec(page)![1]!
  .replace('[node, app.mjs]', `[${process.execPath}, app.mjs]`);

const missing = whyNoSshServer();
const PATIENCE = 120_000;
const about = 'An instance on a leased host';
if (missing !== undefined) it.skip(`${about} (skipped: ${missing})`, () => {});
else
  whereBordersAre(about, ({ processes }) => {
    let folder: string;
    let there: string;
    let server: TestSshServer;
    let mesh: TestMesh;
    let caller: Caller;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'slipway-leased-'));
      // The users of instances pass through it.
      chmodSync(folder, 0o711);
      there = join(folder, 'there');
      mkdirSync(join(folder, 'content/desks/app'), { recursive: true });
      writeFileSync(join(folder, 'content/desks/app/app.mjs'), KEEPER);
      writeFileSync(join(folder, 'content/desks/package.yaml'), content);
      server = await startSshServer();
      const keyFile = join(folder, 'key');
      writeFileSync(keyFile, server.privateKey, { mode: 0o600 });
      const { address, port, user, hostKey } = server;
      mesh = await TestMesh.start({
        processes,
        settings: {
          contentFolder: join(folder, 'content'),
          defaultDefinition: 'desk',
          blueprints: {
            RemoteHost: { limits: { leaseSeconds: 0 }, options: { address, port, user, keyFile, hostKey, folder: there } },
          },
        },
      });
      caller = new Caller(mesh, PATIENCE);
    }, 300_000);
    afterAll(async () => {
      await mesh?.remove();
      if (there) for (const pid of processesWith(there)) process.kill(pid);
      await server?.stop();
      if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }, 60_000);

    const say = async (name: string, entry?: string): Promise<Kept> => {
      const answer = await fetch(await caller.urlOf(name), entry === undefined ? {} : { method: 'POST', body: entry });
      return (await answer.json()) as Kept;
    };
    const leases = async (): Promise<LeaseView[]> => {
      const { items } = await caller.insist(() => mesh.client().leases.list({}));
      return items.filter(({ status }) => status !== 'destroyed');
    };

    it('is refused with the reason where its owner may use no blueprint, and nothing is left', async () => {
      await expect(caller.job('provision', { ownerId: 'ada', instanceId: 'shop' })).rejects.toThrow(
        /user\/ada may use none of RemoteHost/,
      );
      expect(standing(mesh.data)).toEqual([]);
      expect(await leases()).toEqual([]);
    }, 240_000);

    it('stands there with its storage, in the folder of the lease that its request holds', async () => {
      await caller.insist(() => mesh.client().blueprints.approve('RemoteHost', { ownerId: 'ada' }));
      await caller.job('provision', { ownerId: 'ada', instanceId: 'shop' });
      const said = await say('shop', 'one;');
      expect(said).toMatchObject({ home: 'one;', data: 'one;' });
      const lease = await caller.insist(async () => {
        const held = await leases();
        const wanted = { status: 'active', type: 'host', amount: 2, owner: { id: 'ada', type: 'user' } };
        expect(held).toMatchObject([wanted]);
        return held[0];
      });
      expect(said.at).toMatch(new RegExp(`^${there}/.*${lease!.id}.*/instance/process/default\\.shop/g\\d+/home$`));
    }, 240_000);

    it('is one with all services of the environment that share the host', async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'market' });
      expect(await say('market', 'two;')).toMatchObject({ home: 'two;', data: 'two;' });
      expect(await leases()).toHaveLength(1);
    }, 240_000);

    it('goes on when the service is given back whose request leased the host', async () => {
      await caller.job('deprovision', { instanceId: 'shop' });
      expect(processesWith(there, 'default.shop')).toEqual([]);
      expect(await leases()).toMatchObject([{ status: 'active' }]);
      expect(await say('market')).toMatchObject({ home: 'two;', data: 'two;' });
    }, 240_000);

    it('is started again there, and found by the same lease, when everything of the mesh was killed', async () => {
      const before = await say('market');
      await mesh.killEverything();
      process.kill(before.pid, 'SIGKILL');
      await mesh.startEverything();
      const after = await caller.insist(() => say('market'));
      expect(after).toMatchObject({ home: 'two;', data: 'two;' });
      expect(after.pid).not.toBe(before.pid);
      expect(await leases()).toHaveLength(1);
    }, 240_000);

    it('is told as unhealthy when an operator takes the host back, what he said stands at the lease, and all that ran there is ended', async () => {
      const [lease] = await leases();
      await caller.insist(() => mesh.client().leases.reclaim(lease!.id, 'the rack is moved'));
      await caller.insist(async () => {
        const { health, healthReason } = await mesh.client().instances.get('market');
        expect([health, healthReason]).toEqual(['unhealthy', expect.stringContaining(lease!.id)]);
      });
      await caller.insist(async () => expect(processesWith(there)).toEqual([]));
      const shown = await caller.insist(() => mesh.client().leases.get(lease!.id));
      expect(JSON.stringify(shown)).toContain('the rack is moved');
    }, 240_000);

    it('is given back, and the lease with the last that stood on it; nothing is left there', async () => {
      await caller.job('deprovision', { instanceId: 'market' });
      await caller.insist(async () => expect(await leases()).toEqual([]));
      expect(standing(mesh.data)).toEqual([]);
      expect(
        existsSync(there) ? readdirSync(there, { recursive: true }).filter((name) => /entries|app\.mjs/.test(String(name))) : [],
      ).toEqual([]);
    }, 240_000);
  });
