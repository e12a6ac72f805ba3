/**
 * Notes, kept in PostgreSQL. Settings come in the environment: HOST, PORT, and PGHOST, PGPORT, PGDATABASE, PGUSER as pg reads
 * them; PASSWORD_FILE is a file with the password.
 *
 *   GET  /notes            the newest hundred
 *   POST /notes {"text"}   one more
 *   GET  /health
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';

const { HOST = '127.0.0.1', PORT, PASSWORD_FILE } = process.env;
const MAX_BODY_BYTES = 16 * 1024;

const pool = new pg.Pool({ max: 4, connectionTimeoutMillis: 2_000, password: () => readFileSync(PASSWORD_FILE, 'utf8') });
pool.on('error', (error) => console.error('A connection was lost:', error.message));

const routes = {
  'GET /notes': async () => [200, (await pool.query('SELECT id, text, written_at FROM note ORDER BY id DESC LIMIT 100')).rows],
  'POST /notes': async (request) => {
    const text = textOf(await bodyOf(request));
    if (text === undefined) return [422, { problem: 'A note is JSON: {"text": 1 to 1000 characters}.' }];
    const { rows } = await pool.query('INSERT INTO note (text) VALUES ($1) RETURNING id, text, written_at', [text]);
    return [201, rows[0]];
  },
  'GET /health': async () => [200, (await pool.query("SELECT 'ok' AS database")).rows[0]],
};

async function bodyOf(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) if ((bytes += chunk.length) <= MAX_BODY_BYTES) chunks.push(chunk);
  return bytes > MAX_BODY_BYTES ? '' : Buffer.concat(chunks).toString('utf8');
}

function textOf(body) {
  try {
    const { text } = JSON.parse(body);
    return typeof text === 'string' && text.length >= 1 && text.length <= 1000 && !text.includes('\0') ? text : undefined;
  } catch {
    return undefined;
  }
}

const server = createServer(async (request, response) => {
  const answer = await Promise.resolve(routes[`${request.method} ${request.url.split('?')[0]}`]?.(request)).catch((error) => {
    console.error(`${request.method} ${request.url}:`, error.message);
    return [503, { problem: 'The database does not answer.' }];
  });
  const [status, content] = answer ?? [404, { problem: 'There is nothing here.' }];
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(content));
});

server.listen(Number(PORT), HOST, () => console.log(`notes listen on http://${HOST}:${PORT}`));
process.once('SIGTERM', () => server.close(() => void pool.end()));
