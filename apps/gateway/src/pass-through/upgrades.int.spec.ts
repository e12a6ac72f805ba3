import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { GatewayPlace } from '../testing/gateway-place.js';

describe('a WebSocket of an instance', () => {
  let place: GatewayPlace;
  let instance: Server;
  const seen: IncomingMessage[] = [];
  beforeAll(async () => {
    place = await GatewayPlace.open({ passLimits: { connectMs: 2_000, answerMs: 1_500 } });
    instance = createServer((_request, response) => response.writeHead(426, { 'X-Own': 'yes' }).end('no WebSocket here'));
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat' });
    instance.on('upgrade', (request, socket, head) => {
      seen.push(request);
      if (request.url === '/api/plain') return void socket.end('HTTP/1.1 426 Upgrade Required\r\nX-Own: yes\r\n\r\n');
      const half = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf';
      if (request.url === '/api/breaks') return void socket.write(half, () => socket.destroy());
      if (request.url === '/api/hangs') return void socket.resume().write(half);
      sockets.handleUpgrade(request, socket, head, (ws) => {
        ws.on('message', (data, binary) => {
          if (String(data) === 'leave') ws.close(4001, 'as you wish');
          else ws.send(data, { binary });
        });
      });
    });
    instance.listen(0, '127.0.0.1');
    await once(instance, 'listening');
    const url = `http://127.0.0.1:${(instance.address() as AddressInfo).port}`;
    await place.resource('instance', 'gone', 'default', { url: 'http://127.0.0.1:9' });
    const position = await place.resource('instance', 'shop', 'default', { url, spec: { resourceUri: '/api' } });
    await place.call('GET', '/instances', { headers: { 'Slipway-At-Least': position } });
  });
  beforeEach(() => void (seen.length = 0));
  afterAll(async () => {
    await place.close();
    instance.closeAllConnections();
    instance.close();
  });
  const open = (rest: string, authorization = `Bearer ${place.key}`) =>
    new WebSocket(`${place.gateway.url.replace('http', 'ws')}/api/v1/instances/${rest}`, ['chat'], {
      headers: { Authorization: authorization, 'X-Request-Id': 'call-0001', 'X-Forwarded-For': '6.6.6.6' },
    });
  const refused = async (socket: WebSocket) => {
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    response.resume();
    return response;
  };

  it('is passed through, its frames both ways, to the path below its resource, without the key', async () => {
    const socket = open('shop/resource/chat?room=1');
    await once(socket, 'open');
    expect(socket.protocol).toBe('chat');
    const large = Buffer.alloc(2 * 1024 * 1024, 'x');
    for (const data of [Buffer.from('hello'), large]) {
      socket.send(data);
      const [back] = (await once(socket, 'message')) as [Buffer];
      expect(Buffer.compare(back, data)).toBe(0);
    }
    expect(seen[0]!.url).toBe('/api/chat?room=1');
    expect(seen[0]!.headers).toMatchObject({ 'x-request-id': 'call-0001', 'x-forwarded-for': '127.0.0.1' });
    expect(JSON.stringify(seen[0]!.rawHeaders)).not.toContain(place.key);
    socket.send('leave');
    expect((await once(socket, 'close'))[0]).toBe(4001);
  });

  it('ends at the instance when the caller goes away', async () => {
    const socket = open('shop/resource/chat');
    await once(socket, 'open');
    const closed = once(seen[0]!.socket, 'close');
    socket.terminate();
    await closed;
  });

  it('is opened only for who has the key, to what is there and answers, and never outside of the resource', async () => {
    expect((await refused(open('shop/resource/chat', 'Bearer wrong'))).statusCode).toBe(401);
    expect((await refused(open('nobody/resource/chat'))).statusCode).toBe(404);
    expect((await refused(open('gone/resource/chat'))).statusCode).toBe(502);
    expect((await refused(open('shop/resource/a%2f..%2fb'))).statusCode).toBe(400);
    expect((await refused(open('shop/elsewhere'))).statusCode).toBe(404);
    expect(seen).toEqual([]);
  });

  it('whose refusal breaks off, or hangs, leaves no connection open: neither the caller’s nor the instance’s', async () => {
    for (const path of ['breaks', 'hangs']) {
      const socket = open(`shop/resource/${path}`);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      const ended = new Promise((resolve) => response.once('close', resolve));
      response.on('error', () => {}).resume();
      await ended;
    }
    seen.length = 0;
    const socket = open('shop/resource/hangs');
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    const closed = once(seen[0]!.socket, 'end');
    response.on('error', () => {}).destroy();
    await closed;
  });

  it('that the instance refuses is refused in its words', async () => {
    const response = await refused(open('shop/resource/plain'));
    expect([response.statusCode, response.headers['x-own']]).toEqual([426, 'yes']);
  });
});
