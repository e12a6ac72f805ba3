import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HTTP_HEADERS, LOG_TOKEN, REQUEST_ID, type Actor, type RequestContext } from '@slipway/contracts';
import { badInput, nextSpan } from '@slipway/mesh';

/** Before it is known who calls: what may be reached without a key is done in nobody's name. */
const NOBODY: Actor = Object.freeze({ id: 'nobody', type: 'system' });

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** A call's context: its id is the caller's `X-Request-Id` if that is sane, else made; its trace goes on from the caller's. */
export function contextOfCall(headers: IncomingHttpHeaders): RequestContext {
  const id = single(headers[HTTP_HEADERS.correlationId.toLowerCase()]);
  return {
    correlationId: id !== undefined && REQUEST_ID.test(id) ? id : randomUUID(),
    actor: NOBODY,
    trace: nextSpan(single(headers['traceparent'])),
  };
}

/** The caller's own token (`X-Log-Token`), if he sends one. Throws `bad-input`. */
export function logTokenOf(headers: IncomingHttpHeaders): string | undefined {
  const token = single(headers[HTTP_HEADERS.logToken.toLowerCase()]);
  if (token !== undefined && !LOG_TOKEN.test(token)) {
    throw badInput([{ field: HTTP_HEADERS.logToken, reason: 'must be 1 to 128 printable ASCII characters' }]);
  }
  return token;
}
