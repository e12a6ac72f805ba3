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
      if (pathname.includes('/snapshots/')) return { id: 'any', definition: { name: 'shelf', version: '1.2.0', hash: 'h' } };
      if (pathname.endsWith('/info')) return { clusters: { default: ['there'] } };
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

  it('ask what the definition of a snapshot offers when an import names none, also of an archive that is sent first', async () => {
    await open();
    const asked = () => gateway.calls.filter((call) => /offerings|snapshots/.test(call));
    const known = ['--snapshot-id', '--no-wait', ...choose, 'ada', 'copy', 'b7'];
    expect((await ran(gateway.url, 'import', ...known)).code).toBe(0);
    expect(asked()).toEqual(['GET /api/v1/snapshots/b7', 'GET /api/v1/provisioners/acme/offerings?definition=shelf%401.2.0']);
    expect(bodies).toMatchObject([{ snapshot: 'b7', snapshotId: true, offerings }]);
    await ran(gateway.url, 'plan', '--import', 'b7', ...choose, 'ada', 'copy');
    expect(asked().slice(2)).toEqual(asked().slice(0, 2));
    expect(bodies[1]).toMatchObject({ job: 'import', snapshot: 'b7', offerings });
    const sent = fileURLToPath(import.meta.url);
    expect((await ran(gateway.url, 'import', '--no-wait', ...choose, 'ada', 'copy', sent)).code).toBe(0);
    expect(asked().slice(4)).toEqual([
      'POST /api/v1/snapshots',
      'GET /api/v1/snapshots/sent',
      'GET /api/v1/provisioners/acme/offerings?definition=shelf%401.2.0',
    ]);
    expect(bodies.at(-1)).toMatchObject({ snapshot: 'sent', offerings });
  });

  it('ask what the named definition offers, whatever the snapshot is of', async () => {
    await open();
    await ran(gateway.url, 'import', '--snapshot-id', '--no-wait', '--definition', 'other', ...choose, 'ada', 'copy', 'b7');
    expect(gateway.calls.filter((call) => call.includes('/snapshots'))).toEqual([]);
    expect(gateway.calls.find((call) => call.includes('offerings'))).toContain('definition=other');
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
});
