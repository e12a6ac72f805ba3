import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { SlipwayError } from '@slipway/contracts/public';
import { allOf } from '../shell/bounded.js';

/** Where an engine listens. */
export interface EngineAddress {
  /** `unix:///var/run/docker.sock` or `tcp://<host>:<port>`. */
  host: string;
  /** PEM; over TCP the engine proves itself by the first, and we by the others. Without them TCP goes in the clear. */
  tls?: { ca: Buffer; cert: Buffer; key: Buffer };
}

/** How long an engine may take to answer what is no program. */
const ANSWERS_WITHIN_MS = 60_000;

const KEEP_ALIVE_MS = 30_000;

/** Of an answer, in bytes. */
const LONGEST = 4 * 1024 ** 2;

/** What an engine answers: 404 and 409 are for the caller to understand. */
export interface Answer<T> {
  status: number;
  body: T;
}

/**
 * A Docker engine over HTTP (Engine API, in the version that the engine takes for its own), as far as programs in its containers need it: what
 * is made and removed there goes by the client ({@link Docker}).
 */
export class EngineApi {
  constructor(private readonly address: EngineAddress) {}

  /** For messages. */
  get name(): string {
    return this.address.host;
  }

  /** Throws `driver-failed` where no engine answers, or where it fails. */
  async ask<T extends object>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer<T & { message?: string }>> {
    const sent = this.#request(method, path, {});
    const answered = new Promise<IncomingMessage>((resolve, reject) => void sent.once('response', resolve).once('error', reject));
    sent.end(body && JSON.stringify(body));
    try {
      const response = await answered;
      const status = response.statusCode ?? 0;
      const text = (await allOf(response, LONGEST, `What ${this.name} says`)).toString('utf8');
      if (status >= 500) throw this.#failed(`${method} ${path}`, text);
      return { status, body: JSON.parse(text === '' ? '{}' : text) as T };
    } catch (error) {
      throw error instanceof SlipwayError ? error : this.#unreachable(error as Error);
    }
  }

  /** The bare connection that a request was handed over to. Throws `driver-failed`. */
  async attach(path: string, body: object): Promise<Socket> {
    const sent = this.#request('POST', path, { connection: 'Upgrade', upgrade: 'tcp' });
    const attached = new Promise<Socket>((resolve, reject) => {
      sent.once('error', (error) => reject(this.#unreachable(error)));
      sent.once('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        // The time limit was that of the request.
        socket.setTimeout(0);
        // A program may say nothing for hours: an engine that went without a word is noticed all the same.
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(socket);
      });
      sent.once('response', (response) => {
        allOf(response, LONGEST, `What ${this.name} says`).then(
          (text) => reject(this.#failed(path, text.toString('utf8'))),
          reject,
        );
      });
    });
    sent.end(JSON.stringify(body));
    return attached;
  }

  #request(method: string, path: string, headers: Record<string, string>): ClientRequest {
    const { host, tls } = this.address;
    const url = new URL(host);
    const options = {
      ...{ method, path, agent: false as const, timeout: ANSWERS_WITHIN_MS },
      headers: { ...headers, host: url.host || 'docker', 'content-type': 'application/json' },
      ...(url.protocol === 'unix:'
        ? { socketPath: decodeURIComponent(url.pathname) }
        : { host: url.hostname.replaceAll(/^\[|\]$/g, ''), port: url.port || (tls ? 2376 : 2375) }),
    };
    const sent = tls ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
    // What it is asked for hears of the first one; what comes later is over already.
    sent.on('error', () => {});
    return sent.once('timeout', () => sent.destroy(new Error(`it has not answered within ${ANSWERS_WITHIN_MS} ms`)));
  }

  #unreachable(error: Error): SlipwayError {
    const message = `The Docker engine cannot be reached at ${this.name}: ${error.message}`;
    return new SlipwayError('driver-failed', message, { engine: this.name }, { cause: error });
  }

  #failed(what: string, said: string): SlipwayError {
    return new SlipwayError('driver-failed', `The Docker engine at ${this.name} failed (${what}): ${said.slice(0, 500)}`, {
      engine: this.name,
    });
  }
}
