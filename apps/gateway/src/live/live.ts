import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { SlipwayError } from '@slipway/contracts';
import type { Runtime } from '@slipway/mesh';
import { WebSocketServer } from 'ws';
import { knockOf, type Door } from '../identity/door.js';
import type { Guard } from '../identity/guard.js';
import { BODY_LIMIT } from '../http/server.js';
import { contextOfCall } from '../identity/call.js';
import { rawAnswer, toSlipwayError } from '../problem/problem.js';
import type { Actions } from './actions.js';
import { LIVE_LIMITS, LiveConnection, CLOSE, type Knocked, type LiveLimits, type LiveParts } from './connection.js';
import { LivePages } from './pages.js';
import type { LiveTail } from './tail.js';

export const LIVE_PATH = '/api/v1/events';
/** The largest frame that a client may send: a body that is too large for its operation is still told so. */
const MAX_FRAME = 2 * BODY_LIMIT;
/** How long clients are given to take the word that the gateway stops, in ms. */
const FAREWELL_MS = 500;

/**
 * The WebSocket at `/api/v1/events`. The key comes with the upgrade (`Authorization: Bearer <key>`), or, from a browser,
 * which can't set headers there, in the first frame `{"type":"authenticate","key":…}`.
 */
export class Live {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false });
  readonly #connections = new Set<LiveConnection>();
  readonly #parts: LiveParts;
  #stopping = false;

  constructor(
    runtime: Runtime,
    private readonly door: Door,
    private readonly guard: Guard,
    tail: LiveTail,
    actions: Actions,
    limits: Partial<LiveLimits> = {},
  ) {
    const { store, bus, clock, logger, config } = runtime;
    const pages = new LivePages(store);
    this.#parts = {
      store,
      bus,
      clock,
      logger,
      tail,
      pages,
      guard,
      actions,
      mesh: config.mesh,
      limits: { ...LIVE_LIMITS, ...limits },
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Takes the upgrades of an HTTP server, but for those of somebody else: `taken` takes one, and says whether it has. */
  attach(server: Server, taken: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!this.#stopping && taken(request, socket, head)) return;
      socket.on('error', () => socket.destroy());
      try {
        const knocked = this.#admit(request);
        this.#sockets.handleUpgrade(request, socket, head, (ws) => {
          const connection = new LiveConnection(ws, this.#parts, knocked);
          this.#connections.add(connection);
          const { correlationId } = contextOfCall(request.headers);
          this.#parts.logger.info({ correlationId, path: LIVE_PATH }, 'live connection opened');
          ws.on('close', (code) => {
            this.#connections.delete(connection);
            this.#parts.logger.info({ correlationId, path: LIVE_PATH, code }, 'live connection closed');
          });
        });
      } catch (error) {
        socket.end(rawAnswer(toSlipwayError(error), contextOfCall(request.headers).correlationId), () => socket.destroy());
      }
    });
  }

  /** Tells every client to come again, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#connections) connection.close(CLOSE.restart, 'the gateway stops; come again');
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#parts.clock.after(FAREWELL_MS, resolve));
    for (const connection of this.#connections) connection.terminate();
    this.#sockets.close();
  }

  #admit({ url, headers }: IncomingMessage): Knocked {
    if (this.#stopping) throw new SlipwayError('shutting-down');
    this.door.admit(knockOf(headers));
    if (url?.split('?', 1)[0] !== LIVE_PATH) throw new SlipwayError('not-found', `No WebSocket here; it is at ${LIVE_PATH}`);
    const { host, origin, authorization } = headers;
    if (authorization !== undefined) this.guard.actorOf(authorization);
    return { host: host!, ...(origin !== undefined && { origin }), ...(authorization !== undefined && { authorization }) };
  }
}
