import { randomFillSync } from 'node:crypto';

/** W3C Trace Context §3.2: `version-traceid-parentid-flags`, neither id all zeros. */
export const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

// One call into the kernel per some hundred ids: a span is made for every message.
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** A new trace with its first span. Sampled: what records it decides what to keep. */
export const newTrace = (): string => `00-${randomHex(16)}-${randomHex(8)}-01`;

/** The next span of the same trace; a new trace when there is none, or it is not sane. */
export const nextSpan = (trace: string | undefined): string =>
  trace !== undefined && TRACEPARENT.test(trace) ? `${trace.slice(0, 36)}${randomHex(8)}${trace.slice(52)}` : newTrace();
