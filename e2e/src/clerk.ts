import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes what it is sent into its database, in `public`, and says what stands there, as whom it came and where it is. */
const CLERK = `
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
process.on('SIGTERM', () => process.exit());
const { HOME, HOST, PORT, DB_URL, DB_PASSWORD, PATH } = process.env;
const env = { PATH, PGPASSWORD: readFileSync(DB_PASSWORD, 'utf8') };
const ask = async (sql) => (await promisify(execFile)('psql', ['-XqAtw', '-v', 'ON_ERROR_STOP=1', '-c', sql, DB_URL], { env })).stdout.trim();
const quoted = (value) => "'" + value.replaceAll("'", "''") + "'";
createServer(async (request, response) => {
  try {
    if (request.method === 'POST')
      await ask('CREATE TABLE IF NOT EXISTS public.entry (text text); INSERT INTO public.entry VALUES (' + quoted(await text(request)) + ')');
    const said = request.url === '/' ? {} : { user: await ask('SELECT current_user'), entries: await ask('TABLE public.entry') };
    response.end(JSON.stringify({ ...said, at: HOME, pid: process.pid }));
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
}).listen(Number(PORT), HOST);
`;

/** What it says. */
export interface Written {
  /** Of the database. */
  user: string;
  entries: string;
  /** Its home. */
  at: string;
  pid: number;
}

/** On one host of this machine, each with a lease of his own on one database. */
const PACKAGE = `
name: ledgers
version: 1.0.0
definitions:
  - name: this-machine
    version: 1.0.0
    type: instance
    driver: lease
    shared: true
    spec: { lease: { type: host, blueprint: LocalHost } }
  - name: ledger
    version: 1.0.0
    type: database
    driver: lease
    capabilities: [{ namespace: database, attributes: { engine: postgres } }]
    spec: { lease: { type: database, blueprint: SharedDatabase } }
  - name: clerk
    version: 1.0.0
    type: instance
    requirements:
      - { name: host, namespace: slipway.identity, attributes: { name: this-machine } }
      - { name: db, namespace: database, attributes: { engine: postgres } }
    spec:
      on: host
      artefact: app
      command: [${process.execPath}, app.mjs]
      environment: { PORT: "\${port}", HOST: "\${host}", DB_URL: "\${db.url}", DB_PASSWORD: "\${db.password}" }
      health: { path: /, startSeconds: 60 }
`;

/** Puts the package `ledgers`, with its definition `clerk`, into a folder of content. */
export function putLedgers(content: string): void {
  mkdirSync(join(content, 'ledgers/app'), { recursive: true });
  writeFileSync(join(content, 'ledgers/app/app.mjs'), CLERK);
  writeFileSync(join(content, 'ledgers/package.yaml'), PACKAGE);
}
