import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as call, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createRawServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Problem, ResourceView } from '@slipway/contracts/http';
import { GatewayPlace } from '../testing/gateway-place.js';

jest.setTimeout(60_000);

describe('calls passed through to an instance', () => {
  let place: GatewayPlace;
  let instance: Server;
  let port: number;
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  const seen: IncomingMessage[] = [];
  const closing: (() => void)[] = [];

  beforeAll(async () => {
    place = await GatewayPlace.open({ passLimits: { connectMs: 2_000, answerMs: 700 } });
    instance = createServer((request, response) => {
      seen.push(request);
      void answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(instance, 'listening');
    ({ port } = instance.address() as AddressInfo);
    await place.resource('instance', 'plain', 'default', { url: `http://127.0.0.1:${port}` });
    const deaf = createRawServer(() => {}).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    closing.push(() => deaf.close());
    await place.resource('instance', 'deaf', 'default', { url: `http://127.0.0.1:${(deaf.address() as AddressInfo).port}` });
    await place.resource('instance', 'gone', 'default', { url: 'http://127.0.0.1:9' });
    const position = await place.resource('instance', 'shop', 'default', {
      url: `http://127.0.0.1:${port}`,
      spec: { resourceUri: '/api' },
    });
    await place.call('GET', '/instances', { headers: { 'Slipway-At-Least': position } });
  });
  beforeEach(() => {
    seen.length = 0;
    answer = (request, response) => response.end(`${request.method} ${request.url}`);
  });
  afterAll(async () => {
    await place.close();
    instance.closeAllConnections();
    instance.close();
    for (const close of closing) close();
  });
  const at = (rest: string, options?: Parameters<GatewayPlace['call']>[2], method = 'GET') =>
    place.call(method, `/instances/shop/resource${rest}`, options);

  it('are joined with its address and resource-uri, which its row shows', async () => {
    const row = await place.json<ResourceView>('GET', '/instances/shop');
    expect([row.resourceUri, row.resourceUrl]).toEqual(['/api', `http://127.0.0.1:${port}/api`]);
    expect(await (await at('/entries?limit=2')).text()).toBe('GET /api/entries?limit=2');
    expect(await (await at('')).text()).toBe('GET /api');
    expect(await (await place.call('GET', '/instances/default.plain/resource/x')).text()).toBe('GET /x');
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT'])(
    'by %s, with its status',
    async (method) => {
      answer = (request, response) => response.writeHead(418, { 'X-Own': 'yes' }).end(request.method);
      const response = await at('/x', {}, method);
      expect([response.status, response.headers.get('X-Own'), await response.text()]).toEqual([418, 'yes', method]);
    },
  );

  it.each(['GET', 'HEAD', 'POST', 'OPTIONS', 'REPORT'])(
    'by %s with a body: it arrives, of a length or in pieces',
    async (method) => {
      const bodies: string[] = [];
      answer = async (request, response) => {
        let body = '';
        for await (const piece of request) body += String(piece);
        bodies.push(body);
        response.end();
      };
      for (const headers of [{ 'Content-Length': '5' }, { 'Transfer-Encoding': 'chunked' }]) {
        const outgoing = call(`${place.gateway.url}/api/v1/instances/shop/resource/x`, {
          method,
          headers: { Authorization: `Bearer ${place.key}`, 'Content-Type': 'text/plain', ...headers },
        });
        outgoing.end('query');
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
        response.resume();
        expect(response.statusCode).toBe(200);
      }
      expect(bodies).toEqual(['query', 'query']);
    },
  );

  it('lead on through the gateway, and keep their cookies to themselves', async () => {
    answer = (_request, response) =>
      response.writeHead(302, { Location: '/api/login?next=x', 'Set-Cookie': ['a=1; Path=/; Domain=127.0.0.1'] }).end();
    const response = await fetch(`${place.gateway.url}/api/v1/instances/shop/resource/x`, {
      headers: { Authorization: `Bearer ${place.key}` },
      redirect: 'manual',
    });
    expect(response.headers.get('Location')).toBe('/api/v1/instances/shop/resource/login?next=x');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/api/v1/instances/shop/resource']);
    expect(seen[0]!.headers['x-forwarded-prefix']).toBe('/api/v1/instances/shop/resource');
  });

  it('by HEAD, with the length that a GET would have', async () => {
    answer = (_request, response) => response.writeHead(200, { 'Content-Length': '12' }).end();
    const response = await at('/x', {}, 'HEAD');
    expect([response.status, response.headers.get('Content-Length')]).toEqual([200, '12']);
  });

  it('only with the key, which the instance never sees; who calls is said anew', async () => {
    const headers = { Authorization: 'Bearer wrong' };
    expect((await at('/x', { headers })).status).toBe(401);
    expect((await place.call('GET', '/instances/nobody/resource/x')).status).toBe(404);
    expect(seen).toEqual([]);
    const response = await at('/x', {
      headers: { 'X-Request-Id': 'call-0001', 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=6.6.6.6', Cookie: 'a=1' },
    });
    expect(response.headers.get('X-Request-Id')).toBe('call-0001');
    const got = seen[0]!;
    expect(got.headers).toMatchObject({ cookie: 'a=1', 'x-request-id': 'call-0001', 'x-forwarded-for': '127.0.0.1' });
    expect(JSON.stringify(got.rawHeaders)).not.toContain(place.key);
    expect(JSON.stringify(got.rawHeaders)).not.toContain('6.6.6.6');
    expect(got.headers.host).toBe(`127.0.0.1:${port}`);
  });

  it('with any kind of body, larger than what the gateway itself takes, streamed there and back', async () => {
    answer = (request, response) => {
      response.writeHead(200, { 'Content-Type': request.headers['content-type'] });
      request.pipe(response);
    };
    const bytes = randomBytes(8 * 1024 * 1024);
    const response = await fetch(`${place.gateway.url}/api/v1/instances/shop/resource/echo`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${place.key}`, 'Content-Type': 'application/x-own' },
      body: bytes,
    });
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'application/x-own']);
    const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    expect(hash(new Uint8Array(await response.arrayBuffer()))).toBe(hash(bytes));
    const json = '{"a": 1,   "a": 2}';
    const headers = { 'Content-Type': 'application/json' };
    expect(await (await at('/echo', { headers, body: json }, 'POST')).text()).toBe(json);
  });

  it('as they come: the first part of an answer is there before the last is said', async () => {
    let finish = () => {};
    answer = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      finish = () => response.end('data: 2\n\n');
    };
    const reader = (await at('/events')).body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 1\n\n');
    finish();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 2\n\n');
  });

  it('end at the instance when the caller goes away', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.write('…');
        response.once('close', resolve);
      };
    });
    const outgoing = call(`${place.gateway.url}/api/v1/instances/shop/resource/slow`, {
      headers: { Authorization: `Bearer ${place.key}` },
    });
    outgoing.on('response', () => outgoing.destroy()).on('error', () => {});
    outgoing.end();
    await closed;
  });

  it('an answer that breaks off arrives as broken, not as whole', async () => {
    answer = async (_request, response) => {
      response.writeHead(200).write('half');
      await sleep(50);
      response.destroy();
    };
    const response = await at('/half');
    await expect(response.text()).rejects.toThrow();
  });

  it('that are not answered are a problem that says why', async () => {
    const problemOf = async (name: string) => {
      const response = await place.call('GET', `/instances/${name}/resource/x`);
      const { code, detail } = (await response.json()) as Problem;
      return [response.status, response.headers.get('Content-Type')?.split(';')[0], code, detail];
    };
    const type = 'application/problem+json';
    expect(await problemOf('gone')).toEqual([502, type, 'instance-away', expect.stringContaining('ECONNREFUSED')]);
    expect(await problemOf('deaf')).toEqual([504, type, 'instance-slow', expect.stringContaining('0.7 s')]);
    answer = (request) => request.socket.end('not HTTP at all\r\n\r\n');
    expect(await problemOf('shop')).toEqual([502, type, 'instance-away', expect.any(String)]);
  });

  it.each(['/../../secret', '/%2e%2e/secret', '/a%2f..%2f..%2fsecret', '/..;/secret', '//evil.example/'])(
    'never leave its resource: %s',
    async (rest) => {
      // As it is written: fetch would mend it before it goes out.
      const { hostname, port: own } = new URL(place.gateway.url);
      const socket = connect(Number(own), hostname);
      const head = [`GET /api/v1/instances/shop/resource${rest} HTTP/1.1`, `Host: ${hostname}`, 'Connection: close'];
      socket.end(`${[...head, `Authorization: Bearer ${place.key}`].join('\r\n')}\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('"field":"path"');
      expect(seen).toEqual([]);
    },
  );

  it('connections to it are used again', async () => {
    for (let round = 0; round < 5; round += 1) await (await at('/x')).text();
    expect(new Set(seen.map(({ socket }) => socket.remotePort)).size).toBe(1);
  });

  it('are refused while it is stopped, with the way out', async () => {
    const data = { generation: 1, desired: 'stopped' };
    const position = await place.record('instance-default.plain', 'InstanceDesiredStateChanged', data);
    await place.call('GET', '/instances/plain', { headers: { 'Slipway-At-Least': position } });
    const response = await place.call('GET', '/instances/plain/resource/x');
    expect([response.status, ((await response.json()) as Problem).detail]).toEqual([
      409,
      expect.stringContaining('instances start'),
    ]);
  });
});
