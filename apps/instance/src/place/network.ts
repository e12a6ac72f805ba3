import { readFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:http';
import { connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';

/** The loopback network of the place where instances run. */
export interface Network {
  /** Whether nobody listens on a port. */
  free(port: number): Promise<boolean>;
  /** Who listens on a port; `null` when nobody does, or when it can't be told. */
  listener(port: number): Promise<number | null>;
  /** `null` when it answers as it should, else why not. Without a path a connection is enough. */
  check(port: number, path: string | undefined, timeoutMs: number): Promise<string | null>;
  /** A connection, which the caller ends; else why there is none. */
  connect(port: number, timeoutMs: number): Promise<Duplex | string>;
}

export const HOST = '127.0.0.1';

/** The kernel's tables of sockets (proc(5)). */
export const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

/** That of this machine. */
export const localNetwork: Network = {
  free: (port) =>
    new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)));
    }),
  listener: async (port) => {
    for (const table of TABLES) {
      const uid = listenerIn(await readFile(table, 'utf8').catch(() => ''), port);
      if (uid !== null) return uid;
    }
    return null;
  },
  check: async (port, path, timeoutMs) =>
    path === undefined ? justTaken(await open(port, timeoutMs)) : checkPage({ host: HOST, port, agent: false }, path, timeoutMs),
  connect: open,
};

/** State LISTEN in the kernel's tables of sockets (proc(5), /proc/net/tcp). */
const LISTEN = '0A';

/** Uid of the socket that listens on a port, in a table of sockets: `sl local remote st tx:rx tr:when retrnsmt uid …`. */
export function listenerIn(table: string, port: number): number | null {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of table.split('\n')) {
    const [, local, , state, , , , uid] = line.trim().split(/\s+/);
    if (state === LISTEN && local?.endsWith(`:${hex}`)) return Number(uid);
  }
  return null;
}

/** Asks for a page, by the way that the options say. */
export function checkPage(way: RequestOptions, path: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ ...way, path, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400 ? null : `GET ${path} answered ${status}`);
    });
    request.on('error', (error) =>
      resolve(error.name === 'AbortError' ? `GET ${path} did not answer within ${timeoutMs} ms` : reasonOf(error)),
    );
  });
}

/** How it is where a connection is enough. */
export function justTaken(opened: Duplex | string): string | null {
  if (typeof opened === 'string') return opened;
  opened.destroy();
  return null;
}

function open(port: number, timeoutMs: number): Promise<Duplex | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: timeoutMs });
    const end = (reason: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => resolve(socket.setTimeout(0)));
    socket.once('timeout', () => end(unanswered(port, timeoutMs)));
    // Whoever has it already is told by its end.
    socket.on('error', (error) => end(reasonOf(error)));
  });
}

export const unanswered = (port: number, timeoutMs: number): string => `Port ${port} did not answer within ${timeoutMs} ms`;

/** Why it is not healthy where a connection to its port is refused. */
export const REFUSED = 'Nothing listens on its port yet';

const reasonOf = (error: NodeJS.ErrnoException): string => (error.code === 'ECONNREFUSED' ? REFUSED : error.message);
