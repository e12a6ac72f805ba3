import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS } from '@slipway/contracts';
import type { HandlerView, Readiness } from '@slipway/contracts/http';
import { HandlerConfig, currentContext } from '@slipway/mesh';
import { GatewayPlace } from '../testing/gateway-place.js';

const welcome: HandlerView = { name: 'welcome', file: '/x.mjs', names: ['dfe.provisioned'], parkedCount: 0, parked: [] };
const PARKED = '/handlers/welcome/parked/e1';

let place: GatewayPlace;
/** What the service was asked, and by whom. */
let asked: unknown[];
beforeEach(async () => {
  place = await GatewayPlace.open();
  place.serveMesh();
  asked = [];
  const serve = (verb: string, answer: (body: never) => unknown) =>
    place.bus.serve('handlers', verb, (body) => {
      asked.push([verb, body, currentContext().actor.id]);
      return answer(body as never);
    });
  serve(VERBS.listHandlers, ({ name = 'welcome' }: { name?: string }) => {
    if (name !== 'welcome') throw new SlipwayError('not-found', `There is no handler ${name}; there are welcome`);
    return { items: [welcome] };
  });
  const recorded = () => ({ requestId: currentContext().correlationId, position: 'log.1.7' });
  serve(VERBS.retryParked, recorded);
  serve(VERBS.discardParked, recorded);
});
afterEach(() => place.close());

describe('the handlers', () => {
  it('are what their service says of them, all or one', async () => {
    expect(await place.json('GET', '/handlers')).toEqual({ items: [welcome] });
    expect(await place.json('GET', '/handlers/welcome')).toEqual(welcome);
    const missing = await place.call('GET', '/handlers/moon');
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { detail: 'There is no handler moon; there are welcome' },
    ]);
    expect((await place.call('GET', '/handlers/..%2Fx')).status).toBe(404);
    expect((await place.call('GET', '/handlers?colour=red')).status).toBe(400);
  });

  it('try a parked event again, or never handle it, as somebody wants: recorded in the name of who asked', async () => {
    const retried = await place.call('POST', `${PARKED}/retry`, { body: { reason: 'mended' } });
    expect([retried.status, retried.headers.get('Location'), retried.headers.get('Slipway-Position')]).toEqual([
      ...[202, '/api/v1/handlers/welcome', 'log.1.7'],
    ]);
    expect((await place.call('POST', `${PARKED}/retry`)).status).toBe(202);
    expect((await place.call('POST', `${PARKED}/discard`, { body: { reason: 'over' } })).status).toBe(202);
    const of = { handler: 'welcome', eventId: 'e1' };
    expect(asked).toEqual([
      [VERBS.retryParked, { ...of, reason: 'mended' }, 'operator'],
      [VERBS.retryParked, of, 'operator'],
      [VERBS.discardParked, { ...of, reason: 'over' }, 'operator'],
    ]);
  });

  it.each([{}, { reason: '' }, { reason: 'x'.repeat(501) }, { reason: 'x', why: 'y' }])(
    'never handle one without a reason: %j',
    async (body) => {
      expect((await place.call('POST', `${PARKED}/discard`, { body })).status).toBe(400);
      expect(asked).toEqual([]);
    },
  );

  it('are asked for their health where some are configured, and only there', async () => {
    const check = async () => {
      const answer = await place.json<Readiness & { details?: Readiness }>('GET', '/health/ready');
      return (answer.details?.checks ?? answer.checks).find(({ name }) => name === 'handlers');
    };
    expect(await check()).toBeUndefined();
    place.runtime.config.handlers = { welcome: Object.assign(new HandlerConfig(), { file: '/x.mjs' }) };
    expect(await check()).toMatchObject({ ready: false });
    const reasons = ['welcome: /x.mjs is not there'];
    place.bus.serve('handlers', VERBS.health, () => ({ service: 'handlers', replica: 'one', ready: true, reasons }));
    expect(await check()).toEqual({ name: 'handlers', ready: true, reason: reasons[0] });
  });
});
