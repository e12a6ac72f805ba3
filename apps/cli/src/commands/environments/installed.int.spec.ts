import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const position = 'log.0000000001.00000000000000000007';
const since = '2026-11-22T05:00:00.000Z';
const of = { environment: 'default', definition: { name: 'app', version: '1.2.0', hash: 'h' }, position };
const ROWS: Record<string, object[]> = {
  resources: [
    {
      ...{ ...of, key: 'instance/shop', kind: 'instance', name: 'shop', generation: 1, driver: 'process', location: 'here' },
      ...{ guestLocation: 'local', instanceId: 'shop', owner: { id: 'ada', type: 'user' }, madeBy: 'r', requestId: 'r' },
      ...{ installedAt: since, updatedAt: since, uncertain: true },
    },
  ],
  capabilities: [{ ...of, resource: 'instance/shop', namespace: 'service', attributes: { name: 'shop' }, since }],
  requirements: [
    {
      ...of,
      resource: 'instance/shop',
      name: 'data',
      namespace: 'storage',
      range: '^1.0.0',
      filter: '(fast=true)',
      wiredTo: ['storage/shop-data'],
    },
    {
      ...of,
      resource: 'instance/shop',
      name: 'lib',
      namespace: 'slipway.identity',
      attributes: { name: 'lib' },
      range: '>=2',
      wiredTo: ['storage/lib'],
    },
    {
      ...of,
      resource: 'instance/shop',
      name: 'cache',
      namespace: 'cache',
      attributes: { size: 2 },
      resolution: 'optional',
      wiredTo: [],
    },
  ],
  wires: [
    { ...of, from: 'instance/shop', requirement: 'data', to: 'storage/shop-data', namespace: 'storage', requestId: 'r', since },
  ],
};

describe('what is in an environment', () => {
  let gateway: SmallGateway;
  beforeAll(async () => {
    gateway = await SmallGateway.open(({ pathname }) => ({ items: ROWS[pathname.split('/').at(-1)!] ?? [], position }));
  });
  beforeEach(() => void gateway.calls.splice(0));
  afterAll(() => gateway.close());
  const lines = async (...args: string[]) => {
    const { code, stdout, stderr } = await ran(gateway.url, 'environments', ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | '));
  };

  it('is shown as a table', async () => {
    expect(await lines('resources')).toEqual([
      'RESOURCE | DEFINITION | FOR | OWNER | DRIVER | LOCATION | INSTALLED',
      'instance/shop | app@1.2.0 | shop | ada | process | here | 2026-11-22 05:00:00 | uncertain',
    ]);
    expect(await lines('capabilities')).toEqual([
      'RESOURCE | NAMESPACE | SINCE | ATTRIBUTES',
      'instance/shop | service | 2026-11-22 05:00:00 | {"name":"shop"}',
    ]);
    expect(await lines('requirements')).toEqual([
      'RESOURCE | REQUIREMENT | NEEDS | WIRED TO',
      'instance/shop | data | storage ^1.0.0 (fast=true) | storage/shop-data',
      'instance/shop | lib | lib@>=2 | storage/lib',
      'instance/shop | cache | cache {size: 2} | nothing (optional)',
    ]);
    expect(await lines('wires')).toEqual([
      'FROM | REQUIREMENT | TO | NAMESPACE | SINCE',
      'instance/shop | data | storage/shop-data | storage | 2026-11-22 05:00:00',
    ]);
  });

  it.each(Object.keys(ROWS))('%s are all that is known of them as JSON', async (noun) => {
    expect(JSON.parse((await ran(gateway.url, 'environments', noun, '-o', 'json')).stdout)).toEqual(ROWS[noun]);
  });

  it.each([
    [['resources', 'blue', '--kind', 'storage', '--instance-id', 'shop'], 'blue/resources?kind=storage&instanceId=shop'],
    [['resources', '--filter', '(version>=1.2)'], 'default/resources?filter=%28version%3E%3D1.2%29'],
    [['capabilities', '--namespace', 'service', '--as-of', since], `default/capabilities?namespace=service`],
    [['requirements', '--resolution', 'optional'], 'default/requirements?resolution=optional'],
    [['wires', '--to', 'storage/shop-data'], 'default/wires?to=storage%2Fshop-data'],
  ])('%j asks for %s', async (args, asked) => {
    await lines(...args);
    expect(gateway.calls).toEqual([expect.stringContaining(`GET /api/v1/environments/${asked}`)]);
    expect(gateway.calls[0]!.includes('asOf=')).toBe(args.includes('--as-of'));
  });
});
