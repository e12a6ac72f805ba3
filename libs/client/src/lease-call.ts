import type { CallLines, Problem } from '@slipway/contracts/public';
import { ApiError } from './errors.js';
import type { Http } from './http.js';
import { part } from './rows.js';

/** A lease, and the acquisition of it that is meant. */
export interface Holding {
  id: string;
  token: number;
}

export interface CallOptions {
  /** Lines of the program as they come. */
  onLine?(line: string, from: 'stdout' | 'stderr'): void;
  /** The same, many at once where they come quickly. Until what it returns is fulfilled no more is read: the program waits. */
  onLines?(lines: readonly string[], from: 'stdout' | 'stderr'): void | Promise<void>;
  /** Ends the call, and what it has started. */
  signal?: AbortSignal;
}

type Told = CallLines | { result: unknown } | { error: Problem };

/** Calls a method of an interface on a lease. Throws {@link ApiError}, and `NotReachable` where its answer broke off. */
export async function callInterface<Result>(
  http: Http,
  { id, token }: Holding,
  name: string,
  method: string,
  given: object,
  { onLine, onLines, signal }: CallOptions,
): Promise<Result> {
  // Line by line also for who wants no lines: an answer that says nothing for minutes is cut off on its way.
  const response = await http.call('POST', `/leases/${part(id)}/interfaces/${part(name)}/${part(method)}`, {
    body: given,
    headers: { 'Slipway-Lease-Token': String(token), Accept: 'application/x-ndjson' },
    ...(signal && { signal }),
  });
  try {
    for await (const line of linesOf(response.body as ReadableStream<Uint8Array>)) {
      const told = JSON.parse(line) as Told;
      if ('result' in told) return told.result as Result;
      if ('error' in told) throw new ApiError(told.error);
      if (told.from === 'alive') continue;
      if (onLine) for (const said of told.lines) onLine(said, told.from);
      if (onLines) await orAborted(onLines(told.lines, told.from), signal);
    }
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw http.unreachable(error);
  }
  throw http.unreachable(new Error(`${name}.${method} broke off`));
}

/** What the listener has taken. Whoever ends the call is not held up by a listener that takes nothing. */
async function orAborted(taken: void | Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return taken;
  let end = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  await Promise.race([taken, aborted]).finally(() => signal.removeEventListener('abort', end));
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>;
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
