import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NoMesh, UsageError } from './exit.js';
import { connect } from './session.js';

/** A server that writes down which keys it was given. */
class Listener {
  readonly keys: (string | undefined)[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.keys.push(request.headers.authorization);
    response.end('{"mesh":"m"}');
  });
  static async open(): Promise<Listener> {
    const listener = new Listener();
    await once(listener.#server.listen(0, '127.0.0.1'), 'listening');
    return listener;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('the key in the data folder', () => {
  let data: string;
  let [own, other]: Listener[] = [];
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
    mkdirSync(join(data, 'run'));
    [own, other] = [await Listener.open(), await Listener.open()];
    writeFileSync(join(data, 'gateway.key'), 'the-own-key\n');
    writeFileSync(join(data, 'run/gateway.url'), `${own.url}\n`);
  });
  afterEach(async () => {
    await Promise.all([own!.close(), other!.close()]);
    rmSync(data, { recursive: true });
  });
  const asked = async (url?: string, env: NodeJS.ProcessEnv = {}) =>
    connect({ output: 'table', data, ...(url !== undefined && { url }) }, env).info();

  it('goes to the address that the mesh of that folder has told, named or not', async () => {
    await asked();
    await asked(`${own!.url}/`);
    await asked(undefined, { SLIPWAY_URL: own!.url });
    expect(own!.keys).toEqual(Array(3).fill('Bearer the-own-key'));
  });

  it('goes nowhere else: that is said before anything is sent, with the way out', async () => {
    const refused = /^No key for .*: set SLIPWAY_KEY .*gateway\.key.* goes to http:\/\/127\.0\.0\.1:\d+ only\.$/;
    for (const url of [other!.url, own!.url.replace('http:', 'https:'), own!.url.replace('127.0.0.1', 'localhost')])
      await expect(asked(url)).rejects.toThrow(refused);
    await expect(asked(undefined, { SLIPWAY_URL: other!.url })).rejects.toThrow(refused);
    await expect(asked(`${own!.url.replace('//', '//a@')}`)).rejects.toThrow(UsageError);
    expect([own!.keys, other!.keys]).toEqual([[], []]);
  });

  it('goes nowhere at all where no mesh has told its address', async () => {
    rmSync(join(data, 'run/gateway.url'));
    await expect(asked(other!.url)).rejects.toThrow(/goes nowhere: no mesh there has told its address/);
    await expect(asked()).rejects.toThrow(NoMesh);
    expect([own!.keys, other!.keys]).toEqual([[], []]);
  });

  it('is not the one that is sent where SLIPWAY_KEY is set', async () => {
    await asked(other!.url, { SLIPWAY_KEY: 'told' });
    await asked(undefined, { SLIPWAY_KEY: 'told' });
    expect([own!.keys, other!.keys]).toEqual([['Bearer told'], ['Bearer told']]);
  });
});
