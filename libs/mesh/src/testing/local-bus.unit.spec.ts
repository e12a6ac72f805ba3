import { describe, expect, test } from '@jest/globals';
import { SlipwayError, systemClock, type RequestContext } from '@slipway/contracts';
import { currentContext, runInContext, systemContext } from '../context/context.js';
import { LocalBus, randomFaults, type Faults } from './local-bus.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);
const local = (faults?: Faults) => new LocalBus({ mesh: 'test', clock: systemClock, seed, ...(faults && { faults }) });

describe(`LocalBus (SLIPWAY_SEED=${seed})`, () => {
  test('answers through JSON, in the context of the caller', async () => {
    const bus = local();
    let seen: RequestContext | undefined;
    bus.serve('resolver', 'plan', (body) => {
      seen = currentContext();
      return { got: body, at: new Date(0) };
    });
    const context = systemContext('me');
    const answer = await runInContext(context, () => bus.request('resolver', 'plan', { a: 1, b: undefined }));
    expect(answer).toEqual({ got: { a: 1 }, at: '1970-01-01T00:00:00.000Z' });
    expect(seen).toMatchObject({ correlationId: context.correlationId, actor: context.actor });
  });

  test("errors arrive with their code; nobody there is no-server; another's location too", async () => {
    const bus = local();
    bus.serve(
      'storage',
      'ensure',
      () => {
        throw new SlipwayError('generation-old', 'older', { generation: 1 });
      },
      'here',
    );
    await expect(bus.request('storage', 'ensure', {}, { location: 'here' })).rejects.toMatchObject({
      code: 'generation-old',
      details: { generation: 1 },
    });
    await expect(bus.request('storage', 'ensure', {}, { location: 'there' })).rejects.toMatchObject({ code: 'no-server' });
    await expect(bus.request('storage', 'ensure', {})).rejects.toMatchObject({ code: 'no-server' });
  });

  test('a lost request or a lost answer is timed-out, and the latter was handled', async () => {
    let handled = 0;
    for (const lost of ['request', 'answer']) {
      const bus = local(({ leg }) => (leg === lost ? [] : [0]));
      bus.serve('resolver', 'plan', () => ++handled);
      await expect(bus.request('resolver', 'plan', null, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timed-out' });
    }
    expect(handled).toBe(1);
  });

  test('a doubled request is handled twice and answered once', async () => {
    let handled = 0;
    const bus = local(({ leg }) => (leg === 'request' ? [0, 1] : [0]));
    bus.serve('resolver', 'plan', () => ++handled);
    await expect(bus.request('resolver', 'plan', null)).resolves.toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(handled).toBe(2);
  });

  test('delays reorder', async () => {
    const bus = local(({ body }) => [body === 'first' ? 30 : 0]);
    const heard: unknown[] = [];
    bus.subscribe('slipway.test.progress.>', (body) => heard.push(body));
    for (const body of ['first', 'second']) bus.publish('slipway.test.progress.r1', body);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(heard).toEqual(['second', 'first']);
  });

  test('disconnected: unreachable at once, nothing passes', async () => {
    const bus = local();
    bus.serve('resolver', 'plan', () => 1);
    bus.disconnect();
    await expect(bus.request('resolver', 'plan', null)).rejects.toMatchObject({ code: 'unreachable' });
    bus.reconnect();
    await expect(bus.request('resolver', 'plan', null)).resolves.toBe(1);
  });

  test('the same seed makes the same faults', async () => {
    const run = async () => {
      const bus = local(randomFaults({ drop: 0.3, double: 0.3 }));
      const heard: unknown[] = [];
      bus.subscribe('>', (body) => heard.push(body));
      for (let n = 0; n < 200; n++) bus.publish('a.b', n);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return heard;
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first).size).toBeLessThan(200);
    expect(new Set(first).size).toBeLessThan(first.length);
  });

  test('replicas take turns, and one that has crashed is asked no more', async () => {
    const bus = local();
    const stop = bus.serve('resolver', 'plan', () => 'one');
    bus.serve('resolver', 'plan', () => 'two');
    const ask = () => bus.request('resolver', 'plan', null);
    expect(new Set([await ask(), await ask()])).toEqual(new Set(['one', 'two']));
    stop();
    expect(new Set([await ask(), await ask()])).toEqual(new Set(['two']));
  });
});
