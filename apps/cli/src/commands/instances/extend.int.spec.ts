import { afterEach, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

describe('instances extend', () => {
  let gateway: SmallGateway;
  afterEach(() => gateway.close());

  it('wants an instance for longer, and says until when', async () => {
    const until = '2040-01-01T00:00:00.000Z';
    const bodies: unknown[] = [];
    gateway = await SmallGateway.open((_url, _method, body) => {
      bodies.push(body);
      return { environment: 'north', name: 'shop', until, position: 'p' };
    });
    const args = ['instances', 'extend', 'shop', '--environment', 'north', '--until', until, '--reason', 'still needed'];
    expect(await ran(gateway.url, ...args)).toEqual({
      code: 0,
      stdout: 'shop is wanted until 2040-01-01 00:00:00 UTC.\n',
      stderr: '',
    });
    expect(gateway.calls).toEqual(['POST /api/v1/instances/north.shop/extend']);
    expect(bodies).toEqual([{ until, reason: 'still needed' }]);
  });

  it('is asked for with the job', async () => {
    const bodies: unknown[] = [];
    gateway = await SmallGateway.open((_url, _method, body) => {
      bodies.push(body);
      return { requestId: 'r', position: 'p' };
    });
    await ran(gateway.url, 'provision', '--no-wait', '--until', '2040-01-01T00:00:00Z', 'ada', 'shop');
    expect(bodies).toMatchObject([{ instanceId: 'shop', until: '2040-01-01T00:00:00Z' }]);
  });
});
