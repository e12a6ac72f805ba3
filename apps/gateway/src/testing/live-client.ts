import { once } from 'node:events';
import type { ClientFrame, EventView, ServerFrame } from '@slipway/contracts';
import { WebSocket } from 'ws';
import type { GatewayPlace } from './gateway-place.js';

export type AnswerFrame = Extract<ServerFrame, { type: 'answer' }>;

/** A client on a real socket that keeps what it is told. */
export class LiveClient {
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #calls = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as ServerFrame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
  }

  static async open(
    place: GatewayPlace,
    headers: Record<string, string> = { Authorization: `Bearer ${place.key}` },
  ): Promise<LiveClient> {
    const client = new LiveClient(new WebSocket(`${place.gateway.url.replace('http', 'ws')}/api/v1/events`, { headers }));
    await once(client.socket, 'open');
    return client;
  }

  /** The answer to one action, and the text that came before it. */
  async call(action: string, body: object = {}, headers: Record<string, string> = {}): Promise<AnswerFrame & { text: string }> {
    const id = `call-${this.#calls++}`;
    this.send({ id, action, body, headers });
    const answer = await this.until<AnswerFrame>((frame) => frame.type === 'answer' && frame.id === id);
    const parts = this.frames.flatMap((frame) => (frame.type === 'part' && frame.id === id ? [frame.text] : []));
    return { ...answer, text: parts.join('') };
  }

  send(frame: ClientFrame | Record<string, unknown> | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Waits until a frame fits; those that came before count as well. */
  async until<T extends ServerFrame>(fits: (frame: ServerFrame) => boolean): Promise<T> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found as T;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  events(id: string): EventView[] {
    return this.frames.flatMap((frame) => (frame.type === 'event' && frame.id === id ? [frame.event] : []));
  }

  async caughtUp(id: string, position: string): Promise<void> {
    await this.until((frame) => frame.type === 'caught-up' && frame.id === id && frame.position >= position);
  }

  async end(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
