/** A service goes to a host that is leased for it: over SSH, through kill -9, and is gone with its lease. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LeaseView } from '@slipway/contracts/public';
import { whyNoSshServer } from '@slipway/interfaces/testing/ssh-server';
import { TestMesh, root } from '@slipway/testing';
import { Caller } from './caller.js';
import { FarHost } from './far-host.js';
import type { Kept } from './keeper.js';
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
    let host: FarHost;
    let mesh: TestMesh;
    let caller: Caller;

    beforeAll(async () => {
      host = await FarHost.start(content);
      mesh = await TestMesh.start({
        processes,
        settings: {
          contentFolder: host.content,
          defaultDefinition: 'desk',
          blueprints: {
            RemoteHost: { limits: { leaseSeconds: 0 }, options: { ...host.ssh, folder: host.there } },
          },
        },
      });
      caller = new Caller(mesh, PATIENCE);
    }, 300_000);
    afterAll(async () => {
      await mesh?.remove();
      await host?.remove();
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
      expect(said.at).toMatch(new RegExp(`^${host.there}/.*${lease!.id}.*/instance/process/default\\.shop/g\\d+/home$`));
    }, 240_000);

    it('is one with all services of the environment that share the host', async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'market' });
      expect(await say('market', 'two;')).toMatchObject({ home: 'two;', data: 'two;' });
      expect(await leases()).toHaveLength(1);
    }, 240_000);

    it('waits where nothing is free, through kill -9 of who waits, and leaves nothing when it is called off', async () => {
      const lease = { type: 'host', blueprint: 'RemoteHost', amount: 4 };
      const whole = { name: 'whole-host', version: '1.0.0', type: 'instance', driver: 'lease', spec: { lease } };
      const client = mesh.client();
      const body = JSON.stringify({ name: 'whole', version: '1.0.0', definitions: [whole] });
      await caller.insist(() => client.content.upload({ body, type: 'application/json', file: 'whole.json' }));
      const wanted = { ownerId: 'ada', instanceId: 'whole', definition: 'whole-host' };
      const idempotencyKey = randomUUID();
      const { requestId } = await caller.insist(() => client.provision(wanted, { idempotencyKey }));
      const waiting = () =>
        caller.insist(async () => expect((await leases()).map(({ status }) => status).toSorted()).toEqual(['active', 'pending']));
      await waiting();
      await mesh.hostOf('instance').kill();
      await mesh.startEverything();
      await waiting();
      await caller.insist(() => mesh.client().requests.cancel(requestId));
      await caller.insist(async () => expect((await mesh.client().requests.get(requestId)).status).toBe('cancelled'));
      await caller.insist(async () => expect(await leases()).toMatchObject([{ status: 'active', amount: 2 }]));
      expect(standing(mesh.data)).toEqual(['instance/default.build-host/g2']);
    }, 240_000);

    it('goes on when the service is given back whose request leased the host', async () => {
      await caller.job('deprovision', { instanceId: 'shop' });
      expect(processesWith(host.there, 'default.shop')).toEqual([]);
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
      await caller.insist(async () => expect(processesWith(host.there)).toEqual([]));
      const shown = await caller.insist(() => mesh.client().leases.get(lease!.id));
      expect(JSON.stringify(shown)).toContain('the rack is moved');
    }, 240_000);

    it('is given back, and the lease with the last that stood on it; nothing is left there', async () => {
      await caller.job('deprovision', { instanceId: 'market' });
      await caller.insist(async () => expect(await leases()).toEqual([]));
      expect(standing(mesh.data)).toEqual([]);
      expect(
        existsSync(host.there)
          ? readdirSync(host.there, { recursive: true }).filter((name) => /entries|app\.mjs/.test(String(name)))
          : [],
      ).toEqual([]);
    }, 240_000);
  });
