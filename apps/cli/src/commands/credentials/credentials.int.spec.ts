import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SmallGateway } from '../../testing/small-gateway.js';
import { ran } from '../../testing/ran.js';

let gateway: SmallGateway;
/** What each look at the instance shows, one after the other; the last one for ever. */
let shown: object[];
const credentials = [{ kind: 'database', name: 'db', values: { host: 'there', password: 'canary' } }];
beforeAll(async () => {
  gateway = await SmallGateway.open(({ pathname }, method) => {
    if (method === 'POST') return { rotation: 'r1', position: '1' };
    if (pathname.endsWith('/credentials')) return { generation: 1, credentials, position: '1' };
    return { name: 'shop', rotation: shown.length > 1 ? shown.shift() : shown[0] };
  });
});
beforeEach(() => void gateway.calls.splice(0));
afterAll(() => gateway.close());

it('are shown for an instance, as a table and as JSON', async () => {
  expect((await ran(gateway.url, 'credentials', 'shop')).stdout).toContain('password: canary');
  const { stdout } = await ran(gateway.url, 'credentials', '--output', 'json', 'show', 'north.shop');
  expect(JSON.parse(stdout)).toEqual(credentials);
  expect(gateway.calls).toEqual([
    'GET /api/v1/instances/default.shop/credentials',
    'GET /api/v1/instances/north.shop/credentials',
  ]);
});

it('are made anew, and followed until they are', async () => {
  shown = [
    { id: 'r0', state: 'rotated' },
    { id: 'r1', state: 'rotating' },
    { id: 'r1', state: 'rotated' },
  ];
  const { code, stdout } = await ran(gateway.url, 'credentials', 'rotate', 'shop');
  expect([code, stdout]).toEqual([0, 'shop has new secrets.\n']);
  expect(gateway.calls[0]).toBe('POST /api/v1/instances/default.shop/credentials/rotate');
});

it('a rotation that fails says why, and one that takes too long that it goes on', async () => {
  const cause = { code: 'driver-failed', message: 'no such role', hint: 'Read the log.' };
  shown = [{ id: 'r1', state: 'failed', cause }];
  const failed = await ran(gateway.url, 'credentials', 'rotate', 'shop');
  expect([failed.code, failed.stdout]).toEqual([1, 'no such role (driver-failed)\nRead the log.\n']);
  shown = [{ id: 'r1', state: 'rotating' }];
  expect((await ran(gateway.url, 'credentials', 'rotate', 'shop', '--timeout', '0.2')).code).toBe(5);
  expect((await ran(gateway.url, 'credentials', 'rotate', 'shop', '--no-wait')).code).toBe(0);
});
