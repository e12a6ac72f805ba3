import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiError, NotReachable, SlipwayClient } from './index.js';
import { KEY, SmallGateway, position } from './testing/small-gateway.js';

let gateway: SmallGateway;
let client: SlipwayClient;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY, logToken: 'order 66' });
});
afterEach(async () => {
  client.actions.close();
  await gateway.stop();
});

describe('actions', () => {
  it('go over one connection, behind the key, and get their own answers in whatever order', async () => {
    const waiting: (() => void)[] = [];
    gateway.perform = ({ id, body }, socket) => {
      waiting.unshift(() => gateway.send(socket, { type: 'answer', id, status: 200, headers: {}, body: body! }));
      if (waiting.length === 3) for (const answer of waiting) answer();
    };
    const answers = await Promise.all([1, 2, 3].map((n) => client.actions.call('get-request', { n })));
    expect(answers).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(gateway.sockets).toHaveLength(1);
    expect(gateway.frames[0]).toEqual({ type: 'authenticate', key: KEY });
    expect(gateway.actions[0]).toEqual({
      id: '1',
      action: 'get-request',
      body: { n: 1 },
      headers: { 'X-Log-Token': 'order 66' },
    });
  });

  it('carry headers, and read what was written, over REST or over the WebSocket', async () => {
    gateway.answer = (_call, response) =>
      gateway.json(response, { requestId: '1', items: [] }, { 'Slipway-Position': position(7) });
    await client.provision({ ownerId: 'ada', instanceId: 'shop' });
    gateway.perform = ({ id }, socket) =>
      gateway.send(socket, { type: 'answer', id, status: 202, headers: { 'Slipway-Position': position(8) }, body: {} });
    await client.actions.call('provision', {}, { headers: { 'Idempotency-Key': 'k' } });
    expect(gateway.actions[0]!.headers).toMatchObject({ 'Idempotency-Key': 'k', 'Slipway-At-Least': position(7) });
    await client.instances.list();
    expect(gateway.calls.at(-1)!.headers['slipway-at-least']).toBe(position(8));
  });

  it('that are refused throw the same error as over REST; what is only behind is asked again', async () => {
    gateway.perform = ({ id, action }, socket) => {
      const behind = action === 'list-instances' && gateway.actions.length < 3;
      const problem = gateway.problemOf(behind ? 503 : 409, behind ? 'behind' : 'name-taken');
      const headers = { 'Retry-After': '0.01' };
      gateway.send(socket, { type: 'answer', id, status: problem.status, headers, body: problem as never });
    };
    const refused = await client.actions.call('list-instances').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ code: 'name-taken', problem: { hint: 'Look.' }, retryAfter: 0.01 });
    expect(gateway.actions).toHaveLength(3);
  });

  it('whose answer is text give it as it comes, or as a whole', async () => {
    gateway.perform = ({ id }, socket) => {
      for (const text of ['made', ' it\n']) gateway.send(socket, { type: 'part', id, text });
      gateway.send(socket, { type: 'answer', id, status: 200, headers: {} });
    };
    expect(await client.actions.call('read-logs', { id: 'r' })).toBe('made it\n');
    const parts: string[] = [];
    await client.actions.call('read-logs', { id: 'r' }, { onText: (text) => void parts.push(text) });
    expect(parts).toEqual(['made', ' it\n']);
  });

  it('whose connection breaks are not reachable; the next one makes another', async () => {
    gateway.perform = (_action, socket) => socket.terminate();
    const broken = [client.actions.call('info'), client.actions.call('info')];
    for (const call of await Promise.allSettled(broken)) expect(call).toMatchObject({ reason: expect.any(NotReachable) });
    gateway.perform = ({ id }, socket) => gateway.send(socket, { type: 'answer', id, status: 200, headers: {}, body: 'there' });
    expect(await client.actions.call('info')).toBe('there');
    await gateway.stop();
    await expect(client.actions.call('info')).rejects.toThrow(NotReachable);
    await gateway.start();
    expect(await client.actions.call('info')).toBe('there');
  });

  it('with a key that is not the right one say so', async () => {
    gateway.perform = (_action, socket) => {
      const error = { code: 'unauthenticated', message: 'The key is not the right one', hint: 'Send the key.' } as const;
      gateway.send(socket, { type: 'error', error });
      socket.close(4401);
    };
    await expect(client.actions.call('info')).rejects.toMatchObject({ code: 'unauthenticated', problem: { status: 401 } });
  });

  it('that are not waited for any more are dropped, and nothing else', async () => {
    const over = new AbortController();
    gateway.perform = ({ id, action }, socket) => {
      if (action === 'info') gateway.send(socket, { type: 'answer', id, status: 200, headers: {}, body: 'there' });
      else over.abort(new Error('enough'));
    };
    gateway.onFrame = (frame, socket) => {
      const error = { code: 'not-found', message: 'There is no call 1 under way', hint: 'Look.' } as const;
      if (frame.type === 'drop') gateway.send(socket, { type: 'error', error });
      return frame.type === 'drop';
    };
    await expect(client.actions.call('provision', {}, { signal: over.signal })).rejects.toThrow('enough');
    expect(await client.actions.call('info')).toBe('there');
    expect(gateway.frames).toContainEqual({ type: 'drop', id: '1' });
    expect(gateway.sockets).toHaveLength(1);
  });
});
