import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answering = (asked: IncomingMessage, response: ServerResponse) => unknown;

/** A server of somebody else, on loopback, that answers as a test says. */
export interface OtherServer {
  /** `http://127.0.0.1:<port>/` */
  url: string;
  /** What was asked for, in order. */
  asked: { path: string; authorization: string | undefined }[];
  /** By path without its query; 404 for all else. */
  routes: Map<string, Answering>;
  close(): Promise<void>;
}

export async function openOtherServer(routes: Record<string, Answering> = {}): Promise<OtherServer> {
  const other = { asked: [] as OtherServer['asked'], routes: new Map(Object.entries(routes)) };
  const server = createServer((asked, response) => {
    const path = asked.url ?? '';
    other.asked.push({ path, authorization: asked.headers.authorization });
    const answer = other.routes.get(path.split('?', 1)[0]!);
    if (answer) answer(asked, response);
    else response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    ...other,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Answers with that text or those bytes. */
export const sends =
  (body: string | Buffer, headers: Record<string, string> = {}): Answering =>
  (_asked, response) =>
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
export const redirects =
  (location: string, status = 302): Answering =>
  (_asked, response) =>
    response.writeHead(status, { Location: location }).end('elsewhere');
