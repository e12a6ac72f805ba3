import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { localFilesystem } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import { HOST, localNetwork, type Network } from './network.js';
import { takePort } from './ports.js';
import type { Range } from './ranges.js';

describe('the port of an instance', () => {
  let root: string;
  beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'slipway-ports-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const freeAnyway: Network = { ...localNetwork, free: async () => true };
  const take = (holder: string, ports: Range, network = localNetwork) => {
    const staging = join(root, `staging-${holder}`);
    mkdirSync(staging);
    const context = { filesystem: localFilesystem(), root } as DriverContext;
    return takePort({ context, ports, network }, { holder: `default.${holder}`, generation: 1, attempt: 'a' }, staging);
  };

  test('is none that browsers refuse to ask, wherever the range begins', async () => {
    expect(await take('one', { from: 6665, to: 6670 }, freeAnyway)).toBe(6670);
    await expect(take('two', { from: 10_080, to: 10_080 }, freeAnyway)).rejects.toMatchObject({
      code: 'no-port-free',
      message: 'No port of 10080-10080 is free',
    });
    // What `fetch` of this Node refuses is what the standard names: the server is not even looked for.
    for (const port of [6669, 10_080])
      await expect(fetch(`http://${HOST}:${port}/`)).rejects.toMatchObject({ cause: { message: 'bad port' } });
  });

  test('is none that somebody listens on', async () => {
    const server = createServer().listen(0, HOST);
    await new Promise((resolve) => void server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(take('one', { from: port, to: port })).rejects.toMatchObject({ code: 'no-port-free' });
    await new Promise((resolve) => server.close(resolve));
    expect(await take('two', { from: port, to: port })).toBe(port);
  });
});
