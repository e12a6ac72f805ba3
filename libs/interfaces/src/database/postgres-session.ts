import { Socket } from 'node:net';
import type { Json } from '@slipway/contracts';
import { SlipwayError } from '@slipway/contracts/public';
import { Client, type QueryArrayResult } from 'pg';
import Cursor from 'pg-cursor';
import { MOST, type QueryResult } from './database.js';

/** How a PostgreSQL server is reached, and as whom. */
export interface PostgresAccess {
  host: string;
  port: number;
  database: string;
  user: string;
  /** Asked for at each connection. */
  password(): Promise<string>;
  /** PEM: the server proves itself by a certificate of this CA for its name; in the clear when left out. */
  ca?: string;
}

/** What may come of one session: nobody fills our memory with one row. */
const MOST_BYTES = 16 * 1024 * 1024;
const CONNECTS_WITHIN_MS = 10_000;

/** Its types by number (pg_type.dat of PostgreSQL) that have a form in JSON. */
const BOOL = 16;
const NUMBERS = [21, 23, 700, 701];
const JSONS = [114, 3802];

const AS_JSON = {
  getTypeParser: (type: number) => (text: string) => {
    if (type === BOOL) return text === 't';
    if (NUMBERS.includes(type) && Number.isFinite(Number(text))) return Number(text);
    return JSONS.includes(type) ? (JSON.parse(text) as Json) : text;
  },
};

/** One connection, for as long as `use` takes. Throws as {@link Database.query} does. */
export async function withPostgres<T>(
  access: PostgresAccess,
  use: (session: PostgresSession) => Promise<T>,
  { timeoutMs = 60_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<T> {
  signal?.throwIfAborted();
  const socket = new Socket();
  const { host, port, database, user, ca } = access;
  const client = new Client({
    ...{ host, port, database, user, password: await access.password() },
    ssl: ca === undefined ? false : { ca },
    connectionTimeoutMillis: CONNECTS_WITHIN_MS,
    statement_timeout: timeoutMs,
    application_name: 'slipway',
    types: AS_JSON as never,
    stream: () => socket,
  });
  let ended: SlipwayError | undefined;
  const end = (why: SlipwayError) => {
    ended ??= why;
    socket.destroy();
  };
  const onAbort = () => end(signal!.reason instanceof SlipwayError ? signal!.reason : new SlipwayError('step-cancelled'));
  let bytes = 0;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MOST_BYTES) end(tooLarge());
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  const late = setTimeout(
    () => end(new SlipwayError('timed-out', `${host}:${port} has not answered within ${timeoutMs} ms`)),
    timeoutMs + 5_000,
  );
  // An error that comes when nobody waits for anything: whoever asks next hears of it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(new PostgresSession(client));
  } catch (error) {
    throw ended ?? told(error);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', onAbort);
    if (!ended) await client.end().catch(() => {});
    socket.destroy();
  }
}

/** A connection to a PostgreSQL server. */
export class PostgresSession {
  constructor(private readonly client: Client) {}

  /** Statements of our own, one after the other; rows of the last one. */
  async run(sql: string): Promise<Json[][]> {
    const results = (await this.client.query({ text: sql, rowMode: 'array' })) as unknown as QueryArrayResult<Json[]>[];
    return [results].flat().at(-1)?.rows ?? [];
  }

  /** One statement of anybody's, in a transaction of its own, never read by anything but the server. */
  async query(sql: string, parameters: readonly Json[]): Promise<QueryResult> {
    await this.client.query('BEGIN');
    try {
      const cursor = this.client.query(new Cursor<Json[]>(sql, [...parameters], { rowMode: 'array', types: AS_JSON as never }));
      const result = await readAll(cursor);
      await cursor.close();
      if (result.rows.length > MOST.rows || JSON.stringify(result.rows).length > MOST.bytes) throw tooLarge();
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }
}

const readAll = (cursor: Cursor<Json[]>): Promise<QueryResult> =>
  new Promise((resolve, reject) => {
    cursor.read(MOST.rows + 1, (error, rows, result) => {
      // Of one that failed there is no result, whatever its type says.
      if (error) reject(error);
      else resolve({ columns: (result.fields ?? []).map(({ name }) => name), rows, count: result.rowCount ?? rows.length });
    });
  });

const tooLarge = (): SlipwayError =>
  new SlipwayError('too-large', `It gives more than ${MOST.rows} rows or ${MOST.bytes} bytes: ask for fewer (LIMIT)`);

/** By the class of its SQLSTATE (PostgreSQL's Appendix A): whose fault it is. */
function told(error: unknown): unknown {
  if (error instanceof SlipwayError) return error;
  const { code, message } = error as { code?: string; message: string };
  if (code === '57014') return new SlipwayError('timed-out', `PostgreSQL: ${message}`, { sqlState: code });
  const isState = /^[0-9A-Z]{5}$/.test(code ?? '');
  const isAsked = isState && ['0A', '21', '22', '23', '25', '2B', '3D', '3F', '42'].includes(code!.slice(0, 2));
  return new SlipwayError(isAsked ? 'bad-input' : 'driver-failed', `PostgreSQL: ${message}`, isState ? { sqlState: code! } : {});
}
