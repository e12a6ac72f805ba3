import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type ExtendCommand } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { GatewayPlace } from '../testing/gateway-place.js';

describe('how long an instance is wanted', () => {
  let place: GatewayPlace;
  let asked: ExtendCommand[];
  beforeEach(async () => {
    place = await GatewayPlace.open();
    asked = [];
    place.bus.serve('orchestrator', VERBS.extend, (body) => {
      const command = body as ExtendCommand;
      asked.push(command);
      if (command.name === 'hall') throw new SlipwayError('not-possible', 'hall is wanted for good');
      return { environment: command.environment, name: command.name, until: command.until, position: 'p1' };
    });
  });
  afterEach(() => place.close());

  it('is put off by the orchestrator, is 202 and says where to look', async () => {
    const body = { until: '2040-01-01T00:00:00Z', reason: 'still needed' };
    const response = await place.call('POST', '/instances/shop/extend', { body });
    expect([response.status, response.headers.get('Location'), response.headers.get('Slipway-Position')]).toEqual([
      202,
      '/api/v1/instances/default.shop',
      'p1',
    ]);
    await place.call('POST', '/instances/north.shop/extend', { body: { until: body.until } });
    await place.call('POST', '/instances/shop/extend?environment=south', { body: { until: body.until } });
    expect(asked).toEqual([
      { environment: 'default', name: 'shop', ...body },
      { environment: 'north', name: 'shop', until: body.until },
      { environment: 'south', name: 'shop', until: body.until },
    ]);
  });

  it('is refused by name where it is wrong, and asks nobody', async () => {
    const call = async (path: string, body: unknown) => {
      const response = await place.call('POST', path, { body });
      return [response.status, ((await response.json()) as Problem).detail];
    };
    expect(await call('/instances/shop/extend', { until: 'tomorrow' })).toEqual([
      400,
      expect.stringContaining('until: must be a date'),
    ]);
    expect(await call('/instances/shop/extend', {})).toEqual([400, expect.stringContaining('until')]);
    expect(await call('/instances/a.b.c/extend', { until: '2040-01-01T00:00:00Z' })).toEqual([
      400,
      expect.stringContaining('id: must be'),
    ]);
    expect(asked).toEqual([]);
    expect(await call('/instances/hall/extend', { until: '2040-01-01T00:00:00Z' })).toEqual([409, 'hall is wanted for good']);
  });
});
