import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Offered } from '@slipway/contracts';
import type { ProvisionerView } from '@slipway/contracts/http';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';
import { valueAs } from './choice-options.js';

const offered: Offered[] = [
  { name: 'count', title: 'How many', schema: { type: 'integer' }, default: 1, from: 'definition' },
  { name: 'version', title: 'Version', schema: { type: 'string' }, default: '1', from: 'guestLocation' },
];
const provisioner = (name: string, more: Partial<ProvisionerView>): ProvisionerView => ({
  ...{ name, default: false, guestLocations: [], provides: [], absent: [] },
  ...more,
});

describe('a value', () => {
  it.each([
    ['text', { type: 'string' }, '3', '3'],
    ['a text or a number', { type: ['string', 'number'] }, '3', '3'],
    ['a number', { type: 'number' }, '3.5', 3.5],
    ['a switch', { type: 'boolean' }, 'true', true],
    ['a list', { type: 'array' }, '["a",1]', ['a', 1]],
    ['one of several', { enum: ['64MiB', 3, '3'] }, '3', 3],
    ['always the same', { const: false }, 'false', false],
    ['what does not fit, as it was given', { type: 'integer' }, 'many', 'many'],
    ['what nobody offers', {}, 'red', 'red'],
  ])('is %s, as its schema says', (_what, schema, text, value) => expect(valueAs(schema, text)).toEqual(value));
});

describe('provision, import and plan', () => {
  let gateway: SmallGateway;
  const bodies: unknown[] = [];
  afterEach(() => gateway.close());

  const open = async () => {
    bodies.length = 0;
    gateway = await SmallGateway.open(({ pathname }, _method, body) => {
      if (body !== undefined) bodies.push(body);
      if (pathname.endsWith('/offerings')) return { items: offered };
      if (pathname.endsWith('/provisioners'))
        return { items: [provisioner('slipway', { default: true }), provisioner('acme', { guestLocations: ['there'] })] };
      if (pathname.endsWith('/snapshots')) return { snapshotId: 'sent', position: 'p' };
      if (pathname.endsWith('/info')) return { mesh: 'm', clusters: { default: ['there'] } };
      return { requestId: 'r', position: 'p', outcome: 'satisfied', steps: [], wires: [], alreadySatisfied: [], unsatisfied: [] };
    });
  };
  const choose = ['--offering', 'count=3', '--offering', 'version=3', '--offering', 'colour=a=b'];
  const offerings = { count: 3, version: '3', colour: 'a=b' };

  it('hand on who provisions, and what is chosen, by the type of each schema', async () => {
    await open();
    const { code } = await ran(gateway.url, 'provision', '--no-wait', '--provisioner', 'moon', ...choose, 'ada', 'shop', 'here');
    expect(code).toBe(0);
    expect(gateway.calls).toEqual(['GET /api/v1/provisioners/moon/offerings?guestLocation=here', 'POST /api/v1/ops/provision']);
    expect(bodies).toEqual([
      { ownerId: 'ada', ownerType: 'user', instanceId: 'shop', guestLocation: 'here', provisioner: 'moon', offerings },
    ]);
  });

  it('find who provisions by the guest location, else by the cluster, when nobody is named', async () => {
    await open();
    await ran(gateway.url, 'plan', '--definition', 'hello', ...choose, 'ada', 'shop');
    expect(gateway.calls.filter((call) => call.includes('offerings'))).toEqual([
      'GET /api/v1/provisioners/acme/offerings?definition=hello',
    ]);
    expect(bodies).toMatchObject([{ offerings, definition: 'hello' }]);
    await ran(gateway.url, 'plan', ...choose, 'ada', 'shop', 'elsewhere');
    expect(gateway.calls.at(-2)).toBe('GET /api/v1/provisioners/slipway/offerings?guestLocation=elsewhere');
  });

  it('ask what a snapshot offers that an import begins with: known, below a store, or sent first', async () => {
    await open();
    const at = '/api/v1/provisioners/acme/offerings';
    const asked = () => gateway.calls.splice(0).filter((call) => /offerings|snapshots/.test(call));
    const importing = async (...more: string[]) => {
      expect((await ran(gateway.url, 'import', '--no-wait', ...choose, ...more)).code).toBe(0);
      return [asked(), bodies.splice(0).at(-1)];
    };
    expect(await importing('--snapshot-id', 'ada', 'copy', 'b7')).toEqual([
      [`GET ${at}?snapshot=b7&snapshotId=true`],
      expect.objectContaining({ snapshot: 'b7', snapshotId: true, offerings }),
    ]);
    expect(await importing('ada', 'copy', 'backups:daily/shop.tar')).toEqual([
      [`GET ${at}?snapshot=backups%3Adaily%2Fshop.tar`],
      expect.objectContaining({ snapshot: 'backups:daily/shop.tar', offerings }),
    ]);
    const sent = fileURLToPath(import.meta.url);
    expect(await importing('ada', 'copy', sent)).toEqual([
      ['POST /api/v1/snapshots', `GET ${at}?snapshot=sent&snapshotId=true`],
      expect.objectContaining({ snapshot: 'sent', snapshotId: true, offerings }),
    ]);
    await ran(gateway.url, 'plan', '--import', 'b7', ...choose, 'ada', 'copy');
    expect(asked()).toEqual([`GET ${at}?snapshot=b7&snapshotId=true`]);
    expect(bodies.at(-1)).toMatchObject({ job: 'import', snapshot: 'b7', snapshotId: true, offerings });
    await ran(gateway.url, 'plan', '--import', 'backups:shop.tar', 'ada', 'copy');
    expect(bodies.at(-1)).toEqual(expect.objectContaining({ job: 'import', snapshot: 'backups:shop.tar' }));
    expect(bodies.at(-1)).not.toHaveProperty('snapshotId');
  });

  it('say what an offering must look like', async () => {
    await open();
    const { code, stderr } = await ran(gateway.url, 'provision', '--offering', 'three', 'ada', 'shop');
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('It must be name=value.')]);
    expect(gateway.calls).toEqual([]);
  });

  it('hand on what is needed beside the definition, or instead of it', async () => {
    await open();
    const needs = ['--requirement', 'database@^1 <2,engine=sqlite,replicas=2', '--requirement', 'storage'];
    await ran(gateway.url, 'plan', ...needs, 'ada', 'shop');
    const database = { namespace: 'database', range: '^1 <2', attributes: { engine: 'sqlite', replicas: 2 } };
    expect(bodies).toMatchObject([{ requirements: [database, { namespace: 'storage' }] }]);
    const filter = '(&(engine=sqlite)(!(edition=trial)))';
    await ran(gateway.url, 'plan', '--requirement', 'storage', '--require', `database;${filter}`, 'ada', 'shop');
    expect(bodies.at(-1)).toMatchObject({ requirements: [{ namespace: 'storage' }, { namespace: 'database', filter }] });
    expect((await ran(gateway.url, 'plan', '--require', 'database;', 'ada', 'shop')).stderr).toContain(
      'It must be a namespace and a filter',
    );
    expect((await ran(gateway.url, 'plan', '--requirement', 'database,engine', 'ada', 'shop')).stderr).toContain(
      'It must be a namespace',
    );
  });

  it('list what can be chosen', async () => {
    await open();
    const { stdout } = await ran(
      gateway.url,
      'provisioners',
      'offerings',
      'acme',
      '--definition',
      'hello',
      '--guest-location',
      'there',
    );
    expect(gateway.calls).toEqual(['GET /api/v1/provisioners/acme/offerings?definition=hello&guestLocation=there']);
    expect(stdout).toMatch(
      /^NAME +DEFAULT +FROM +VALUES +TITLE\ncount +1 +definition +{"type":"integer"} +How many\nversion +"1"/,
    );
  });

  it('update asks what is offered where it stands, by who provisioned it; also of what is no instance', async () => {
    bodies.length = 0;
    const definition = { name: 'volume', version: '1.0.0', hash: 'h' };
    const rows: Record<string, object> = {
      '/instances/shop': { definition: { ...definition, name: 'shop' }, guestLocation: 'there', provisioner: 'acme' },
      '/storages/lab.files': { definition },
    };
    gateway = await SmallGateway.open(({ pathname }, _method, body) => {
      if (body !== undefined) bodies.push(body);
      const row = rows[pathname.replace('/api/v1', '')];
      if (row) return row;
      if (pathname.endsWith('/offerings')) return { items: offered };
      if (pathname.endsWith('/provisioners')) return { items: [provisioner('slipway', { default: true })] };
      return pathname.endsWith('/ops/update') ? { requestId: 'r', position: 'p' } : undefined;
    });
    const asked = () => gateway.calls.splice(0).filter((call) => call.includes('/offerings'));
    const updating = (...more: string[]) => ran(gateway.url, 'update', '--no-wait', ...choose, ...more);
    expect((await updating('--cluster-id', 'north', 'shop')).code).toBe(0);
    expect(asked()).toEqual(['GET /api/v1/provisioners/acme/offerings?definition=shop%401.0.0&guestLocation=there']);
    expect((await updating('--environment', 'lab', '--definition', 'volume@2', 'files')).code).toBe(0);
    expect(asked()).toEqual(['GET /api/v1/provisioners/slipway/offerings?definition=volume%402']);
    expect(bodies).toEqual([
      { instanceId: 'shop', clusterId: 'north', offerings },
      { instanceId: 'files', environment: 'lab', definition: 'volume@2', offerings },
    ]);
    expect((await updating('nobody')).code).toBe(1);
    expect(bodies).toHaveLength(2);
  });
});
