import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionFrame, ClientFrame, ErrorCode, EventView, ServerFrame } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { WebSocketServer, type WebSocket } from 'ws';

export const KEY = 'the-key';

/** A call as it arrived. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Of one log, the n-th. */
export const position = (n: number, logId = 'log'): string => `${logId}.0000000001.${String(n).padStart(20, '0')}`;

export const event = (n: number, more: Partial<EventView> = {}): EventView => ({
  ...{ id: `event-${n}`, position: position(n), stream: 'request-1', revision: n, category: 'request', type: 'StepRequested' },
  ...{ version: 1, recordedAt: '2026-01-05T09:30:00.000Z', data: {}, ...more },
});

/** A small real server that speaks as the gateway does, as far as a test tells it: real HTTP, real WebSocket, and breakable. */
export class SmallGateway {
  readonly calls: Call[] = [];
  /** Frames of clients, in order, of all connections. */
  readonly frames: ClientFrame[] = [];
  readonly actions: ActionFrame[] = [];
  /** Answers an action; a test puts its own here. */
  perform: (action: ActionFrame, socket: WebSocket) => void = ({ id }, socket) =>
    this.send(socket, { type: 'answer', id, status: 200, headers: {}, body: {} });
  readonly sockets: WebSocket[] = [];
  private readonly subscribed = new Set<WebSocket>();
  /** Answers a call; a test puts its own here. */
  answer: (call: Call, response: ServerResponse) => void = (_call, response) => this.problem(response, 404, 'not-found');
  /** What was recorded: who subscribes gets what lies behind its position, then `caught-up`. */
  recorded: EventView[] = [];
  /** Takes a connection's frames instead of the usual behaviour when it returns true. */
  onFrame: (frame: ClientFrame, socket: WebSocket) => boolean = () => false;

  private server!: Server;
  private live!: WebSocketServer;
  private port = 0;

  static async open(): Promise<SmallGateway> {
    const gateway = new SmallGateway();
    await gateway.start();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.live = new WebSocketServer({ server: this.server, path: '/api/v1/events' });
    this.live.on('connection', (socket) => this.connected(socket));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Gone as after `kill -9`: every connection breaks. */
  async stop(): Promise<void> {
    for (const socket of this.live.clients) socket.terminate();
    this.live.close();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  json(response: ServerResponse, body: unknown, headers: Record<string, string> = {}, status = 200): void {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  }

  problem(response: ServerResponse, status: number, code: ErrorCode, headers: Record<string, string> = {}): void {
    const type = { 'Content-Type': 'application/problem+json' };
    response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(this.problemOf(status, code)));
  }

  problemOf(status: number, code: ErrorCode): Problem {
    return {
      type: `/api/docs#${code}`,
      title: code,
      status,
      detail: `it is ${code}`,
      code,
      hint: 'Look.',
      requestId: 'r',
    };
  }

  /** Records events and tells whoever is subscribed. */
  record(...events: EventView[]): void {
    this.recorded.push(...events);
    for (const socket of this.subscribed) this.tell(socket, events);
  }

  send(socket: WebSocket, frame: ServerFrame | string): void {
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  private tell(socket: WebSocket, events: EventView[]): void {
    // Half of them together, as to somebody who catches up.
    const together = events.slice(0, events.length >> 1);
    for (let next = 0; next < together.length; next += 100)
      this.send(socket, { type: 'events', id: 'follow', events: together.slice(next, next + 100) });
    for (const one of events.slice(together.length)) this.send(socket, { type: 'event', id: 'follow', event: one });
    const last = this.recorded.at(-1);
    if (last) this.send(socket, { type: 'caught-up', id: 'follow', position: last.position });
  }

  private connected(socket: WebSocket): void {
    this.sockets.push(socket);
    socket.on('close', () => this.subscribed.delete(socket));
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as ClientFrame | ActionFrame;
      if ('action' in frame) {
        this.actions.push(frame);
        this.perform(frame, socket);
        return;
      }
      this.frames.push(frame);
      if (this.onFrame(frame, socket)) return;
      if (frame.type === 'ping') this.send(socket, { type: 'pong' });
      if (frame.type !== 'subscribe') return;
      this.subscribed.add(socket);
      const from = frame.from ?? this.recorded.at(-1)?.position ?? position(0);
      this.send(socket, { type: 'subscribed', id: frame.id, position: from === 'start' ? position(0) : from });
      this.tell(socket, from === 'start' ? this.recorded : this.recorded.filter((one) => one.position > from));
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const call = { method: request.method!, path: pathname, query: searchParams, headers: request.headers, body };
    this.calls.push(call);
    this.answer(call, response);
  }
}
