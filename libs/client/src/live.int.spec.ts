import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, seedOf } from '@slipway/event-store/testing';
import { NotReachable, SlipwayClient, SubscriptionRefused, type Followed, type FollowOptions } from './index.js';
import { KEY, SmallGateway, event, position } from './testing/small-gateway.js';

const SEED = seedOf(Date.now() % 1_000_000);

let gateway: SmallGateway;
let client: SlipwayClient;
let over: AbortController;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY });
  over = new AbortController();
});
afterEach(async () => {
  over.abort();
  await gateway.stop();
});

/** Follows until `enough` holds; what was told. */
async function follow(options: FollowOptions, enough: (told: Followed[]) => boolean): Promise<Followed[]> {
  const told: Followed[] = [];
  for await (const frame of client.live.follow({ ...options, signal: over.signal })) {
    told.push(frame);
    if (enough(told)) return told;
  }
  return told;
}
const idsOf = (told: Followed[]): string[] => told.flatMap((frame) => (frame.type === 'event' ? [frame.event.id] : []));
const caughtUp = (told: Followed[]): boolean => told.at(-1)!.type === 'caught-up';
const upTo =
  (id: string) =>
  (told: Followed[]): boolean =>
    idsOf(told).includes(id);
const subscriptions = () => gateway.frames.filter((frame) => frame.type === 'subscribe');

describe('following', () => {
  it('sends the key in the first frame, as a browser must, then what is wanted', async () => {
    gateway.recorded = [event(1)];
    const filter = { category: ['request'], owner: 'ada' };
    await follow({ filter, from: 'start' }, caughtUp);
    expect(gateway.frames).toEqual([
      { type: 'authenticate', key: KEY },
      { type: 'subscribe', id: 'follow', filter, from: 'start', batch: 100 },
    ]);
  });

  it('tells events, the end of what is recorded, and progress', async () => {
    gateway.recorded = [event(1), event(2)];
    const progress = { requestId: '1', stepId: 'storage/shop-data', fraction: 0.5, message: 'half' };
    const told = await follow({ from: position(1) }, (frames) => {
      if (caughtUp(frames)) gateway.send(gateway.sockets[0]!, { type: 'progress', id: 'follow', progress });
      return frames.at(-1)!.type === 'progress';
    });
    expect(told).toEqual([
      { type: 'event', event: event(2) },
      { type: 'caught-up', position: position(2) },
      { type: 'progress', progress },
    ]);
  });

  it('ends without an error when it is told to, also while nothing comes and while it waits to connect again', async () => {
    const quiet = follow({}, () => false);
    await new Promise((resolve) => setTimeout(resolve, 50));
    over.abort();
    expect(await quiet).toEqual([]);

    over = new AbortController();
    gateway.recorded = [event(1)];
    const away = follow({ from: 'start' }, () => false);
    while (subscriptions().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    over.abort();
    expect(idsOf(await away)).toEqual(['event-1']);
    await gateway.start();
  });

  it('ends at once when it was told to before it began', async () => {
    over.abort();
    expect(await follow({ from: 'start' }, () => false)).toEqual([]);
    expect(gateway.sockets).toHaveLength(0);
  });

  it('lets go of its connection when its consumer has had enough', async () => {
    gateway.recorded = [event(1)];
    await follow({ from: 'start' }, upTo('event-1'));
    while (gateway.sockets[0]!.readyState !== gateway.sockets[0]!.CLOSED) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('a connection that breaks', () => {
  it('is made again after the last position: nothing is missed, nothing comes twice', async () => {
    gateway.recorded = [event(1), event(2)];
    const told = await follow({ from: 'start' }, (frames) => {
      if (caughtUp(frames) && gateway.sockets.length === 1) {
        gateway.sockets[0]!.terminate();
        gateway.recorded.push(event(3));
      }
      return idsOf(frames).includes('event-3');
    });
    expect(idsOf(told)).toEqual(['event-1', 'event-2', 'event-3']);
    expect(subscriptions().map((frame) => 'from' in frame && frame.from)).toEqual(['start', position(2)]);
  });

  it('before anything has come goes on from where it began', async () => {
    gateway.recorded = [event(1)];
    gateway.onFrame = (frame, socket) => {
      if (frame.type !== 'subscribe' || gateway.sockets.length > 1) return false;
      gateway.send(socket, { type: 'subscribed', id: 'follow', position: position(1) });
      gateway.recorded.push(event(2));
      setTimeout(() => socket.terminate(), 20);
      return true;
    };
    expect(idsOf(await follow({}, upTo('event-2')))).toEqual(['event-2']);
    expect(subscriptions().map((frame) => 'from' in frame && frame.from)).toEqual([false, position(1)]);
  });

  it('goes on from the end that was told, although nothing passed the filter', async () => {
    gateway.recorded = [event(1)];
    await follow({ from: position(1) }, (frames) => {
      if (frames.length === 1) gateway.sockets[0]!.terminate();
      return gateway.sockets.length === 2;
    });
    expect(subscriptions().at(-1)).toMatchObject({ from: position(1) });
  });

  it('comes back when the gateway does', async () => {
    gateway.recorded = [event(1)];
    const following = follow({ from: 'start' }, upTo('event-2'));
    while (subscriptions().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await gateway.stop();
    gateway.recorded.push(event(2));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await gateway.start();
    expect(idsOf(await following)).toEqual(['event-1', 'event-2']);
  });

  it(`at random moments loses and doubles nothing (SLIPWAY_SEED=${SEED})`, async () => {
    const random = seededRandom(SEED);
    let n = 0;
    const work = setInterval(() => {
      gateway.record(...Array.from({ length: Math.floor(random() * 4) }, () => event(++n)));
      if (random() < 0.05) gateway.sockets.at(-1)?.terminate();
    }, 3);
    const told = await follow({ from: 'start' }, (frames) => gateway.sockets.length > 5 && idsOf(frames).length > 200);
    clearInterval(work);
    const ids = idsOf(told);
    expect(ids).toEqual(gateway.recorded.slice(0, ids.length).map(({ id }) => id));
  }, 60_000);

  it.each(['not JSON', 'null', '[]', '{"no":"type"}'])('or tells %s is made again', async (rubbish) => {
    gateway.recorded = [event(1)];
    gateway.onFrame = (frame, socket) => {
      if (frame.type !== 'subscribe' || gateway.sockets.length > 1) return false;
      gateway.send(socket, rubbish);
      return true;
    };
    expect(idsOf(await follow({ from: 'start' }, upTo('event-1')))).toEqual(['event-1']);
  });

  it('without a word, and without an answer to a ping, counts as broken', async () => {
    gateway.recorded = [event(1)];
    gateway.onFrame = () => gateway.sockets.length === 1;
    expect(idsOf(await follow({ from: 'start', quietMs: 50 }, upTo('event-1')))).toEqual(['event-1']);
    expect(gateway.frames.map(({ type }) => type)).toEqual(expect.arrayContaining(['ping']));
  });

  it('is kept while pings are answered', async () => {
    const following = follow({ from: 'start', quietMs: 1_000 }, upTo('event-1'));
    while (gateway.frames.filter(({ type }) => type === 'ping').length < 3)
      await new Promise((resolve) => setTimeout(resolve, 5));
    gateway.record(event(1));
    expect(await following).toHaveLength(1);
    expect(gateway.sockets).toHaveLength(1);
  });

  it('is let go when far more waits than its consumer takes, and nothing is lost by it', async () => {
    gateway.recorded = Array.from({ length: 12_000 }, (_, index) => event(index + 1));
    const ids: string[] = [];
    for await (const frame of client.live.follow({ from: 'start', signal: over.signal })) {
      if (frame.type === 'event') ids.push(frame.event.id);
      while (ids.length === 1 && gateway.sockets[0]!.readyState === WebSocket.OPEN)
        await new Promise((resolve) => setTimeout(resolve, 5));
      if (ids.length === gateway.recorded.length) break;
    }
    expect(ids).toEqual(gateway.recorded.map(({ id }) => id));
    expect(gateway.sockets.length).toBeGreaterThan(1);
  });
});

describe('a subscription', () => {
  const refuseWith = (code: 'unauthenticated' | 'gone' | 'log-unavailable', times = Infinity) => {
    gateway.onFrame = (frame, socket) => {
      if (frame.type !== 'subscribe' || times-- <= 0) return false;
      gateway.send(socket, { type: 'error', id: 'follow', error: { code, message: `it is ${code}`, hint: '' } });
      return true;
    };
  };

  it.each(['unauthenticated', 'gone'] as const)('that is refused as %s ends with that', async (code) => {
    refuseWith(code);
    const error = await follow({ from: 'start' }, () => false).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SubscriptionRefused);
    expect(error).toMatchObject({ message: `it is ${code}`, error: { code } });
    expect(gateway.sockets).toHaveLength(1);
  });

  it('that ends for something that passes is asked for again', async () => {
    gateway.recorded = [event(1)];
    refuseWith('log-unavailable', 2);
    expect(idsOf(await follow({ from: 'start' }, upTo('event-1')))).toEqual(['event-1']);
    expect(gateway.sockets).toHaveLength(3);
  });

  it('where nobody is there from the beginning says so', async () => {
    await gateway.stop();
    const error = await follow({ from: 'start' }, () => false).catch((thrown: unknown) => thrown);
    await gateway.start();
    expect(error).toBeInstanceOf(NotReachable);
  });
});
