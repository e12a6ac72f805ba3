/** A service goes to a host that is leased for it: over SSH or here, with a leased database, through kill -9, and is gone with its lease. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LeaseView } from '@slipway/contracts/public';
import { withPostgres } from '@slipway/interfaces/postgres';
import { startPostgres, whyNoPostgres, type TestPostgres } from '@slipway/interfaces/testing';
import { whyNoSshServer } from '@slipway/interfaces/testing/ssh-server';
import { openSecrets, type SecretRef } from '@slipway/secrets';
import { TestMesh, root } from '@slipway/testing';
import { Caller } from './caller.js';
import { putLedgers, type Written } from './clerk.js';
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
const missingPostgres = whyNoPostgres();
const PATIENCE = 120_000;
const about = 'An instance on a leased host';
if (missing !== undefined) it.skip(`${about} (skipped: ${missing})`, () => {});
else
  whereBordersAre(about, ({ processes }) => {
    let host: FarHost;
    let server: TestPostgres | undefined;
    let mesh: TestMesh;
    let caller: Caller;

    beforeAll(async () => {
      host = await FarHost.start(content);
      putLedgers(host.content);
      if (missingPostgres === undefined) server = await startPostgres();
      const endless = { leaseSeconds: 0 };
      mesh = await TestMesh.start({
        processes,
        settings: {
          contentFolder: host.content,
          defaultDefinition: 'desk',
          blueprints: {
            RemoteHost: { limits: endless, options: { ...host.ssh, folder: host.there } },
            LocalHost: { limits: endless },
            ...(server && {
              SharedDatabase: {
                limits: endless,
                options: { host: server.host, port: server.port, user: server.user, passwordFile: server.passwordFile },
              },
            }),
          },
        },
      });
      caller = new Caller(mesh, PATIENCE);
    }, 300_000);
    afterAll(async () => {
      await mesh?.remove();
      await host?.remove();
      await server?.stop();
    }, 60_000);

    const said = async <Said = Kept>(name: string, entry?: string, path = ''): Promise<Said> => {
      const answer = await fetch(
        `${await caller.urlOf(name)}${path}`,
        entry === undefined ? {} : { method: 'POST', body: entry },
      );
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return JSON.parse(text) as Said;
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
      const kept = await said('shop', 'one;');
      expect(kept).toMatchObject({ home: 'one;', data: 'one;' });
      const lease = await caller.insist(async () => {
        const held = await leases();
        const wanted = { status: 'active', type: 'host', amount: 2, owner: { id: 'ada', type: 'user' } };
        expect(held).toMatchObject([wanted]);
        return held[0];
      });
      expect(kept.at).toMatch(new RegExp(`^${host.there}/.*${lease!.id}.*/instance/process/default\\.shop/g\\d+/home$`));
    }, 240_000);

    it('is one with all services of the environment that share the host', async () => {
      await caller.job('provision', { ownerId: 'ada', instanceId: 'market' });
      expect(await said('market', 'two;')).toMatchObject({ home: 'two;', data: 'two;' });
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
      expect(await said('market')).toMatchObject({ home: 'two;', data: 'two;' });
    }, 240_000);

    it('is started again there, and found by the same lease, when everything of the mesh was killed', async () => {
      const before = await said('market');
      await mesh.killEverything();
      process.kill(before.pid, 'SIGKILL');
      await mesh.startEverything();
      const after = await caller.insist(() => said('market'));
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

    (missingPostgres === undefined ? describe : describe.skip)(
      `on this machine, with a leased database${missingPostgres === undefined ? '' : ` (skipped: ${missingPostgres})`}`,
      () => {
        const written = (name: string, entry?: string) => said<Written>(name, entry, '/entries');
        const ofType = async (wanted: string) => (await leases()).filter(({ type }) => type === wanted);

        /** How the database was reached that a service has as that user, with its password as it was then. */
        async function accessOf(wanted: string) {
          const { items } = await caller.insist(() => mesh.client().databases.list({}));
          const { user, database, password } = items.find(({ outputs }) => outputs.user === wanted)!.outputs;
          const secrets = await openSecrets({ folder: join(mesh.data, 'secrets'), keyFile: join(mesh.data, 'secrets.key') });
          const known = await secrets.read(password as SecretRef);
          const { host: address, port } = server!;
          return { host: address, port, user: String(user), database: String(database), password: async () => known };
        }

        it('stands in the folder of its lease there, and writes as the role that its lease of the database gives', async () => {
          for (const blueprint of ['LocalHost', 'SharedDatabase'])
            await caller.insist(() => mesh.client().blueprints.approve(blueprint, { ownerId: 'ada' }));
          await caller.job('provision', { ownerId: 'ada', instanceId: 'north', definition: 'clerk' });
          const [lease] = await caller.insist(async () => {
            const held = await ofType('host');
            expect(held).toMatchObject([{ status: 'active', owner: { id: 'ada', type: 'user' } }]);
            return held;
          });
          const { at, entries } = await written('north', 'of north');
          expect(at).toMatch(
            new RegExp(`^${mesh.data}/.*LocalHost/.*${lease!.id}.*/instance/process/default\\.north/g\\d+/home$`),
          );
          expect(entries).toBe('of north');
        }, 240_000);

        it('shares the host with another by one lease, and the database by one for each', async () => {
          await caller.job('provision', { ownerId: 'ada', instanceId: 'south', definition: 'clerk' });
          const { user, entries } = await written('south', 'of south');
          expect(entries).toBe('of north\nof south');
          expect(user).not.toBe((await written('north')).user);
          expect(processesWith('default.south')).not.toEqual([]);
          await caller.insist(async () => {
            expect(await ofType('host')).toHaveLength(1);
            const held = await ofType('database');
            expect(held.map(({ status }) => status)).toEqual(['active', 'active']);
            expect(new Set(held.map(({ resourceId }) => resourceId)).size).toBe(1);
          });
        }, 240_000);

        it('leaves the other what it has when it is given back; its own role opens nothing any more', async () => {
          const access = await accessOf((await written('north')).user);
          const logIn = () => withPostgres(access, (session) => session.run('TABLE public.entry'));
          expect(await logIn()).toEqual([['of north'], ['of south']]);
          await caller.job('deprovision', { instanceId: 'north' });
          await expect(logIn()).rejects.toThrow(/password authentication failed/);
          expect((await written('south')).entries).toBe('of north\nof south');
        }, 240_000);

        it('gives back host and database with the last of them; nothing runs there any more', async () => {
          await caller.job('deprovision', { instanceId: 'south' });
          await caller.insist(async () => expect(await leases()).toEqual([]));
          expect(processesWith('default.south')).toEqual([]);
        }, 240_000);
      },
    );
  });
