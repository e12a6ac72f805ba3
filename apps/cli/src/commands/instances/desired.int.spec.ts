import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SmallGateway } from '../../testing/small-gateway.js';
import { ran } from '../../testing/ran.js';

let gateway: SmallGateway;
/** What each look at the instance shows, one after the other; the last one for ever. */
let shown: object[];
const seen = (desired: string, health: string, position: number, status = 'present') => ({
  ...{ name: 'shop', status, desired, health, healthReason: `it is ${health}`, position: String(position) },
});
beforeAll(async () => {
  gateway = await SmallGateway.open((_url, method) =>
    method === 'POST' ? { generation: 1, desired: 'stopped', position: '1' } : shown.length > 1 ? shown.shift() : shown[0],
  );
});
beforeEach(() => void gateway.calls.splice(0));
afterAll(() => gateway.close());

it('stop waits until it stands still, and tells how it goes on', async () => {
  shown = [seen('stopped', 'healthy', 1), seen('stopped', 'healthy', 1), seen('stopped', 'stopped', 2)];
  const { code, stdout, stderr } = await ran(gateway.url, 'instances', 'stop', 'shop', '--reason', 'it costs');
  expect([code, stdout]).toEqual([0, 'shop is stopped.\n']);
  expect(stderr).toBe('shop: healthy (it is healthy)\nshop: stopped (it is stopped)\n');
  expect(gateway.calls[0]).toBe('POST /api/v1/instances/default.shop/stop');
});

it('restart waits beyond the stop until it is healthy', async () => {
  shown = [seen('stopped', 'stopped', 1), seen('running', 'stopped', 2), seen('running', 'healthy', 3)];
  const { code, stdout } = await ran(gateway.url, 'instances', 'restart', 'shop', '--environment', 'north');
  expect([code, stdout]).toEqual([0, 'shop runs.\n']);
  expect(gateway.calls[0]).toBe('POST /api/v1/instances/north.shop/restart');
});

it('start ends with 1 when something else is wanted meanwhile, and with 5 when the time is over', async () => {
  shown = [seen('running', 'starting', 1), seen('stopped', 'starting', 2)];
  expect(await ran(gateway.url, 'instances', 'start', 'shop')).toMatchObject({
    code: 1,
    stdout: 'shop: starting (it is starting). Something else is wanted of it now.\n',
  });
  shown = [seen('running', 'starting', 1)];
  expect((await ran(gateway.url, 'instances', 'start', 'shop', '--timeout', '0.2')).code).toBe(5);
});

it('only has it recorded when it is told not to wait', async () => {
  const { code, stdout } = await ran(gateway.url, 'instances', 'stop', 'shop', '--no-wait');
  expect([code, stdout, gateway.calls.length]).toEqual([0, 'Recorded: shop is to be stopped.\n', 1]);
});
