import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A real server that answers as a test tells it. */
export class SmallGateway {
  /** Each call as `GET /api/v1/requests?limit=2`. */
  readonly calls: string[] = [];
  private constructor(private readonly server: Server) {}

  static async open(answer: (url: URL, method: string, body: unknown) => unknown): Promise<SmallGateway> {
    const handle = async (request: IncomingMessage, response: ServerResponse) => {
      gateway.calls.push(`${request.method} ${request.url}`);
      const sent = await text(request);
      const said: unknown = request.headers['content-type']?.includes('json') ? JSON.parse(sent) : sent || undefined;
      const body = answer(new URL(request.url!, gateway.url), request.method!, said);
      const isText = typeof body === 'string';
      const headers = { 'Content-Type': isText ? 'text/plain' : 'application/json' };
      response.writeHead(200, headers).end(isText ? body : JSON.stringify(body));
    };
    const server = createServer((request, response) => void handle(request, response));
    const gateway = new SmallGateway(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return gateway;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
