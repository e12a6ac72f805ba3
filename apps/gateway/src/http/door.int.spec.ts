import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VERBS } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { GatewayPlace } from '../testing/gateway-place.js';

describe('the door', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open({ limits: { headersMs: 400, bodyMs: 300 } });
    place.serveMesh();
  });
  afterAll(() => place.close());

  /** Fetch sets its own `Host`; this sends what it is told. */
  function call(path: string, headers: Record<string, string>): Promise<{ status: number; problem: Problem }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${place.gateway.url}${path}`, { headers }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, problem: JSON.parse(body || '{}') as Problem }));
      });
      request.on('error', reject);
      request.end();
    });
  }
  const key = () => ({ Authorization: `Bearer ${place.key}` });

  /** Sends raw text, and gives what comes back until the other side closes. */
  async function raw(text: string, keepSending?: (socket: Socket) => void): Promise<string> {
    const socket = connect(Number(new URL(place.gateway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    keepSending?.(socket);
    await once(socket, 'close');
    return answer;
  }

  it('asks everybody for the key, also for what does not exist, and for metrics', async () => {
    for (const path of ['/api/v1/instances', '/api/v1/metrics', '/api/v1/info', '/api/v1/events', '/api/v1/nothing', '/']) {
      const { status, problem } = await call(path, {});
      expect([path, status, problem.code]).toEqual([path, 401, 'unauthenticated']);
    }
    expect((await call('/api/v1/instances', { Authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await call('/api/v1/instances', key())).status).toBe(200);
    expect((await call('/api/v1/nothing', key())).problem.code).toBe('not-found');
  });

  it('lets anybody on this machine ask whether it lives, and read the docs; a wrong key is wrong there too', async () => {
    expect((await call('/api/v1/health/live', {})).status).toBe(200);
    expect((await call('/api/v1/health/ready', {})).status).toBe(200);
    expect((await fetch(`${place.gateway.url}/api/docs`)).status).toBe(200);
    expect((await call('/api/v1/health/live', { Authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('leads a browser at the bare address to the docs, and nobody else, nowhere else', async () => {
    const visit = (path: string, headers: Record<string, string>, method = 'GET') =>
      fetch(`${place.gateway.url}${path}`, { method, redirect: 'manual', headers });
    const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const led = await visit('/', browser);
    expect([led.status, led.headers.get('Location'), await led.text()]).toEqual([302, '/api/docs', '']);
    const shut: [string, Record<string, string>, string?][] = [
      ['/', { Accept: 'application/json' }],
      ['/', { Accept: '*/*' }],
      ['/', browser, 'POST'],
      ['/api', browser],
      ['/api/v1/instances', browser],
      ['//evil.example', browser],
    ];
    for (const [path, headers, method] of shut) expect([path, (await visit(path, headers, method)).status]).toEqual([path, 401]);
    expect((await call('/', { ...browser, Host: 'evil.example' })).status).toBe(403);
  });

  it('turns away other hosts and origins, with the key as well', async () => {
    expect((await call('/api/v1/instances', { ...key(), Host: 'evil.example' })).problem).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
    expect((await call('/api/v1/health/live', { Host: 'evil.example:7420' })).status).toBe(403);
    expect((await call('/api/v1/instances', { ...key(), Origin: 'http://evil.example' })).problem).toMatchObject({ status: 403 });
    expect((await call('/api/v1/instances', { ...key(), Origin: 'http://localhost:5173' })).status).toBe(200);
  });

  it('lets pages of its own hosts read its answers, refusals too, and tells their browser beforehand; no others', async () => {
    const ask = (origin: string) =>
      fetch(`${place.gateway.url}/api/v1/ops/provision`, {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' },
      });
    const asked = await ask('http://localhost:5173');
    expect([asked.status, await asked.text()]).toEqual([204, '']);
    expect(asked.headers.get('Access-Control-Allow-Origin')).toBe('http://localhost:5173');
    expect(asked.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    for (const headers of [key(), { Authorization: 'Bearer wrong' }]) {
      const answer = await place.call('GET', '/instances', { headers: { ...headers, Origin: 'http://localhost:5173' } });
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('http://localhost:5173');
      expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    }
    const read = await place.call('GET', '/instances', { headers: { Origin: 'http://localhost:5173' } });
    expect(read.headers.get('Access-Control-Expose-Headers')).toContain('Slipway-Position');
    const foreign = await ask('http://evil.example');
    expect([foreign.status, foreign.headers.get('Access-Control-Allow-Origin')]).toEqual([403, null]);
    const question = await place.call('OPTIONS', '/instances', { headers: { Authorization: 'Bearer wrong' } });
    expect(question.status).toBe(401); // Not a browser's: it names no origin.
  });

  it('gives every answer an id, the caller’s own if it is sane, errors too', async () => {
    const response = await place.call('GET', '/instances', { headers: { 'X-Request-Id': 'bad id', Authorization: 'Bearer no' } });
    const problem = (await response.json()) as Problem;
    expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(problem.requestId).toBe(response.headers.get('X-Request-Id'));
    expect((await place.call('GET', '/nothing', { headers: { 'X-Request-Id': 'mine-0001' } })).headers.get('X-Request-Id')).toBe(
      'mine-0001',
    );
  });

  it.each([
    ['GET / HTTP/9.9\r\n\r\n', 400, 'bad-input'],
    ['rubbish\r\n\r\n', 400, 'bad-input'],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 413, 'too-large'],
    ['GET /api/v1/instances/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400, 'bad-input'],
    [`GET /api/v1/instances/${'x'.repeat(300)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 413, 'too-large'],
    [
      'POST /api/v1/plans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad-input',
    ],
  ])('answers garbage with a problem that names the reason (%.30s)', async (text, status, code) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Problem;
    expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(/\w/), requestId: expect.any(String) });
    expect(problem.fields?.length).toBe(code === 'bad-input' ? 1 : undefined);
  });

  it('does not wait for ever for a head that drips in', async () => {
    expect(await raw('GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\n')).toMatch(/^HTTP\/1\.1 408 [^]*too-slow/);
  });

  it('does not wait for ever for a body that drips in', async () => {
    const head = `POST /api/v1/ops/provision HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${place.key}\r\n`;
    const answer = await raw(`${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*too-slow/);
    expect((await place.store.readAll()).events).toEqual([]);
  });

  it('does not take an answer that takes its time for a body that does', async () => {
    await place.views.reached(await place.resource('instance', 'slow'), 10_000);
    const ends = [
      place.bus.serve('orchestrator', VERBS.plan, () => sleep(700, { outcome: 'satisfied' })),
      place.bus.serve('instance', VERBS.instanceLog, () => sleep(700, { data: '', after: '1.1', more: false }), 'local'),
    ];
    const body = { ownerId: 'ada', instanceId: 'slow' };
    const answers = await Promise.all([place.call('POST', '/plans', { body }), place.call('GET', '/instances/slow/logs')]);
    for (const end of ends) end();
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('writes one line for each call, and the key on none', async () => {
    const before = place.lines.length;
    await place.call('GET', '/instances?asOf=2999-01-01', { headers: { 'X-Request-Id': 'one-line-only' } });
    await place.call('GET', '/instances', { headers: { Authorization: 'Bearer canary-wrong-key' } });
    const lines = place.lines.slice(before);
    expect(lines.filter((line) => line['correlationId'] === 'one-line-only')).toEqual([
      expect.objectContaining({
        msg: 'call',
        actor: 'operator',
        method: 'GET',
        path: '/api/v1/instances',
        status: 200,
        ms: expect.any(Number),
      }),
    ]);
    const all = JSON.stringify(place.lines);
    expect(all).not.toContain(place.key);
    expect(all).not.toContain('canary');
  });
});
