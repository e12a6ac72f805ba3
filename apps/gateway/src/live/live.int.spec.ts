import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlipwayError, progressSubject, type EventView, type ServerFrame } from '@slipway/contracts';
import { seedOf, seededRandom } from '@slipway/event-store/testing';
import { WebSocket } from 'ws';
import { GatewayPlace, acceptance } from '../testing/gateway-place.js';
import { LiveClient } from '../testing/live-client.js';
import { CLOSE } from './connection.js';

const positions = (events: readonly { position: string }[]): string[] => events.map(({ position }) => position);

describe('the WebSocket', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
  });
  afterAll(() => place.close());

  it('delivers what was recorded from the start, then what comes, each once and in order', async () => {
    for (const name of ['a', 'b', 'c']) await place.resource('instance', name);
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'all', from: 'start' });
    await client.until(({ type }) => type === 'caught-up');
    const last = await place.resource('storage', 'd');
    await client.caughtUp('all', last);
    const recorded = (await place.store.readAll()).events;
    expect(positions(client.events('all'))).toEqual(positions(recorded));
    expect(client.events('all')[0]).toMatchObject({
      category: 'instance',
      type: 'InstanceStarted',
      environment: 'default',
      ownerId: 'ada',
      data: { action: 'ensure' },
    });
    await client.end();
  });

  it('sends several events in a frame to who catches up and wants it so, and one by one what comes then', async () => {
    for (let n = 0; n < 30; n++) await place.resource('storage', `batch-${n}`);
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'batches', from: 'start', batch: 25 });
    await client.until(({ type }) => type === 'caught-up');
    const last = await place.resource('storage', 'after');
    await client.caughtUp('batches', last);
    const batches = client.frames.flatMap((frame) => (frame.type === 'events' ? [frame.events] : []));
    const recorded = (await place.store.readAll()).events;
    expect(positions([...batches.flat(), ...client.events('batches')])).toEqual(positions(recorded));
    expect(batches.slice(0, -1).map(({ length }) => length)).toEqual(Array(batches.length - 1).fill(25));
    expect(client.events('batches').at(-1)?.position).toBe(last);
    for (const batch of [0, 1_001, 1.5, '5', null]) {
      client.send({ type: 'subscribe', id: `wrong-${batch}`, batch });
      const { error } = await client.until<Extract<ServerFrame, { type: 'error' }>>(
        (frame) => frame.type === 'error' && frame.id === `wrong-${batch}`,
      );
      expect(error).toMatchObject({ code: 'bad-input', message: expect.stringContaining('batch') });
    }
    await client.end();
  });

  it('has several subscriptions with filters of their own, added and taken away while it is open', async () => {
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'instances', filter: { category: ['instance'] } });
    client.send({
      type: 'subscribe',
      id: 'made',
      filter: { type: ['StorageProvisioned', 'InstanceProvisioned'], environment: 'other' },
    });
    await client.until((frame) => frame.type === 'subscribed' && frame.id === 'made');
    await place.resource('instance', 'e');
    const between = await place.resource('storage', 'f', 'other');
    await client.caughtUp('instances', between);
    client.send({ type: 'unsubscribe', id: 'instances' });
    await client.until(({ type }) => type === 'unsubscribed');
    client.send({ type: 'subscribe', id: 'of-ada', filter: { owner: 'ada' }, from: between });
    const last = await place.resource('instance', 'g', 'other');
    await client.caughtUp('of-ada', last);
    await client.until((frame) => frame.type === 'event' && frame.id === 'made' && frame.event.position === last);
    expect(client.events('instances').map(({ stream }) => stream)).toEqual(['instance-default.e', 'instance-default.e']);
    expect(client.events('made').map(({ stream }) => stream)).toEqual(['storage-other.f', 'instance-other.g']);
    expect(client.events('of-ada').map(({ type }) => type)).toEqual(['InstanceStarted', 'InstanceProvisioned']);
    await client.end();
  });

  it('begins with what comes from now on when no position is given', async () => {
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'now' });
    const { position } = await client.until<Extract<ServerFrame, { type: 'subscribed' }>>(({ type }) => type === 'subscribed');
    expect(position).toBe(await place.store.head());
    const last = await place.resource('instance', 'h');
    await client.caughtUp('now', last);
    expect(client.events('now')).toHaveLength(2);
    await client.end();
  });

  it('delivers what a request causes, in whatever stream, to who filters by that request: live, and from the start', async () => {
    const [mine, other] = [randomUUID(), randomUUID()];
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'live', filter: { request: mine } });
    client.send({ type: 'subscribe', id: 'both', filter: { request: mine, category: ['request'] } });
    await client.until((frame) => frame.type === 'subscribed' && frame.id === 'both');
    const job = (instanceId: string) => acceptance({ job: 'provision', body: { ownerId: 'ada', instanceId } });
    const expected = [await place.request(mine, job('i')), await place.request(other, job('j'))].slice(0, 1);
    for (const requestId of [mine, other])
      expected.push(
        await place.record(
          'environment-default',
          'DispatchPaused',
          { actor: { id: 'ada', type: 'user' } },
          { requestId, environment: 'default' },
        ),
      );
    expected.pop();
    await place.resource('instance', 'i');
    expected.push(
      await place.request(mine, {
        type: 'RequestSucceeded',
        data: { alreadySatisfied: [], installed: [], removed: [], wires: [] },
      }),
    );
    const last = await place.resource('instance', 'k');
    client.send({ type: 'subscribe', id: 'past', filter: { request: mine }, from: 'start' });
    for (const id of ['live', 'both', 'past']) await client.caughtUp(id, last);
    expect(positions(client.events('live'))).toEqual(expected);
    expect(positions(client.events('past'))).toEqual(expected);
    expect(client.events('live').map(({ category }) => category)).toEqual(['request', 'environment', 'request']);
    expect(positions(client.events('both'))).toEqual([expected[0], expected[2]]);
    expect(new Set(client.events('live').map(({ requestId }) => requestId))).toEqual(new Set([mine]));
    await client.end();
  });

  it('tells the progress of a request’s steps to who follows that request only', async () => {
    const request = '0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10';
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'other' });
    client.send({ type: 'subscribe', id: 'it', filter: { request } });
    await client.until((frame) => frame.type === 'subscribed' && frame.id === 'it');
    const progress = { requestId: request, stepId: 'storage/x', fraction: 0.5, message: 'half' };
    place.bus.publish(progressSubject('test', request), progress);
    expect(await client.until(({ type }) => type === 'progress')).toEqual({ type: 'progress', id: 'it', progress });
    client.send({ type: 'unsubscribe', id: 'it' });
    await client.until(({ type }) => type === 'unsubscribed');
    place.bus.publish(progressSubject('test', request), progress);
    client.send({ type: 'ping' });
    await client.until(({ type }) => type === 'pong');
    expect(client.frames.filter(({ type }) => type === 'progress')).toHaveLength(1);
    await client.end();
  });

  it('says of a position that is another log’s, or none, that it is gone, and goes on with the rest', async () => {
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'bad', from: 'other.0000000001.00000000000000000007' });
    client.send({ type: 'subscribe', id: 'good', from: 'start' });
    expect(await client.until(({ type }) => type === 'error')).toMatchObject({ id: 'bad', error: { code: 'gone' } });
    await client.until((frame) => frame.type === 'caught-up' && frame.id === 'good');
    client.send({ type: 'subscribe', id: 'bad', from: 'start' });
    await client.until((frame) => frame.type === 'caught-up' && frame.id === 'bad');
    await client.end();
  });

  it.each(['now', '', 'end', 7, null])('says of a beginning that is none (%j) what the frame may have there', async (from) => {
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'bad', from } as never);
    expect(await client.until(({ type }) => type === 'error')).toMatchObject({
      id: 'bad',
      error: {
        code: 'bad-input',
        details: { fields: [{ field: 'from', reason: 'must be "start" or a position of the log; without it it begins now' }] },
      },
    });
    await client.end();
  });

  it('answers frames that are not valid with an error, and closes when they do not end', async () => {
    const client = await LiveClient.open(place);
    for (const frame of ['rubbish', '[]', { type: 'shutdown' }, { type: 'subscribe', id: 'x', filter: { request: '>' } }])
      client.send(frame);
    client.send({ type: 'unsubscribe', id: 'never' });
    client.send({ type: 'subscribe', id: 'twice' });
    client.send({ type: 'subscribe', id: 'twice' });
    client.send({ type: 'ping' });
    await client.until(({ type }) => type === 'pong');
    const errors = client.frames.flatMap((frame) => (frame.type === 'error' ? [[frame.id, frame.error.code]] : []));
    expect(errors).toEqual([
      ...[
        [undefined, 'message-malformed'],
        [undefined, 'message-malformed'],
        [undefined, 'bad-input'],
        ['x', 'bad-input'],
      ],
      ...[
        ['never', 'not-found'],
        ['twice', 'bad-input'],
      ],
    ]);
    for (let n = 0; n < 60; n++) client.send('{');
    expect((await client.closed).code).toBe(CLOSE.hostile);
  });

  it('closes on binary and on frames that are too large', async () => {
    const binary = await LiveClient.open(place);
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect((await binary.closed).code).toBe(CLOSE.binary);
    const large = await LiveClient.open(place);
    large.send({ type: 'subscribe', id: 'x'.repeat(1_100_000) });
    expect((await large.closed).code).toBe(1009);
    expect(place.gateway.url).toBeTruthy();
  });

  it('bounds the subscriptions of a connection', async () => {
    const client = await LiveClient.open(place);
    for (let n = 0; n <= 256; n++) client.send({ type: 'subscribe', id: `s${n}`, filter: { owner: 'nobody' } });
    expect(await client.until(({ type }) => type === 'error')).toMatchObject({ id: 's256', error: { code: 'too-busy' } });
    await client.end();
  });
});

describe('the WebSocket, when the log', () => {
  it('is away, waits, and goes on where it was', async () => {
    const place = await GatewayPlace.open();
    for (const name of ['a', 'b']) await place.resource('instance', name);
    const { store } = place.runtime;
    const { readAll, head } = store;
    const away = () => Promise.reject(new SlipwayError('log-unavailable', 'lock held'));
    store.readAll = store.head = away;
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'all', from: 'start' });
    client.send({ type: 'subscribe', id: 'now' });
    client.send({ type: 'ping' });
    await client.until(({ type }) => type === 'pong');
    expect(client.frames).toEqual([{ type: 'pong' }]);
    Object.assign(store, { readAll, head });
    await client.until((frame) => frame.type === 'subscribed' && frame.id === 'now');
    const last = await place.resource('instance', 'c');
    await client.caughtUp('all', last);
    await client.caughtUp('now', last);
    expect([client.events('all').length, client.events('now').length]).toEqual([6, 2]);
    await client.end();
    await place.close();
  });

  it('is damaged, says so to every subscription, and readiness too', async () => {
    const place = await GatewayPlace.open();
    const { subscribe } = place.runtime.store;
    let fail: (error: unknown) => void = () => {};
    place.runtime.store.subscribe = (options) => {
      fail = options.failed;
      return subscribe.call(place.runtime.store, options);
    };
    await place.gateway.stop({ instances: 'leave' });
    await place.start();
    const client = await LiveClient.open(place);
    client.send({ type: 'subscribe', id: 'a' });
    await client.until(({ type }) => type === 'caught-up');
    fail(new SlipwayError('log-damaged', 'event 3 is not what was recorded'));
    expect(await client.until(({ type }) => type === 'error')).toMatchObject({ id: 'a', error: { code: 'log-damaged' } });
    expect(await place.gateway.health()).toMatchObject({ ready: false, reasons: ['event 3 is not what was recorded'] });
    await client.end();
    await place.close();
  });
});

describe('the WebSocket’s door', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open({ liveLimits: { authenticateMs: 200, pingMs: 100 } });
  });
  afterAll(() => place.close());

  const refusal = async (headers: Record<string, string>, path = '/api/v1/events'): Promise<number> => {
    const socket = new WebSocket(`${place.gateway.url.replace('http', 'ws')}${path}`, { headers });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number; destroy(): void }];
    response.destroy();
    return response.statusCode;
  };

  it('checks key, Host, Origin and path before the upgrade', async () => {
    const key = { Authorization: `Bearer ${place.key}` };
    expect(await refusal({ Authorization: 'Bearer wrong' })).toBe(401);
    expect(await refusal({ ...key, Host: 'evil.example' })).toBe(403);
    expect(await refusal({ ...key, Origin: 'http://evil.example' })).toBe(403);
    expect(await refusal(key, '/api/v1/instances')).toBe(404);
  });

  it('takes the key in the first frame, as a browser must send it', async () => {
    const client = await LiveClient.open(place, {});
    client.send({ type: 'authenticate', key: place.key });
    client.send({ type: 'subscribe', id: 'a', from: 'start' });
    await client.until(({ type }) => type === 'caught-up');
    await client.end();
  });

  it('closes when the key is wrong, when something else comes first, and when nothing comes', async () => {
    const wrong = await LiveClient.open(place, {});
    wrong.send({ type: 'authenticate', key: 'wrong' });
    expect((await wrong.closed).code).toBe(CLOSE.unauthenticated);
    expect(wrong.frames).toMatchObject([{ type: 'error', error: { code: 'unauthenticated' } }]);
    const eager = await LiveClient.open(place, {});
    eager.send({ type: 'subscribe', id: 'a', from: 'start' });
    expect((await eager.closed).code).toBe(CLOSE.unauthenticated);
    expect(eager.frames).toHaveLength(1);
    const silent = await LiveClient.open(place, {});
    expect((await silent.closed).code).toBe(CLOSE.unauthenticated);
  });

  it('keeps a connection that answers pings, and ends one that is dead', async () => {
    const alive = await LiveClient.open(place);
    const dead = new WebSocket(`${place.gateway.url.replace('http', 'ws')}/api/v1/events`, {
      headers: { Authorization: `Bearer ${place.key}` },
      autoPong: false,
    });
    dead.on('error', () => {});
    const [code] = (await once(dead, 'close')) as [number];
    expect(code).toBe(1006);
    alive.send({ type: 'ping' });
    await alive.until(({ type }) => type === 'pong');
    await alive.end();
  });

  it('tells clients to come again when the gateway stops', async () => {
    const other = await GatewayPlace.open();
    const client = await LiveClient.open(other);
    await other.close();
    expect((await client.closed).code).toBe(CLOSE.restart);
  });
});

describe('clients', () => {
  it('that reconnect with their last position miss nothing and get nothing twice, while it goes on', async () => {
    const seed = seedOf(Date.now() % 2 ** 31);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const pick = (below: number) => Math.floor(random() * below);
    const place = await GatewayPlace.open();
    let finished = false;
    const writing = (async () => {
      for (let n = 0; n < 150; n++) {
        await place.resource(pick(2) ? 'instance' : 'storage', `r${n}`, pick(2) ? 'default' : 'other');
        if (pick(4) === 0) await new Promise((resolve) => setTimeout(resolve, pick(6)));
      }
      finished = true;
    })();

    const follow = async (filter: object): Promise<EventView[]> => {
      const seen: EventView[] = [];
      let from = 'start';
      for (let last = false; !last;) {
        last = finished;
        const client = await LiveClient.open(place);
        client.send({ type: 'subscribe', id: 'f', filter, from });
        if (last) await client.caughtUp('f', await place.store.head());
        else await new Promise((resolve) => setTimeout(resolve, pick(25)));
        client.socket.terminate();
        await client.closed;
        // What arrived counts, whatever else was on its way.
        seen.push(...client.events('f'));
        from = seen.at(-1)?.position ?? 'start';
      }
      return seen;
    };
    const [all, some, none] = await Promise.all([
      follow({}),
      follow({ category: ['storage'], environment: 'other' }),
      follow({ owner: 'nobody' }),
      writing,
    ]);
    const recorded = (await place.store.readAll({ limit: 5000 })).events;
    expect(positions(all)).toEqual(positions(recorded));
    expect(positions(some)).toEqual(positions(recorded.filter(({ stream }) => stream.startsWith('storage-other.'))));
    expect(none).toEqual([]);
    await place.close();
  }, 60_000);

  it('that do not read are paused, then dropped with a word why; others get everything', async () => {
    const place = await GatewayPlace.open({ liveLimits: { slowMs: 500, highWater: 16 * 1024 } });
    const data = { reason: 'x'.repeat(60_000) };
    for (let n = 0; n < 400; n++) await place.record(`environment-e${n}`, 'DispatchPaused', data);
    const [slow, quick] = [await LiveClient.open(place), await LiveClient.open(place)];
    slow.send({ type: 'subscribe', id: 's', from: 'start' });
    slow.socket.pause();
    quick.send({ type: 'subscribe', id: 'q', from: 'start' });
    await quick.caughtUp('q', await place.store.head());
    expect(quick.events('q')).toHaveLength(400);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    slow.socket.resume();
    expect(await slow.closed).toEqual({ code: CLOSE.slow, reason: 'frames were not read in time' });
    expect(slow.events('s').length).toBeLessThan(400);
    await quick.end();
    await place.close();
  }, 60_000);

  it('may be a thousand subscriptions that wait', async () => {
    const place = await GatewayPlace.open();
    const clients = await Promise.all(Array.from({ length: 10 }, () => LiveClient.open(place)));
    for (const client of clients) {
      for (let n = 0; n < 100; n++)
        client.send({ type: 'subscribe', id: `s${n}`, filter: { environment: n === 0 ? 'default' : 'quiet' } });
    }
    await Promise.all(clients.map((client) => client.until((frame) => frame.type === 'subscribed' && frame.id === 's99')));
    const last = await place.resource('instance', 'a');
    await Promise.all(clients.map((client) => client.until((frame) => frame.type === 'event' && frame.event.position === last)));
    for (const client of clients) {
      expect(client.events('s0')).toHaveLength(2);
      expect(client.frames.filter(({ type }) => type === 'event')).toHaveLength(2);
      await client.end();
    }
    await place.close();
  }, 60_000);
});
