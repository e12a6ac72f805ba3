import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestStatus } from '@slipway/contracts';
import { ApiError, NotReachable, SlipwayClient, WaitTimedOut } from './index.js';
import { KEY, SmallGateway, event, position } from './testing/small-gateway.js';

const ID = 'one';

let gateway: SmallGateway;
let client: SlipwayClient;
/** What a look at the request shows, and the newest event that it knows. */
let status: RequestStatus;
let seen: number;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY });
  [status, seen] = ['running', 1];
  gateway.recorded = [event(1)];
  gateway.answer = (_call, response) => gateway.json(response, { id: ID, status, position: position(seen) });
});
afterEach(() => gateway.stop());

const becomes = (now: RequestStatus, n: number): void => {
  [status, seen] = [now, n];
  gateway.record(event(n));
};
const followed = async (times = 1): Promise<void> => {
  while (gateway.frames.filter(({ type }) => type === 'subscribe').length < times)
    await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('waiting for a request', () => {
  it.each(['succeeded', 'failed', 'unsatisfied', 'cancelled', 'abandoned', 'attention'] as const)(
    'ends at once when it is %s already',
    async (end) => {
      status = end;
      expect(await client.wait(ID)).toMatchObject({ id: ID, status: end });
      expect(gateway.sockets).toHaveLength(0);
    },
  );

  it.each(['succeeded', 'failed', 'attention'] as const)('tells each change and ends when it is %s', async (end) => {
    const told: string[] = [];
    const waiting = client.wait(ID, { onUpdate: (request) => told.push(`${request.status} ${request.position}`) });
    await followed();
    becomes('undoing', 2);
    while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    becomes(end, 3);
    expect((await waiting).status).toBe(end);
    expect(told).toEqual([`running ${position(1)}`, `undoing ${position(2)}`, `${end} ${position(3)}`]);
    expect(gateway.frames.find(({ type }) => type === 'subscribe')).toMatchObject({ filter: { request: ID }, from: position(1) });
  });

  it('tells progress', async () => {
    const progress = { requestId: ID, stepId: 'storage/shop-data', message: 'half' };
    const told: unknown[] = [];
    const waiting = client.wait(ID, { onProgress: (one) => told.push(one) });
    await followed();
    gateway.send(gateway.sockets[0]!, { type: 'progress', id: 'follow', progress });
    becomes('succeeded', 2);
    await waiting;
    expect(told).toEqual([progress]);
  });

  it('looks at it as it is after what was told, not as rows show it that are behind', async () => {
    gateway.answer = ({ query }, response) => {
      const atLeast = query.get('atLeast');
      gateway.json(
        response,
        atLeast ? { id: ID, status: 'succeeded', position: atLeast } : { id: ID, status, position: position(1) },
      );
    };
    const waiting = client.wait(ID);
    await followed();
    gateway.record(event(2));
    expect(await waiting).toMatchObject({ status: 'succeeded', position: position(2) });
  });

  it('goes on over a gateway that is killed and comes back', async () => {
    const waiting = client.wait(ID);
    await followed();
    await gateway.stop();
    [status, seen] = ['succeeded', 2];
    gateway.recorded.push(event(2));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await gateway.start();
    expect((await waiting).status).toBe('succeeded');
  });

  it('goes on when a look in between is not answered, or answered that something is away', async () => {
    const looks = [503, 0];
    const { answer } = gateway;
    const waiting = client.wait(ID);
    await followed();
    gateway.answer = (call, response) => {
      const next = looks.shift();
      if (next === 0) response.destroy();
      else if (next) gateway.problem(response, next, 'log-unavailable');
      else answer(call, response);
    };
    becomes('succeeded', 2);
    expect((await waiting).status).toBe('succeeded');
    expect(looks).toEqual([]);
  });

  it('says at once what the first look says', async () => {
    gateway.answer = (_call, response) => gateway.problem(response, 404, 'not-found');
    await expect(client.wait(ID)).rejects.toBeInstanceOf(ApiError);
    await gateway.stop();
    await expect(client.wait(ID)).rejects.toBeInstanceOf(NotReachable);
    await gateway.start();
  });

  it('ends when the time that was given is over, with the request as it stands; also while nobody is there', async () => {
    const error = await client.wait(ID, { timeoutMs: 200 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WaitTimedOut);
    expect(error).toMatchObject({ request: { id: ID, status: 'running' }, message: 'Request one is still running after 0.2 s' });
    const waiting = client.wait(ID, { timeoutMs: 3_000 });
    await followed(2);
    await gateway.stop();
    await expect(waiting).rejects.toBeInstanceOf(WaitTimedOut);
    await gateway.start();
  });

  it('ends with the reason when it is aborted, before and while it waits', async () => {
    const over = new AbortController();
    const waiting = client.wait(ID, { signal: over.signal });
    await followed();
    over.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(client.wait(ID, { signal: over.signal })).rejects.toThrow('enough');
  });
});
