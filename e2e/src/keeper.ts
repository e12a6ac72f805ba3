/** Keeps in its home and in its storage what it is sent, and says what it keeps and where it is. */
export const KEEPER = `
import { createServer } from 'node:http';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
process.on('SIGTERM', () => process.exit());
const { HOME, DATA, HOST, PORT } = process.env;
const read = (folder) => existsSync(folder + '/entries') ? readFileSync(folder + '/entries', 'utf8') : '';
createServer(async (request, response) => {
  if (request.method === 'POST') {
    const line = await text(request);
    for (const folder of [HOME, DATA]) appendFileSync(folder + '/entries', line);
  }
  response.end(JSON.stringify({ home: read(HOME), data: read(DATA), at: HOME, pid: process.pid }));
}).listen(Number(PORT), HOST);
`;

/** What it says. */
export interface Kept {
  home: string;
  data: string;
  /** Its home. */
  at: string;
  pid: number;
}
