import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type CredentialsQuery, type RequestContext, type RotateCommand } from '@slipway/contracts';
import type { CredentialsView, RotationView } from '@slipway/contracts/http';
import { currentContext } from '@slipway/mesh';
import { sealFor } from '@slipway/secrets';
import { GatewayPlace } from '../testing/gateway-place.js';

const CREDENTIALS = [{ kind: 'database', name: 'db', values: { password: 'canary-of-the-secret' } }];

describe('credentials of an instance', () => {
  let place: GatewayPlace;
  let passed: string[];
  let contexts: RequestContext[];
  let rotations: string[];
  let sealedFor: string;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    const position = await place.resource('instance', 'shop');
    const serve = (verb: string, answer: (body: never) => unknown) =>
      place.bus.serve(
        'instance',
        verb,
        async (body) => {
          contexts.push(currentContext());
          const answered = answer(body as never);
          passed.push(JSON.stringify([body, answered]));
          return answered;
        },
        'local',
      );
    serve(VERBS.credentials, ({ recipient }: CredentialsQuery) => ({
      ...sealFor(recipient, sealedFor, JSON.stringify(CREDENTIALS)),
      ...{ generation: 1, position },
    }));
    serve(VERBS.rotate, ({ rotation }: RotateCommand) => {
      rotations.push(rotation);
      if (rotations.length > 3)
        throw new SlipwayError('not-possible', "The driver sqlite of database/shop-db can't make secrets anew");
      return { state: 'rotating', position };
    });
    await place.call('GET', '/instances/shop', { headers: { 'Slipway-At-Least': position } });
  });
  beforeEach(() => {
    [passed, contexts, rotations, sealedFor] = [[], [], [], 'instance-default.shop'];
  });
  afterAll(() => place.close());

  it('are given in the clear to who asks with the key, never cached, and pass nobody on the way', async () => {
    const response = await place.call('GET', '/instances/shop/credentials', { headers: { 'X-Request-Id': 'call-0001' } });
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(((await response.json()) as CredentialsView).credentials).toEqual(CREDENTIALS);
    expect(contexts[0]).toMatchObject({ actor: { id: 'operator' }, correlationId: 'call-0001' });
    expect(passed.join()).not.toContain('canary');
    expect(JSON.stringify(place.lines)).not.toContain('canary');
    const refused = await place.call('GET', '/instances/shop/credentials', { headers: { Authorization: 'Bearer no' } });
    expect([refused.status, contexts.length]).toEqual([401, 1]);
    expect((await place.call('GET', '/instances/nobody/credentials')).status).toBe(404);
  });

  it('that were sealed for another resource do not open', async () => {
    sealedFor = 'instance-default.other';
    const response = await place.call('GET', '/instances/shop/credentials');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([500, 'secret-damaged']);
  });

  it('are made anew once for each idempotency key, and refused by the name of the driver that can not', async () => {
    const rotate = (key?: string) =>
      place.call('POST', '/instances/shop/credentials/rotate', key === undefined ? {} : { headers: { 'Idempotency-Key': key } });
    const first = await rotate('key');
    expect([first.status, first.headers.get('Location')]).toEqual([202, '/api/v1/instances/default.shop']);
    expect(((await first.json()) as RotationView).rotation).toBe(rotations[0]);
    await rotate('key');
    await rotate();
    expect([rotations[0] === rotations[1], rotations[1] === rotations[2]]).toEqual([true, false]);
    const refused = await rotate();
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      409,
      expect.stringContaining('sqlite of database/shop-db'),
    ]);
  });
});
