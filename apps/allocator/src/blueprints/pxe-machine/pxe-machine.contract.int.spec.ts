import { chmodSync, existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { Power } from '@slipway/interfaces';
import { TestRedfishServer, whyNoRedfishServer } from '@slipway/interfaces/testing';
import type { GrantedLease, MadeResource } from '../../blueprint/blueprint.js';
import { makeBlueprint } from '../../blueprint/load.js';
import { BlueprintPlace, blueprintContract } from '../../blueprint/testing/index.js';
import { pxeMachine } from './pxe-machine.js';

const missing = whyNoRedfishServer();
const folder = mkdtempSync(join(tmpdir(), 'slipway-machine-'));
const [credentialFile, caFile] = [join(folder, 'credential'), join(folder, 'ca.pem')];
let server: TestRedfishServer;
beforeAll(async () => {
  if (missing !== undefined) return;
  server = await TestRedfishServer.start();
  writeFileSync(credentialFile, `${server.credential}\n`, { mode: 0o600 });
  writeFileSync(caFile, server.certificate);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const make = (options: JsonObject = { credentialFile, caFile }) =>
  makeBlueprint(pxeMachine, { name: 'PxeMachine', location: 'local', options });

/** Another machine at the controller, as it is entered. */
function another(): JsonObject {
  const number = server.machines.size + 1;
  server.add(String(number));
  return {
    mac: `52:54:00:12:34:${number.toString(16).padStart(2, '0')}`,
    ...{ architecture: 'x86-64', cores: 8, memoryMiB: 32_768, disksGiB: [480, 480] },
    ...{ controller: server.url, system: String(number) },
  };
}
const of = ({ attributes: { system } }: Pick<MadeResource, 'attributes'>) => server.machines.get(String(system))!;

blueprintContract('PxeMachine', make, {
  ...(missing !== undefined && { missing }),
  entered: true,
  get attributes() {
    return another();
  },
  works: async (resource) => expect(of(resource).power).toBe('Off'),
  async use({ resource, ...holding }) {
    const power = await holding.interface<Power>('power');
    await power.bootFromNetwork();
    await power.on();
    expect(await power.status()).toMatchObject({ power: 'on', health: 'ok', cores: 8 });
    await power.bootFromNetwork();
    expect(of(resource).boot).toEqual({ enabled: 'Once', target: 'Pxe' });
    return () => power.cycle();
  },
  takenBack: async ({ resource }) => expect(of(resource)).toMatchObject({ power: 'Off', boot: { enabled: 'Disabled' } }),
  breaks: [
    {
      what: 'its controller says that it is critical',
      by: async (resource) => void (of(resource).health = 'Critical'),
      reason: /health is critical/,
    },
    {
      what: 'its controller has it no more',
      by: async (resource) => void server.machines.delete(of(resource).id),
      reason: /none of them is \d+ \(attributes\.system\)/,
    },
  ],
});

const suite = missing === undefined ? describe : describe.skip;
suite(`a bare machine${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let place: BlueprintPlace;
  beforeAll(async () => {
    place = await BlueprintPlace.make();
  });
  afterAll(() => place.remove());
  let own: TestRedfishServer;
  beforeEach(async () => {
    own = await TestRedfishServer.start('1');
    writeFileSync(join(folder, 'own'), own.credential, { mode: 0o600 });
  });
  afterEach(() => own.stop());

  const blueprint = () => make({ credentialFile: join(folder, 'own') });
  const entered = (attributes: JsonObject = {}): MadeResource => {
    const given = { mac: '52-54-00-AA-BB-CC', controller: `${own.url}/`, controllerCertificate: own.fingerprint };
    const { accept } = blueprint();
    return { ...place.resource(blueprint(), accept!({ attributes: { ...given, ...attributes } })), manual: true };
  };
  const context = () => place.context(blueprint());
  const begun = async (resource: MadeResource): Promise<GrantedLease> => {
    const lease = place.lease();
    await blueprint().prepare!(lease, resource, await context());
    return lease;
  };
  const powerOf = async (lease: GrantedLease, resource: MadeResource) =>
    (await blueprint().interface('power', lease, resource, await context())) as Power;
  const only = () => own.machines.get('1')!;

  test('is known by the certificate that was entered; one with another, or that lets nobody in, is broken with the reason', async () => {
    const resource = entered();
    const manage = async () => blueprint().manage!(resource, await context());
    expect(await manage()).toEqual({ state: 'well' });
    own.password = 'changed';
    expect(await manage()).toEqual({
      state: 'broken',
      reason: expect.stringMatching(/does not let us in: look at credentialFile/),
    });
    writeFileSync(join(folder, 'own'), own.credential);
    expect(await manage()).toEqual({ state: 'well' });
    own.renewCertificate();
    expect(await manage()).toEqual({ state: 'broken', reason: expect.stringMatching(/another certificate than SHA256:/) });
  });

  test('whose controller does not answer is asked again before it is broken, and is not taken back before it does', async () => {
    const resource = entered();
    const lease = await begun(resource);
    await (await powerOf(lease, resource)).on();
    own.faults.push({ status: 503, body: 'starting', times: 2 });
    await expect(blueprint().manage!(resource, await context())).rejects.toThrow(/with 503: starting/);
    await expect(blueprint().takeBack!(lease, resource, await context())).rejects.toThrow(/with 503: starting/);
    expect(only().power).toBe('On');
    // Nobody uses it meanwhile, by the old token either.
    await expect(powerOf(lease, resource)).rejects.toMatchObject({ code: 'not-found' });
    await blueprint().takeBack!(lease, resource, await context());
    expect(only().power).toBe('Off');
  });

  test('is not turned off for who leases it next by whoever comes late for the one before', async () => {
    const resource = entered();
    const [before, next] = [await begun(resource), place.lease()];
    await (await powerOf(before, resource)).on();
    // It hangs right before it turns it off, and an operator says that it was taken back.
    let wake = () => {};
    const hanging = new Promise<void>((resolve) => (wake = resolve));
    let there = () => {};
    const stands = new Promise<void>((resolve) => (there = resolve));
    const stopped = await place.context(blueprint(), {
      before: async (what) => {
        if (!String(what).includes('turn off')) return;
        there();
        await hanging;
      },
    });
    const late = blueprint().takeBack!(before, resource, stopped);
    await stands;
    await blueprint().prepare!(next, resource, await context());
    const power = await powerOf(next, resource);
    await power.on();
    wake();
    await expect(late).rejects.toMatchObject({ code: 'generation-old' });
    await blueprint().takeBack!(before, resource, await context());
    expect([(await power.status()).power, only().power]).toEqual(['on', 'On']);
    await blueprint().takeBack!(next, resource, await context());
    expect(only().power).toBe('Off');
  });

  test('which leases a machine was given back by is remembered for a month, and not for ever', async () => {
    const resource = { ...entered(), attributes: { mac: '52:54:00:aa:bb:cc' } };
    const given: { lease: GrantedLease; tombstone: string }[] = [];
    const back = async (token: number) => {
      const lease = { ...place.lease(), token };
      await blueprint().prepare!(lease, resource, await context());
      await blueprint().takeBack!(lease, resource, await context());
      return { lease, tombstone: join(place.folder, 'PxeMachine', resource.id, 'leases', lease.id, `g${token}`) };
    };
    for (const [token, days] of [
      [1, 31],
      [2, 29],
    ] as const) {
      const one = await back(token);
      const at = new Date(Date.now() - days * 86_400_000 - 60_000);
      utimesSync(one.tombstone, at, at);
      given.push(one);
    }
    await back(100);
    expect(given.map(({ tombstone }) => existsSync(tombstone))).toEqual([false, true]);
    // Whoever comes so late is still behind those who had it since.
    await expect(powerOf(given[0]!.lease, resource)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('without a controller is leased, looked after and taken back, and its power names the field', async () => {
    const resource = { ...entered(), attributes: { mac: '52:54:00:aa:bb:cc' } };
    expect(await blueprint().manage!(resource, await context())).toEqual({ state: 'well' });
    const lease = await begun(resource);
    const power = await powerOf(lease, resource);
    for (const asked of [power.status(), power.on(), power.off(), power.cycle(), power.bootFromNetwork()])
      await expect(asked).rejects.toMatchObject({
        code: 'not-possible',
        message: expect.stringMatching(/attributes\.controller/),
        details: { field: 'attributes.controller' },
      });
    await blueprint().takeBack!(lease, resource, await context());
    await expect(powerOf(lease, resource)).rejects.toMatchObject({ code: 'not-found' });
    expect(own.asked).toEqual([]);
  });

  test('needs a file with user and password where it has a controller, that nobody else can read', async () => {
    const resource = entered();
    const asked = async (options: JsonObject) => {
      const made = make(options);
      return made.manage!(resource, await place.context(made));
    };
    expect(await asked({})).toEqual({ state: 'broken', reason: expect.stringMatching(/options\.credentialFile is needed/) });
    const file = join(folder, 'open');
    writeFileSync(file, own.credential);
    chmodSync(file, 0o640);
    await expect(asked({ credentialFile: file })).rejects.toThrow(/can be read by others: chmod 600/);
    chmodSync(file, 0o600);
    expect(await asked({ credentialFile: file })).toEqual({ state: 'well' });
    writeFileSync(file, 'only-a-password');
    await expect(asked({ credentialFile: file })).rejects.toThrow(/does not hold user:password/);
    await expect(asked({ credentialFile: file })).rejects.not.toThrow(/only-a-password/);
    const { controllerCertificate: _pinned, ...attributes } = resource.attributes;
    const made = make({ credentialFile: file, caFile: join(folder, 'none') });
    const manage = made.manage!({ ...resource, attributes }, await place.context(made));
    await expect(manage).rejects.toThrow(/none is not there/);
  });
});

test('is leased whole', () => {
  expect(() => makeBlueprint(pxeMachine, { name: 'Rack', location: 'local', options: {}, capacity: 2 })).toThrow(
    /blueprints\.Rack\.capacity must be 1/,
  );
  const { accept, can, capacity } = make({});
  expect({ can, capacity }).toEqual({ can: ['manage'], capacity: 1 });
  expect(() => accept!({ attributes: { mac: '52:54:00:aa:bb:cc' }, capacity: 2 })).toThrow(
    expect.objectContaining({ details: { fields: [expect.objectContaining({ field: 'capacity' })] } }),
  );
});
