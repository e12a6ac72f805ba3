import { randomUUID } from 'node:crypto';
import { MsgHdrsImpl, headers, type MsgHdrs } from '@nats-io/transport-node';
import {
  ERRORS,
  HEADERS,
  LOG_TOKEN,
  OWNER_ID,
  OWNER_TYPES,
  REQUEST_ID,
  SlipwayError,
  badInput,
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

/** The context as headers, with the deadline of this one call. Throws when a value has a line break. */
export function encodeContext(context: RequestContext, deadline?: number): MsgHdrs {
  const { correlationId, requestId, causationId, logToken, trace, actor } = context;
  const record: Record<string, string> = {
    [HEADERS.correlationId]: correlationId,
    [HEADERS.actor]: `${actor.type}:${actor.id}`,
  };
  if (requestId !== undefined) record[HEADERS.requestId] = requestId;
  if (causationId !== undefined) record[HEADERS.causationId] = causationId;
  if (logToken !== undefined) record[HEADERS.logToken] = logToken;
  if (trace !== undefined) record[HEADERS.trace] = trace;
  if (deadline !== undefined) record[HEADERS.deadline] = String(deadline);
  for (const name in record) {
    if (LINE_BREAK.test(record[name]!)) throw badInput([{ field: name, reason: 'has a line break' }]);
  }
  // Checked above, all at once: its own way of setting a header looks through all the others for each.
  return MsgHdrsImpl.fromRecord(record as unknown as Record<string, string[]>);
}

const LINE_BREAK = /[\r\n]/;

/**
 * The context of a message that has come in, with a span of its own. What is missing or not sane is left out or made:
 * a plugin in another language need not send any header.
 */
export function decodeContext(received: MsgHdrs | undefined): RequestContext {
  const found: Record<string, string | undefined> = {};
  if (received) for (const [name, values] of received) found[name] = values[0];
  const context: RequestContext = {
    correlationId: sane(found[HEADERS.correlationId], REQUEST_ID) ?? randomUUID(),
    actor: actorOf(found[HEADERS.actor]),
    trace: nextSpan(found[HEADERS.trace]),
  };
  const requestId = sane(found[HEADERS.requestId], REQUEST_ID);
  if (requestId !== undefined) context.requestId = requestId;
  const causationId = sane(found[HEADERS.causationId], REQUEST_ID);
  if (causationId !== undefined) context.causationId = causationId;
  const logToken = sane(found[HEADERS.logToken], LOG_TOKEN);
  if (logToken !== undefined) context.logToken = logToken;
  const deadline = Number(found[HEADERS.deadline]);
  if (deadline > 0) context.deadline = deadline;
  return context;
}

const sane = (value: string | undefined, form: RegExp): string | undefined =>
  value !== undefined && form.test(value) ? value : undefined;

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
