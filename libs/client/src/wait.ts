import { ENDED, type RequestView, type StepProgress } from '@slipway/contracts/public';
import { ApiError, NotReachable } from './errors.js';
import type { Live } from './live.js';
import { pause } from './pause.js';

export interface WaitOptions {
  /** In milliseconds; without it as long as it takes. */
  timeoutMs?: number;
  /** Told the request whenever it has changed. */
  onUpdate?(request: RequestView): void;
  onProgress?(progress: StepProgress): void;
  /** Ends the waiting with its reason. */
  signal?: AbortSignal;
}

/** The part of the client that waiting needs. */
interface Watched {
  requests: { get(id: string, options?: { atLeast?: string }): Promise<RequestView> };
  live: Pick<Live, 'follow'>;
}

/** The time that was given is over; the request goes on. */
export class WaitTimedOut extends Error {
  override readonly name = 'WaitTimedOut';
  constructor(
    readonly request: RequestView,
    timeoutMs: number,
  ) {
    super(`Request ${request.id} is still ${request.status} after ${timeoutMs / 1000} s`);
  }
}

/** Before it is tried again when the gateway has gone away. */
const AWAY_PAUSE_MS = 300;

/** Nothing goes on by itself any more: it has ended, or a person is needed. */
const isSettled = (request: RequestView): boolean => ENDED.includes(request.status) || request.status === 'attention';

/** What passes by itself: the gateway is away for a moment, or waits for something that is. */
export const passes = (error: unknown): boolean =>
  error instanceof NotReachable || (error instanceof ApiError && error.problem.status === 503);

/**
 * Follows one request over the WebSocket, looking at it anew after each of its events, also over restarts of the gateway.
 * Resolves when it has ended or needs attention. Throws {@link WaitTimedOut}, the signal's reason, and what the first look throws.
 */
export async function waitForRequest(client: Watched, requestId: string, options: WaitOptions = {}): Promise<RequestView> {
  const { timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  const stop = () => over.abort();
  signal?.addEventListener('abort', stop);
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
  try {
    let request = await client.requests.get(requestId);
    options.onUpdate?.(request);
    const news = async (): Promise<void> => {
      const following = client.live.follow({ filter: { request: requestId }, from: request.position, signal: over.signal });
      for await (const frame of following) {
        if (frame.type === 'progress') options.onProgress?.(frame.progress);
        if (frame.type !== 'caught-up' || frame.position <= request.position) continue;
        // What the socket has told, the gateway's rows may not show yet.
        const now = await client.requests.get(requestId, { atLeast: frame.position });
        if (now.position === request.position) continue;
        request = now;
        options.onUpdate?.(request);
        if (isSettled(request)) return;
      }
    };
    while (!isSettled(request) && !over.signal.aborted) {
      await news().catch((error: unknown) => {
        if (!passes(error)) throw error;
        return pause(AWAY_PAUSE_MS, over.signal);
      });
    }
    if (isSettled(request)) return request;
    signal?.throwIfAborted();
    throw new WaitTimedOut(request, timeoutMs!);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
