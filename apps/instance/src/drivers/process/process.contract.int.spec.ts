import { readdirSync } from 'node:fs';
import { expect } from '@jest/globals';
import { driverContract } from '@slipway/provisioner/testing';
import { reachableNode } from './runtime.js';
import { contractDriver } from './testing/contract-driver.js';
import { ask, processesOf } from './testing/rig.js';
import { USERS } from './settings.js';

const APP = `require('node:http').createServer((_, response) => response.end('"here"')).listen(process.env.PORT, '127.0.0.1')`;

driverContract('process', contractDriver, {
  module: new URL('../../../dist/drivers/process/testing/contract-driver.js', import.meta.url).href,
  make: 'contractDriver',
  prepare: async (place) => {
    const context = await place.context();
    // Once for all instances of a place: its effects are not those of one ensure.
    if (process.getuid?.() === 0) await reachableNode(context, USERS.from);
    return {
      spec: {
        command: ['node', '-e', APP],
        environment: { PORT: '${port}', KEY: '${secret.key}' },
        secrets: { key: { bytes: 32 } },
        health: { path: '/', startSeconds: 60 },
      },
    };
  },
  works: async ({ outputs }) => expect(await ask(Number(outputs.port), '/')).toBe('here'),
  gone: async ({ outputs }, place) => {
    await expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED');
    const claims = ['ports', 'users'].flatMap((kind) => readdirSync(`${place.root}/${kind}`));
    // Each process says in its environment or arguments whose it is; nothing runs for whom nothing is claimed any more.
    const holders = claims.map((claim) => claim.split('@')[1]!);
    const gone = readdirSync(place.root).filter((name) => name.includes('.') && !holders.includes(name));
    expect(gone.length).toBeGreaterThan(0);
    for (const holder of gone) expect(processesOf(`${place.root}/${holder}/`)).toEqual([]);
  },
  points: 6,
});
