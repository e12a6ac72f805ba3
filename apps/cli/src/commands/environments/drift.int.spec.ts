import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Drift, ResourceDrift } from '@slipway/contracts';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const place = { generation: 1, location: 'local', driver: 'directory' };
const mode: ResourceDrift = {
  ...{ key: 'storage/shop-data', drift: 'changed', ...place, instanceId: 'shop', seen: 'a'.repeat(64), adoptable: true },
  differences: [{ field: 'mode', recorded: '0750', found: '0777' }],
};
const gone: ResourceDrift = {
  ...{
    key: 'database/shop-db',
    drift: 'missing',
    ...place,
    driver: 'sqlite',
    instanceId: 'shop',
    seen: 'b'.repeat(64),
    adoptable: false,
  },
  differences: [{ field: 'state', recorded: 'present', found: 'absent' }],
};

const plan = {
  ...{
    environment: 'default',
    outcome: 'repair',
    alreadySatisfied: [],
    wires: [],
    leases: [],
    reads: [],
    writes: [],
    unsatisfied: [],
    hash: 'h',
  },
  steps: [
    {
      ...{
        id: 'storage/shop-data',
        action: 'update',
        kind: 'storage',
        name: 'shop-data',
        generation: 1,
        location: 'local',
        driver: 'directory',
      },
      ...{ definition: { name: 'volume', version: '1.0.0', hash: 'h' }, spec: {}, after: [], inverse: 'none' },
      changes: [{ field: 'mode', from: '0777', to: '0750', how: 'in-place' }],
    },
  ],
};
let gateway: SmallGateway;
let found: Drift;
let bodies: unknown[];
beforeAll(async () => {
  gateway = await SmallGateway.open(({ pathname }, method, body) => {
    if (method === 'GET') return found;
    bodies.push(body);
    if (pathname.endsWith('/plans')) return plan;
    if (pathname.endsWith('/repair')) return { requestId: 'r-1', position: '7' };
    return { generation: 1, position: '7' };
  });
});
beforeEach(() => {
  gateway.calls.splice(0);
  bodies = [];
  found = { environment: 'default', compared: 3, count: 2, items: [gone, mode], unknown: [], rules: [], ignored: [] };
});
afterAll(() => gateway.close());

/** What nobody knows of. */
const extra = (): ResourceDrift => {
  const { instanceId: _nobody, seen: _seen, adoptable: _adoptable, ...rest } = mode;
  return { ...rest, key: 'storage/left', drift: 'extra', differences: [], where: '/left', reason: 'no stream knows of it' };
};

it('names each difference, and what was not counted by which rule; exit code 2', async () => {
  found.ignored = [{ key: 'storage/shop-data', field: 'owner', recorded: '0:0', found: '7:7', rule: 'storage/*:owner' }];
  const { code, stdout } = await ran(gateway.url, 'drift', '--ignore', 'a', '--ignore', 'b:c', '--instance', 'shop');
  expect(code).toBe(2);
  expect(stdout).toBe(`  ! database/shop-db is missing (generation 1, sqlite at local)
      state: recorded present, found absent
  ! storage/shop-data is other than recorded (generation 1, directory at local)
      mode: recorded 0750, found 0777
      can be adopted as it is
  ~ storage/shop-data owner: recorded 0:0, found 7:7 (ignored: storage/*:owner)
3 compared in default: 2 other than the log says. Nothing has been changed.
`);
  expect(gateway.calls).toEqual(['GET /api/v1/environments/default/drift?instanceId=shop&ignore=a&ignore=b%3Ac']);
});

it('without a difference the exit code is 0; where not all could be asked it is 4, and what is not known is no difference', async () => {
  found = { ...found, count: 0, items: [] };
  expect(await ran(gateway.url, 'drift')).toMatchObject({
    code: 0,
    stdout: '3 compared in default: nothing is other than the log says. Nothing has been changed.\n',
  });
  found.unknown = [{ kind: 'storage', location: 'mars', reason: 'Nobody serves mars', resources: ['storage/far'], count: 3 }];
  const { code, stdout } = await ran(gateway.url, 'drift', '--environment', 'north');
  expect(code).toBe(4);
  expect(stdout).toContain('  ? storage/far, and 2 more at mars: not known. Nobody serves mars\n');
  expect(stdout).toContain('nothing is other than the log says; not all could be asked.');
  expect(gateway.calls.at(-1)).toBe('GET /api/v1/environments/north/drift');
});

it('of some keys only those count', async () => {
  expect((await ran(gateway.url, 'drift', 'storage/shop-data')).stdout).not.toContain('database');
  expect((await ran(gateway.url, 'drift', 'storage/other')).code).toBe(0);
  const { stdout } = await ran(gateway.url, 'drift', 'storage/shop-data', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ count: 1, items: [mode] });
});

it('to adopt shows first what would be adopted, and does it with --yes: as it was shown, with the reason', async () => {
  const shown = await ran(gateway.url, 'drift', '--adopt');
  expect([shown.code, bodies]).toEqual([2, []]);
  expect(shown.stdout).toContain('1 can be adopted, 1 cannot.\nNothing has been changed. Adopt what can be with --yes.\n');
  const done = await ran(gateway.url, 'drift', '--adopt', '--yes', '--reason', 'wanted so', 'storage/shop-data');
  expect([done.code, done.stdout]).toEqual([0, 'storage/shop-data generation 1 is recorded as it was found.\n']);
  expect(bodies).toEqual([{ key: 'storage/shop-data', seen: mode.seen, reason: 'wanted so' }]);
});

it('what cannot be adopted is named, and makes the exit code 1; --yes alone says nothing', async () => {
  const { code, stderr } = await ran(gateway.url, 'drift', '--adopt', '--yes');
  expect(code).toBe(1);
  expect(stderr).toContain('database/shop-db is missing');
  expect(bodies).toHaveLength(1);
  expect((await ran(gateway.url, 'drift', '--yes')).code).toBe(2);
  expect(gateway.calls).toHaveLength(2);
});

it('what is extra is named, and never adopted', async () => {
  found = { ...found, count: 1, items: [extra()] };
  const { code, stderr } = await ran(gateway.url, 'drift', '--adopt', '--yes', '--reason', 'found', 'storage/left');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('storage/left is there, and stands in no stream'),
  });
  expect(bodies).toEqual([]);
});

it('to repair shows a plan for each instance, and carries it out with --yes; what is nobody’s or shared is named', async () => {
  found = { ...found, count: 3, items: [gone, mode, extra()] };
  const { code, stdout, stderr } = await ran(gateway.url, 'drift', '--repair');
  expect(code).toBe(2);
  expect(stdout).toContain(
    'shop:\n  ~ storage/shop-data (volume@1.0.0, directory at local)\n      mode: 0777 → 0750 (in place)\n1 to bring back, 0 to make again.',
  );
  expect(stdout).toContain('Carry it out with --yes.');
  expect(stderr).toContain('storage/left is there, and stands in no stream');
  expect(stderr).toContain('remove it by hand');
  const resources = ['database/shop-db', 'storage/shop-data'];
  expect(bodies).toEqual([{ job: 'repair', instanceId: 'shop', environment: 'default', resources }]);
  const done = await ran(gateway.url, 'drift', '--repair', '--yes', '--no-wait', 'storage/shop-data');
  expect([done.code, done.stdout.trim().split('\n').at(-1)]).toEqual([0, 'r-1']);
  expect(bodies.at(-1)).toEqual({ instanceId: 'shop', environment: 'default', resources: ['storage/shop-data'] });
  expect(gateway.calls.at(-1)).toBe('POST /api/v1/ops/repair');
  expect((await ran(gateway.url, 'drift', '--repair', '--adopt')).code).toBe(2);
});
