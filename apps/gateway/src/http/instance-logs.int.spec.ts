import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type InstanceLogPart, type InstanceLogQuery } from '@slipway/contracts';
import { GatewayPlace } from '../testing/gateway-place.js';

describe('what an instance has written', () => {
  let place: GatewayPlace;
  let asked: InstanceLogQuery[];
  let answer: (query: InstanceLogQuery) => Promise<InstanceLogPart>;
  const part = (text: string, over: Partial<InstanceLogPart> = {}): InstanceLogPart => ({
    ...{ data: Buffer.from(text).toString('base64'), after: `1.${asked.length}`, more: false },
    ...over,
  });
  beforeAll(async () => {
    place = await GatewayPlace.open();
    const position = await place.resource('instance', 'shop');
    place.bus.serve(
      'instance',
      VERBS.instanceLog,
      (body) => {
        asked.push(body as InstanceLogQuery);
        return answer(body as InstanceLogQuery);
      },
      'local',
    );
    await place.call('GET', '/instances/shop', { headers: { 'Slipway-At-Least': position } });
  });
  beforeEach(() => {
    asked = [];
    answer = async () => part('one\n');
  });
  afterAll(() => place.close());

  it('is given as it is, part after part, and ends', async () => {
    answer = async ({ after }) =>
      part(after === undefined ? 'one\n' : 'two é\n', { more: after === undefined, gap: after !== undefined });
    const response = await place.call('GET', '/instances/shop/logs?tail=7');
    expect([response.status, response.headers.get('Content-Type'), response.headers.get('Cache-Control')]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'no-store',
    ]);
    expect(await response.text()).toBe('one\n\n(what was written here is not kept any more)\ntwo é\n');
    const resource = { environment: 'default', kind: 'instance', name: 'shop' };
    expect(asked).toEqual([
      { resource, tail: 7 },
      { resource, after: '1.1' },
    ]);
  });

  it('begins with 100 lines, or with all that is kept', async () => {
    await (await place.call('GET', '/instances/shop/logs')).text();
    await (await place.call('GET', '/instances/shop/logs?tail=all')).text();
    expect(asked.map(({ tail }) => tail)).toEqual([100, undefined]);
  });

  it('followed, it goes on with what comes, over a moment in which nobody answers, until the instance is gone', async () => {
    answer = async () => {
      if (asked.length === 2) throw new SlipwayError('no-server');
      if (asked.length === 5) throw new SlipwayError('not-found');
      return part(`${asked.length}\n`);
    };
    const response = await place.call('GET', '/instances/shop/logs?follow=true');
    expect(await response.text()).toBe('1\n3\n4\n');
    expect(asked[1]).toMatchObject({ after: '1.1', waitMs: expect.any(Number) });
  });

  it('followed, it is asked for no more when the caller has gone, nor faster than he takes it', async () => {
    const large = 'x'.repeat(128 * 1024);
    answer = async () => part(large, { more: true });
    const leaving = new AbortController();
    const response = await fetch(`${place.gateway.url}/api/v1/instances/shop/logs?follow=true`, {
      headers: { Authorization: `Bearer ${place.key}` },
      signal: leaving.signal,
    });
    // Nobody reads: what fits into buffers on the way is asked for, and no more.
    let before = -1;
    while (before !== asked.length) {
      before = asked.length;
      await sleep(300);
    }
    expect(before).toBeLessThan(400);
    await response.body!.getReader().read();
    leaving.abort();
    await sleep(300);
    const after = asked.length;
    await sleep(500);
    expect(asked.length).toBeLessThanOrEqual(after + 1);
  });

  it('what is refused is a problem before the answer begins', async () => {
    answer = async () => {
      throw new SlipwayError('not-possible', 'The driver docker keeps no log of instance default.shop');
    };
    expect((await place.call('GET', '/instances/shop/logs')).status).toBe(409);
    for (const wrong of ['follow=yes', 'tail=-1', 'tail=some', 'lines=3'])
      expect([wrong, (await place.call('GET', `/instances/shop/logs?${wrong}`)).status]).toEqual([wrong, 400]);
    expect((await place.call('GET', '/instances/nobody/logs')).status).toBe(404);
  });
});
