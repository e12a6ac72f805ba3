import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';

let gateway: Server;
let url: string;
let calls: string[];
beforeAll(async () => {
  gateway = createServer((request, response) => {
    calls.push(request.url!);
    response.write('one\n');
    response.end('two\n');
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
beforeEach(() => void (calls = []));
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});

it('prints what comes as it comes', async () => {
  expect(await ran(url, 'instances', 'logs', 'shop')).toMatchObject({ code: 0, stdout: 'one\ntwo\n' });
  await ran(url, 'instances', 'logs', '--follow', '--tail', '5', 'shop', '--environment', 'north');
  await ran(url, 'instances', 'logs', '-f', '--tail', 'all', 'shop');
  expect(calls).toEqual([
    '/api/v1/instances/default.shop/logs',
    '/api/v1/instances/north.shop/logs?follow=true&tail=5',
    '/api/v1/instances/default.shop/logs?follow=true&tail=all',
  ]);
});
