import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS } from '@slipway/contracts';
import { MeshConfig } from '@slipway/mesh';
import { WebSocket } from 'ws';
import { GatewayPlace } from '../testing/gateway-place.js';
import { transport } from './transport.js';

const openssl = spawnSync('openssl', ['version']).status === 0;

(openssl ? describe : describe.skip)(`HTTPS${openssl ? '' : ' (skipped: no openssl to make a certificate)'}`, () => {
  let folder: string;
  let place: GatewayPlace;
  let ca: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-tls-'));
    const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', tls.keyFile, '-out', tls.certFile];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    expect(spawnSync('openssl', [...made, ...names]).status).toBe(0);
    ca = readFileSync(tls.certFile, 'utf8');
    const config = Object.assign(new MeshConfig(), { mesh: 'test', dataFolder: join(folder, 'data') });
    Object.assign(config.gateway, { port: 0, tls });
    place = await GatewayPlace.open({ runtime: { config }, limits: { headersMs: 10_000, bodyMs: 300 } });
    await place.views.reached(await place.resource('instance', 'shop'), 10_000);
  });
  afterAll(async () => {
    await place.close();
    rmSync(folder, { recursive: true });
  });

  async function overHttp2(
    headers: Record<string, string>,
    path = '/api/v1/instances',
  ): Promise<{ status: number; body: string }> {
    const session = connect(place.gateway.url, { ca });
    const stream = session.request({ ':path': path, ...headers });
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    const body = await text(stream);
    session.close();
    return { status: Number(answer[':status']), body };
  }

  it('speaks HTTP/2, through the same door', async () => {
    expect(place.gateway.url).toMatch(/^https:/);
    const key = { authorization: `Bearer ${place.key}` };
    expect(await overHttp2(key)).toMatchObject({ status: 200, body: expect.stringContaining('default.shop') });
    expect((await overHttp2({})).status).toBe(401);
    expect((await overHttp2({ ...key, ':authority': 'evil.example' })).status).toBe(403);
    expect((await overHttp2({ ...key, origin: 'https://evil.example' })).status).toBe(403);
  });

  it('over HTTP/2 too does not take an answer that takes its time for a body that does', async () => {
    const slowly = () => sleep(700, { data: '', after: '1.1', more: false });
    const end = place.bus.serve('instance', VERBS.instanceLog, slowly, 'local');
    expect((await overHttp2({ authorization: `Bearer ${place.key}` }, '/api/v1/instances/shop/logs')).status).toBe(200);
    end();
  });

  it('speaks HTTP/1.1 with who knows nothing newer', async () => {
    const call = request(`${place.gateway.url}/api/v1/instances`, { ca, headers: { Authorization: `Bearer ${place.key}` } });
    call.end();
    const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream & { statusCode: number; httpVersion: string }];
    expect([response.statusCode, response.httpVersion]).toEqual([200, '1.1']);
    expect(await text(response)).toContain('default.shop');
  });

  it('has the WebSocket too, for subscriptions and actions', async () => {
    const socket = new WebSocket(`${place.gateway.url.replace('https', 'wss')}/api/v1/events`, {
      ca,
      headers: { Authorization: `Bearer ${place.key}` },
    });
    await once(socket, 'open');
    socket.send('{"type":"subscribe","id":"1","from":"start"}');
    const [first] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(String(first))).toMatchObject({ type: 'subscribed', id: '1' });
    socket.send('{"type":"unsubscribe","id":"1"}');
    socket.send('{"id":"2","action":"get-instance","body":{"id":"shop"}}');
    const answer = new Promise<object>((resolve) => {
      socket.on('message', (data) => String(data).startsWith('{"type":"answer"') && resolve(JSON.parse(String(data)) as object));
    });
    expect(await answer).toMatchObject({ id: '2', status: 200, body: { id: 'default.shop' } });
    socket.close();
    await once(socket, 'close');
  });
});

describe('a certificate that is not there', () => {
  it('is named before anything listens', () => {
    const tls = { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' };
    expect(() => transport(tls, {})).toThrow(SlipwayError);
    expect(() => transport(tls, {})).toThrow(/gateway\.tls\.certFile.*\/nowhere\/cert\.pem/);
  });
});
