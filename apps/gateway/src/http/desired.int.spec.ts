import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type Desired, type RequestContext, type SetDesiredCommand } from '@slipway/contracts';
import type { Problem, ResourceView } from '@slipway/contracts/http';
import { currentContext } from '@slipway/mesh';
import { GatewayPlace } from '../testing/gateway-place.js';

describe('whether an instance is to run', () => {
  let place: GatewayPlace;
  let position: string;
  let asked: { command: SetDesiredCommand; context: RequestContext }[];
  let refusal: SlipwayError | undefined;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    position = await place.resource('instance', 'shop');
    position = await place.resource('instance', 'shop', 'north');
    place.bus.serve(
      'instance',
      VERBS.setDesired,
      async (body) => {
        const command = body as SetDesiredCommand;
        asked.push({ command, context: currentContext() });
        if (refusal) throw refusal;
        const { environment, name } = command.resource;
        const desired = command.change === 'start' ? ('running' as const) : ('stopped' as const);
        const data = { generation: 1, desired };
        const recorded = await place.record(`instance-${environment}.${name}`, 'InstanceDesiredStateChanged', data);
        return { ...data, position: recorded } satisfies Desired;
      },
      'local',
    );
  });
  beforeEach(() => {
    asked = [];
    refusal = undefined;
  });
  afterAll(() => place.close());

  it.each(['start', 'stop', 'restart'] as const)(
    '%s goes to its sub-provisioner, is 202 and can be read at once',
    async (change) => {
      const headers = { 'Slipway-At-Least': position, 'X-Request-Id': `call-${change}` };
      const response = await place.call('POST', `/instances/shop/${change}`, { headers, body: { reason: 'so' } });
      const answer = (await response.json()) as Desired;
      expect([response.status, response.headers.get('Location')]).toEqual([202, '/api/v1/instances/default.shop']);
      expect(response.headers.get('Slipway-Position')).toBe(answer.position);
      const resource = { environment: 'default', kind: 'instance', name: 'shop' };
      expect(asked.map(({ command }) => command)).toEqual([{ resource, change, reason: 'so' }]);
      expect(asked[0]!.context).toMatchObject({ correlationId: `call-${change}`, actor: { id: 'operator' } });
      const row = await place.json<ResourceView>('GET', '/instances/shop', { headers: { 'Slipway-At-Least': answer.position } });
      expect(row.desired).toBe(answer.desired);
    },
  );

  it('an instance of another environment is named by it, as everywhere', async () => {
    await place.call('POST', '/instances/shop/stop?environment=north', { headers: { 'Slipway-At-Least': position } });
    await place.call('POST', '/instances/north.shop/stop');
    expect(asked.map(({ command }) => command.resource.environment)).toEqual(['north', 'north']);
  });

  it('what there is not, or what is wrong, is refused by name and asks nobody', async () => {
    const call = async (path: string, body?: unknown) => {
      const response = await place.call('POST', path, { body });
      return [response.status, ((await response.json()) as Problem).detail];
    };
    expect(await call('/instances/nobody/stop')).toEqual([404, 'There is no instance default.nobody']);
    expect(await call('/instances/shop/stop', { force: true })).toEqual([400, expect.stringContaining('force')]);
    expect(await call('/instances/shop/stop?now=1')).toEqual([400, expect.stringContaining('now')]);
    expect(asked).toEqual([]);
  });

  it('is refused as its sub-provisioner refuses it, by naming what works on it', async () => {
    refusal = new SlipwayError(
      'too-busy',
      'Something else is being done with this resource: destroy of generation 1 for request r2',
    );
    const response = await place.call('POST', '/instances/shop/stop');
    expect([response.status, await response.json()]).toEqual([
      429,
      expect.objectContaining({ code: 'too-busy', detail: expect.stringContaining('r2') }),
    ]);
  });
});
