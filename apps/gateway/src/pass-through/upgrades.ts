import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { contextOfCall } from '../identity/call.js';
import { knockOf, type Door } from '../identity/door.js';
import type { Guard } from '../identity/guard.js';
import { rawAnswer, toSlipwayError } from '../problem/problem.js';
import { headersToCaller, headersToInstance } from './headers.js';
import type { Shown } from './shown.js';
import { HEADERS_TIMEOUT, failureOf, idOf, prefixOf, type PassLimits, type PassThrough } from './pass-through.js';

/** After how long of silence the system asks whether a peer is still there, in ms. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Upgrades of calls to instances (RFC 9110 §7.8), WebSockets above all: admitted as any call is, then both sides' bytes as they come.
 * T1 to T3 hold here too.
 */
export class Upgrades {
  readonly #open = new Set<Duplex>();

  constructor(
    private readonly passThrough: PassThrough,
    private readonly door: Door,
    private readonly guard: Guard,
    private readonly proto: 'http' | 'https',
    private readonly limits: PassLimits,
    private readonly logger: Logger,
  ) {}

  /** Takes an upgrade that is one of a call to an instance; whether it is. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const id = idOf(request.url!);
    if (id === undefined) return false;
    socket.on('error', () => socket.destroy());
    this.#pass(id, request, socket, head).catch((error: unknown) => {
      socket.end(rawAnswer(toSlipwayError(error), contextOfCall(request.headers).correlationId), () => socket.destroy());
    });
    return true;
  }

  /** Ends all that are open. */
  stop(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async #pass(id: string, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { headers } = request;
    const context = contextOfCall(headers);
    this.door.admit(knockOf(headers));
    context.actor = this.guard.actorOf(headers.authorization);
    const { origin, path, base } = await this.passThrough.target(id, request.url!);
    const prefix = prefixOf(request.url!);
    const shown = { origin, path, base, prefix, gateway: `${this.proto}://${headers.host!}` };
    const caller = { address: request.socket.remoteAddress, host: headers.host!, proto: this.proto, prefix, context };
    const outgoing = (origin.startsWith('https:') ? httpsRequest : httpRequest)(`${origin}/`, {
      ...{ path, method: request.method!, agent: false },
      headers: { ...headersToInstance(headers, caller), Connection: 'Upgrade', Upgrade: headers.upgrade! },
    });
    const answer = await answerOf(outgoing, socket, this.limits).catch((error: unknown) => {
      throw failureOf(error, id, this.limits);
    });
    this.logger.info(
      { correlationId: context.correlationId, actor: context.actor.id, path: request.url!.split('?', 1)[0] },
      'upgrade',
    );
    socket.write(headOf(answer.response, shown, context.correlationId));
    if (answer.upstream) this.#join(socket, answer.upstream, head, answer.head);
    // It answers in the words of the protocol as it was: there is nothing more to say on this connection.
    else this.#refuse(socket, answer.response);
  }

  /** T3: one that leaves ends the other; who says nothing any more is not waited for. */
  #refuse(socket: Duplex, response: IncomingMessage): void {
    this.#open.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.limits.answerMs);
    response.on('data', () => timer.refresh());
    // Only who reads is told that the caller has left.
    socket.resume().once('end', () => socket.destroy());
    pipeline(response, socket, () => {
      clearTimeout(timer);
      this.#open.delete(socket);
      response.destroy();
      socket.destroy();
    });
  }

  #join(socket: Duplex, upstream: Duplex, head: Buffer, upstreamHead: Buffer): void {
    socket.write(upstreamHead);
    upstream.write(head);
    const ends = [socket, upstream];
    const end = () => {
      for (const one of ends) {
        one.destroy();
        this.#open.delete(one);
      }
    };
    for (const one of ends) {
      // A peer that is gone without a word is found by the system; one that is silent may be so for as long as it likes.
      (one as Socket).setKeepAlive?.(true, KEEP_ALIVE_MS);
      this.#open.add(one);
      one.once('close', end).on('error', end);
    }
    socket.pipe(upstream).pipe(socket);
  }
}

interface Answer {
  response: IncomingMessage;
  /** Where it has upgraded. */
  upstream?: Duplex;
  head: Buffer;
}

function answerOf(outgoing: ClientRequest, socket: Duplex, { answerMs }: PassLimits): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const slow = Object.assign(new Error('no answer in time'), { code: HEADERS_TIMEOUT });
    const timer = setTimeout(() => outgoing.destroy(slow), answerMs);
    const leave = () => outgoing.destroy();
    socket.once('close', leave);
    const done = (answer: Answer) => {
      clearTimeout(timer);
      socket.off('close', leave);
      resolve(answer);
    };
    outgoing.on('upgrade', (response, upstream, head) => done({ response, upstream, head }));
    outgoing.on('response', (response) => done({ response, head: Buffer.alloc(0) }));
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end();
  });
}

/** The answer's head as it goes back: for one connection, and of this call. */
function headOf(response: IncomingMessage, shown: Shown, requestId: string): string {
  const { statusCode, statusMessage, headers } = response;
  const switched = statusCode === 101;
  const passed = {
    ...headersToCaller(headers, shown),
    'X-Request-Id': requestId,
    ...(switched ? { Connection: 'Upgrade', Upgrade: headers.upgrade! } : { Connection: 'close' }),
  };
  const lines = Object.entries(passed).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`;
}
