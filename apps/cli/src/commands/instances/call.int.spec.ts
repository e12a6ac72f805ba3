import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';

let gateway: Server;
let url: string;
let calls: { line: string; type: string | undefined; own: unknown; body: string }[];
beforeAll(async () => {
  gateway = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { 'content-type': type, 'x-own': own } = request.headers;
    calls.push({ line: `${request.method} ${request.url}`, type, own, body });
    response.writeHead(request.url!.includes('missing') ? 404 : 200).end('as it comes');
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
beforeEach(() => void (calls = []));
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});

it('gets a path below the resource, and prints the answer as it comes', async () => {
  expect(await ran(url, 'instances', 'call', 'shop', 'entries?limit=2')).toMatchObject({ code: 0, stdout: 'as it comes' });
  await ran(url, 'instances', 'call', 'north.shop');
  expect(calls.map(({ line }) => line)).toEqual([
    'GET /api/v1/instances/default.shop/resource/entries?limit=2',
    'GET /api/v1/instances/north.shop/resource',
  ]);
});

it('sends method, headers and data', async () => {
  const type = ['--header', 'Content-Type: application/json', '-H', 'X-Own: a: b'];
  await ran(url, 'instances', 'call', 'shop', '/entries', '--data', '{"a":1}', ...type);
  await ran(url, 'instances', 'call', 'shop', '/entries/1', '-X', 'delete');
  expect(calls).toEqual([
    { line: 'POST /api/v1/instances/default.shop/resource/entries', type: 'application/json', own: 'a: b', body: '{"a":1}' },
    expect.objectContaining({ line: 'DELETE /api/v1/instances/default.shop/resource/entries/1', body: '' }),
  ]);
});

it('ends with 1 where the answer says that it went wrong, and with 2 for a header that is none', async () => {
  expect(await ran(url, 'instances', 'call', 'shop', '/missing')).toMatchObject({ code: 1, stdout: 'as it comes' });
  expect((await ran(url, 'instances', 'call', 'shop', '/x', '-H', 'nonsense')).code).toBe(2);
});
