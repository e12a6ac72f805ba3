import { ENDED, type StepProgress } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import type { SlipwayClient } from './client.js';

export interface WaitOptions {
  /** In milliseconds; without it as long as it takes. */
  timeoutMs?: number;
  /** Told the request whenever it has changed. */
  onUpdate?(request: RequestView): void;
  onProgress?(progress: StepProgress): void;
  signal?: AbortSignal;
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

/** Nothing goes on by itself any more: it has ended, or a person is needed. */
const isSettled = (request: RequestView): boolean => ENDED.includes(request.status) || request.status === 'attention';

/** Follows one request over the WebSocket, looking at it anew after each of its events. */
export async function waitForRequest(client: SlipwayClient, requestId: string, options: WaitOptions = {}): Promise<RequestView> {
  let request = await client.requests.get(requestId);
  options.onUpdate?.(request);
  if (isSettled(request)) return request;
  const ended = new AbortController();
  const stop = () => ended.abort();
  options.signal?.addEventListener('abort', stop);
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
  try {
    for await (const frame of client.live.follow({
      filter: { request: requestId },
      from: request.position,
      signal: ended.signal,
    })) {
      if (frame.type === 'progress') options.onProgress?.(frame.progress);
      if (frame.type !== 'caught-up' || frame.position <= request.position) continue;
      const now = await client.requests.get(requestId);
      if (now.position === request.position) continue;
      request = now;
      options.onUpdate?.(request);
      if (isSettled(request)) return request;
    }
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
  throw new WaitTimedOut(request, options.timeoutMs ?? 0);
}
