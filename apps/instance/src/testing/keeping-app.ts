import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Ensured } from '@slipway/provisioner';

/** An app in Node, as one argument: says that it is here, and keeps in its home what is sent to it. */
export const KEEPING_APP = `
const { createReadStream, createWriteStream } = require('node:fs');
const file = process.env.HOME + '/data';
require('node:http').createServer((request, response) => {
  if (request.url === '/') return response.end('"here"');
  if (request.method === 'GET') return createReadStream(file).on('error', () => response.writeHead(404).end()).pipe(response);
  request.pipe(createWriteStream(file)).on('finish', () => response.end());
}).listen(process.env.PORT, process.env.HOST);`;

/** Hardly to be compressed. */
const DATA = randomBytes(200_000);
const urlOf = ({ outputs }: Ensured) => `http://127.0.0.1:${String(outputs['port'])}/data`;

/** What {@link KEEPING_APP} keeps, for the contract suite. */
export const keptData = {
  put: async (ensured: Ensured): Promise<void> =>
    expect((await fetch(urlOf(ensured), { method: 'PUT', body: DATA })).ok).toBe(true),
  async has(ensured: Ensured): Promise<void> {
    const answer = await fetch(urlOf(ensured));
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(DATA)).toBe(true);
  },
};
