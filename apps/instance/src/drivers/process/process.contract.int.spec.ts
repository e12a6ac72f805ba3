import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Ensured } from '@slipway/provisioner';
import { driverContract } from '@slipway/provisioner/testing';
import { reachableNode } from './runtime.js';
import { contractDriver } from './testing/contract-driver.js';
import { ask, processesOf } from './testing/rig.js';
import { USERS } from './settings.js';

/** Says that it is here, and keeps in its home what is sent to it. */
const APP = `
const { createReadStream, createWriteStream } = require('node:fs');
const file = process.env.HOME + '/data';
require('node:http').createServer((request, response) => {
  if (request.url === '/') return response.end('"here"');
  if (request.method === 'GET') return createReadStream(file).on('error', () => response.writeHead(404).end()).pipe(response);
  request.pipe(createWriteStream(file)).on('finish', () => response.end());
}).listen(process.env.PORT, '127.0.0.1')`;

/** Hardly to be compressed. */
const DATA = randomBytes(200_000);
const urlOf = ({ outputs }: Ensured) => `http://127.0.0.1:${String(outputs['port'])}/data`;

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
  stopped: async ({ outputs }) => expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED'),
  data: {
    put: async (ensured) => expect((await fetch(urlOf(ensured), { method: 'PUT', body: DATA })).ok).toBe(true),
    async has(ensured) {
      const answer = await fetch(urlOf(ensured));
      expect(answer.status).toBe(200);
      expect(Buffer.from(await answer.arrayBuffer()).equals(DATA)).toBe(true);
    },
  },
  changed: {
    spec: {
      command: ['node', '-e', `/* newer */ ${APP}`],
      environment: { PORT: '${port}', KEY: '${secret.key}' },
      files: { 'settings/newer': '${port}' },
      secrets: { key: { bytes: 32 } },
      health: { path: '/', startSeconds: 60 },
      limits: { openFiles: 500 },
    },
    holds: async ({ outputs, observed }, place) => {
      expect(observed).toMatchObject({ limits: { openFiles: 500 }, running: true });
      const [claim] = readdirSync(`${place.root}/ports`).filter((name) => name.startsWith(`${String(outputs['port'])}@`));
      const [, holder, generation] = claim!.split('@');
      expect(readFileSync(`${place.root}/${holder}/${generation}/app/settings/newer`, 'utf8')).toBe(String(outputs['port']));
    },
  },
  points: 2,
  simulated: 6,
});
