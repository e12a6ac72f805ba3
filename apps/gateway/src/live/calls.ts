import { SlipwayError, badInput, type ServerFrame } from '@slipway/contracts';
import type { Logger } from 'pino';
import { READABLE } from '../http/cross-origin.js';
import { contextOfCall } from '../identity/call.js';
import { problemHeaders, problemOf, toSlipwayError } from '../problem/problem.js';
import type { Actions, Answer, Credentials } from './actions.js';
import { isJson, isText } from './as-call.js';
import { RefusedFrame } from './frames.js';
import type { Outlet } from './subscription.js';

/** Where answers go. */
export interface AnswerOutlet extends Outlet {
  /** What is not waited for: a client that does not read it is let go. */
  answer(frame: string): void;
}

/** The largest answer of JSON that goes into a frame, in characters. */
export const LARGEST_ANSWER = 8 * 1024 * 1024;

interface Open {
  dropped: boolean;
  answer?: Answer;
}

/**
 * The calls of one connection that are under way.
 *
 * C1. Each action that has an id is answered once by that id, unless it is dropped; one that is refused, with its problem.
 * C2. At most `most` are under way; what comes beyond is refused as `too-busy` and has reached nobody.
 * C3. A call counts until the client has been handed its answer: who does not read gets nothing more done.
 */
export class Calls {
  readonly #open = new Map<string, Open>();

  constructor(private readonly parts: { actions: Actions; logger: Logger; outlet: AnswerOutlet; most: number }) {}

  /** Throws {@link RefusedFrame} when its id is in use: an answer could not be told from the other one's. */
  begin(id: string, frame: Record<string, unknown>, credentials: Credentials): void {
    if (this.#open.has(id)) throw new RefusedFrame(badInput([{ field: 'id', reason: `${id} is that of a call under way` }]));
    if (this.#open.size >= this.parts.most) {
      this.#refuse(id, frame, new SlipwayError('too-busy', `A connection has at most ${this.parts.most} calls under way`));
      return;
    }
    const open: Open = { dropped: false };
    this.#open.set(id, open);
    void this.#perform(id, frame, credentials, open).finally(() => {
      if (this.#open.get(id) === open) this.#open.delete(id);
    });
  }

  /** Throws {@link RefusedFrame} when there is no such call, or no more. */
  drop(id: string): void {
    const open = this.#open.get(id);
    if (!open) throw new RefusedFrame(new SlipwayError('not-found', `There is no call ${id} under way`));
    this.#forget(id, open);
    this.parts.outlet.answer(JSON.stringify({ type: 'dropped', id } satisfies ServerFrame));
  }

  /** The connection is over: nobody reads what is still to come. */
  end(): void {
    for (const [id, open] of this.#open) this.#forget(id, open);
  }

  #forget(id: string, open: Open): void {
    open.dropped = true;
    open.answer?.cut();
    this.#open.delete(id);
  }

  async #perform(id: string, frame: Record<string, unknown>, credentials: Credentials, open: Open): Promise<void> {
    try {
      open.answer = await this.parts.actions.perform(frame, credentials);
      if (open.dropped) open.answer.cut();
      else await this.#hand(id, open, open.answer);
    } catch (error) {
      open.answer?.cut();
      const refusal = toSlipwayError(error);
      if (refusal.code === 'internal' && !open.dropped) this.parts.logger.error({ err: error }, 'An action failed inside');
      if (!open.dropped) this.#refuse(id, frame, refusal);
    }
  }

  async #hand(id: string, open: Open, answer: Answer): Promise<void> {
    const { status, headers } = answer;
    const type = headers['content-type'] ?? '';
    const json = isJson(type);
    if (type !== '' && !json && !isText(type)) {
      throw new SlipwayError('wrong-content-type', `The answer is ${type}, which no frame holds; ask over REST`);
    }
    let body = '';
    for await (const text of answer.content.setEncoding('utf8') as AsyncIterable<string>) {
      if (open.dropped) return;
      if (!json) await this.parts.outlet.deliver(JSON.stringify({ type: 'part', id, text } satisfies ServerFrame));
      else if ((body += text).length > LARGEST_ANSWER) {
        throw new SlipwayError('too-large', `The answer is larger than 8 MiB; ask for less, or over REST`);
      }
    }
    if (!open.dropped) await this.parts.outlet.deliver(answerFrame(id, status, headers, body));
  }

  #refuse(id: string, frame: Record<string, unknown>, error: SlipwayError): void {
    const given = frame['headers'] as Record<string, unknown> | null | undefined;
    const named = Object.entries(given ?? {}).find(([name]) => name.toLowerCase() === 'x-request-id')?.[1];
    const { correlationId } = contextOfCall(typeof named === 'string' ? { 'x-request-id': named } : {});
    const problem = problemOf(error, correlationId);
    const { status } = problem;
    this.parts.logger.info({ correlationId, status, code: error.code }, 'call over the WebSocket refused');
    const headers = Object.entries(problemHeaders(problem)).map(([name, value]) => [name.toLowerCase(), value]);
    const frameOf = answerFrame(id, status, Object.fromEntries(headers) as Record<string, string>, JSON.stringify(problem));
    this.parts.outlet.answer(frameOf);
  }
}

/** @param sent headers in lower case @param body JSON already, or empty */
function answerFrame(id: string, status: number, sent: Record<string, string>, body: string): string {
  const headers = Object.fromEntries(
    READABLE.flatMap((name) => (sent[name.toLowerCase()] === undefined ? [] : [[name, sent[name.toLowerCase()]]])),
  );
  const head = JSON.stringify({ type: 'answer', id, status, headers });
  return body === '' ? head : `${head.slice(0, -1)},"body":${body}}`;
}
