/**
 * A guestbook. Settings come in the environment: HOST, PORT, DATABASE (SQLite file, its table made already), DATA (a
 * folder), SESSION_KEY_FILE (a file with the key that signs the visitor's cookie), GREETING (what stands on top).
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEntries, readEntry } from './entries.mjs';
import { entriesPage, problemPage } from './page.mjs';
import { openVisitors } from './visitors.mjs';
import { openVisits } from './visits.mjs';

const { HOST = '127.0.0.1', PORT, DATABASE, DATA, SESSION_KEY_FILE, GREETING = 'Guestbook' } = process.env;
const MAX_BODY_BYTES = 16 * 1024;
const SHUTDOWN_MS = 5000;

const entries = openEntries(DATABASE);
const visits = openVisits(DATA);
const visitors = openVisitors(SESSION_KEY_FILE);

/** By path, then by method. */
const routes = {
  '/': { GET: showPage },
  '/entries': { GET: listEntries, POST: addEntry },
  '/health': { GET: health },
};

async function showPage(request, response) {
  const visitor = visitors.recognise(request, response);
  const count = await visits.add();
  const shown = { greeting: GREETING, entries: entries.newest(), count: entries.count(), visits: count, visitor };
  send(response, 200, 'text/html', entriesPage(shown));
}

function listEntries(request, response) {
  const visitor = visitors.recognise(request, response);
  const items = entries.newest().map(({ visitor: writer, ...entry }) => ({ ...entry, mine: writer === visitor }));
  send(response, 200, 'application/json', JSON.stringify({ count: entries.count(), items }));
}

async function addEntry(request, response) {
  const { origin, host } = request.headers;
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) {
    return refuse(request, response, 403, 'Entries are taken from this page only.');
  }
  const body = await readBody(request);
  if (body === undefined) return refuse(request, response, 413, `An entry has at most ${MAX_BODY_BYTES} bytes.`);
  const { entry, problem } = readEntry(body, request.headers['content-type'] ?? '');
  if (problem) return refuse(request, response, 422, problem);
  const visitor = visitors.recognise(request, response);
  const id = entries.add({ ...entry, visitor });
  if (wantsJson(request)) return send(response, 201, 'application/json', JSON.stringify({ id, ...entry }));
  response.writeHead(303, { location: '/' }).end();
}

function health(_request, response) {
  const checks = { database: entries.problem() ?? 'ok', storage: visits.problem() ?? 'ok' };
  const healthy = Object.values(checks).every((check) => check === 'ok');
  send(response, healthy ? 200 : 503, 'application/json', JSON.stringify(checks));
}

function refuse(request, response, status, problem) {
  // What is still coming in of a body that is too large is not read.
  if (status === 413) response.setHeader('connection', 'close');
  if (wantsJson(request)) return send(response, status, 'application/json', JSON.stringify({ problem }));
  send(response, status, 'text/html', problemPage(GREETING, problem));
}

const wantsJson = (request) =>
  (request.headers.accept ?? '').includes('application/json') ||
  (request.headers['content-type'] ?? '').startsWith('application/json');

function send(response, status, type, body) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  });
  response.end(body);
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(request, response) {
  const methods = routes[request.url.split('?')[0]];
  if (!methods) return refuse(request, response, 404, 'There is nothing here.');
  const handler = methods[request.method === 'HEAD' ? 'GET' : request.method];
  if (!handler) {
    response.setHeader('allow', Object.keys(methods).join(', '));
    return refuse(request, response, 405, `${request.method} is not possible here.`);
  }
  await handler(request, response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(`${request.method} ${request.url}:`, error);
    if (response.headersSent) response.destroy();
    else refuse(request, response, 500, 'That did not work. Please try again later.');
  });
});

server.listen(Number(PORT), HOST, () => console.log(`guestbook listens on http://${HOST}:${server.address().port}`));

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: ending what is under way`);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await Promise.race([closed, sleep(SHUTDOWN_MS)]);
    await visits.close();
    entries.close();
    process.exit(0);
  });
}
