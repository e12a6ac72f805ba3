import { randomUUID } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import {
  ERRORS,
  HEADERS,
  LOG_TOKEN,
  OWNER_ID,
  OWNER_TYPES,
  REQUEST_ID,
  SlipwayError,
  isErrorCode,
  type Actor,
  type Cause,
  type JsonObject,
  type RequestContext,
} from '@slipway/contracts';
import { nextSpan } from '../context/trace.js';

/** Largest body of a message, in bytes. */
export const MAX_MESSAGE = 512 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A body as it goes over the wire: bare JSON; nothing is `null`. Throws `too-large`. */
export function encodeBody(body: unknown): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(body ?? null));
  if (bytes.length > MAX_MESSAGE) {
    throw new SlipwayError('too-large', `The message has ${bytes.length} bytes; ${MAX_MESSAGE} are allowed`, {
      bytes: bytes.length,
      limit: MAX_MESSAGE,
    });
  }
  return bytes;
}

/** The inverse of {@link encodeBody}; an empty body is `null`. Throws `message-malformed`. */
export function decodeBody(data: Uint8Array): unknown {
  if (data.length === 0) return null;
  try {
    return JSON.parse(decoder.decode(data));
  } catch (error) {
    throw new SlipwayError('message-malformed', `The message is not JSON: ${(error as Error).message}`);
  }
}

/** The context as headers, with the deadline of this one call. */
export function encodeContext(context: RequestContext, deadline?: number): MsgHdrs {
  const result = headers();
  result.append(HEADERS.correlationId, context.correlationId);
  result.append(HEADERS.actor, `${context.actor.type}:${context.actor.id}`);
  if (context.requestId !== undefined) result.append(HEADERS.requestId, context.requestId);
  if (context.logToken !== undefined) result.append(HEADERS.logToken, context.logToken);
  if (context.trace !== undefined) result.append(HEADERS.trace, context.trace);
  if (deadline !== undefined) result.append(HEADERS.deadline, String(deadline));
  return result;
}

/**
 * The context of a message that has come in, with a span of its own. What is missing or not sane is left out or made:
 * a plugin in another language need not send any header.
 */
export function decodeContext(received: MsgHdrs | undefined): RequestContext {
  const found: Record<string, string> = {};
  if (received) for (const [name, values] of received) found[name] = values[0]!;
  const sane = (value: string | undefined, form: RegExp) => (value !== undefined && form.test(value) ? value : undefined);
  const requestId = sane(found[HEADERS.requestId], REQUEST_ID);
  const logToken = sane(found[HEADERS.logToken], LOG_TOKEN);
  const deadline = Number(found[HEADERS.deadline]);
  return {
    correlationId: sane(found[HEADERS.correlationId], REQUEST_ID) ?? randomUUID(),
    actor: actorOf(found[HEADERS.actor]),
    trace: nextSpan(found[HEADERS.trace]),
    ...(requestId !== undefined && { requestId }),
    ...(logToken !== undefined && { logToken }),
    ...(deadline > 0 && { deadline }),
  };
}

const ACTOR_TYPES: readonly string[] = [...OWNER_TYPES, 'system'];

/** `<type>:<id>`. Who does not say who he is, is an unknown service. */
function actorOf(value: string | undefined): Actor {
  const colon = value?.indexOf(':') ?? -1;
  if (value !== undefined && colon > 0) {
    const type = value.slice(0, colon);
    const id = value.slice(colon + 1);
    if (ACTOR_TYPES.includes(type) && OWNER_ID.test(id)) return { id, type: type as Actor['type'] };
  }
  return { id: 'unknown', type: 'service' };
}

/** An error as a message: the {@link Cause} as body, and its code in a header. */
export function encodeError(cause: Cause): { data: Uint8Array; headers: MsgHdrs } {
  const result = headers();
  result.append(HEADERS.error, cause.code);
  return { data: encoder.encode(JSON.stringify(cause)), headers: result };
}

/** The error that an answer is, or `undefined` when it is none. A code that we do not know becomes `internal`. */
export function decodeError(received: MsgHdrs | undefined, data: Uint8Array): SlipwayError | undefined {
  const code = received?.get(HEADERS.error);
  if (!code) return undefined;
  let body: unknown;
  try {
    body = decodeBody(data);
  } catch {
    body = null;
  }
  const { message, details } = (body ?? {}) as { message?: unknown; details?: JsonObject };
  const text = typeof message === 'string' ? message : undefined;
  if (isErrorCode(code)) return new SlipwayError(code, text ?? ERRORS[code].title, details);
  return new SlipwayError('internal', `${code}: ${text ?? 'an error that this version does not know'}`, details);
}
