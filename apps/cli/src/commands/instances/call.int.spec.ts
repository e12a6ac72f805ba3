import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';

const program = join(import.meta.dirname, '../../../bin/slipway.mjs');

let gateway: Server;
let url: string;
let calls: { line: string; type: string | undefined; own: unknown; body: string }[];
beforeAll(async () => {
  gateway = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { 'content-type': type, 'x-own': own } = request.headers;
    calls.push({ line: `${request.method} ${request.url}`, type, own, body });
    response
      .writeHead(request.url!.includes('missing') ? 404 : 200)
      .end(request.url!.endsWith('/lines') ? 'a line\n' : 'as it comes');
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

it('sends method, headers and body', async () => {
  const type = ['--header', 'Content-Type: application/json', '-H', 'X-Own: a: b'];
  await ran(url, 'instances', 'call', 'shop', '/entries', '--body', '{"a":1}', ...type);
  await ran(url, 'instances', 'call', 'shop', '/entries', '-d', '{"a":1}', ...type);
  await ran(url, 'instances', 'call', 'shop', '/entries/1', '-X', 'delete');
  const posted = {
    line: 'POST /api/v1/instances/default.shop/resource/entries',
    type: 'application/json',
    own: 'a: b',
    body: '{"a":1}',
  };
  expect(calls).toEqual([
    ...[posted, posted],
    expect.objectContaining({ line: 'DELETE /api/v1/instances/default.shop/resource/entries/1', body: '' }),
  ]);
});

it('sends what a file holds, and nothing where there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  try {
    const file = join(folder, 'entry.json');
    writeFileSync(file, '{"b":2}');
    expect((await ran(url, 'instances', 'call', 'shop', '/entries', '--body', `@${file}`)).code).toBe(0);
    expect((await ran(url, 'instances', 'call', 'shop', '/entries', '--body', `@${file}.none`)).code).toBe(2);
    expect(calls.map(({ body }) => body)).toEqual(['{"b":2}']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('leaves --data to the folder of the mesh, as everywhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  try {
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'gateway.key'), 'key');
    writeFileSync(join(folder, 'run/gateway.url'), url);
    const env = { PATH: process.env.PATH };
    const args = ['instances', 'call', 'shop', '/entries', '--data', folder, '--body', 'x'];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { env });
    expect([stdout, calls.map(({ body }) => body)]).toEqual(['as it comes', ['x']]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

it('ends the last line on a terminal only', async () => {
  const { isTTY } = process.stdout;
  try {
    process.stdout.isTTY = true;
    expect((await ran(url, 'instances', 'call', 'shop')).stdout).toBe('as it comes\n');
    expect((await ran(url, 'instances', 'call', 'shop', '/lines')).stdout).toBe('a line\n');
    process.stdout.isTTY = false;
    expect((await ran(url, 'instances', 'call', 'shop')).stdout).toBe('as it comes');
  } finally {
    process.stdout.isTTY = isTTY;
  }
});

it('ends with 1 where the answer says that it went wrong, and with 2 for a header that is none', async () => {
  expect(await ran(url, 'instances', 'call', 'shop', '/missing')).toMatchObject({ code: 1, stdout: 'as it comes' });
  expect((await ran(url, 'instances', 'call', 'shop', '/x', '-H', 'nonsense')).code).toBe(2);
});
