import type { ActionFrame } from '@slipway/contracts';
import { SlipwayError } from '@slipway/contracts';
import { badInput, type FieldError } from '@slipway/mesh';
import type { Operation } from './operations.js';

/** A call of the REST interface. */
export interface InjectedCall {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload?: string;
}

const MEMBERS = ['id', 'action', 'body', 'headers'];
const HEADER = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,4096}$/;
const MOST_HEADERS = 32;
/** What the connection itself says, or the frame. */
const NOT_ITS_OWN =
  /^(authorization|cookie|host|origin|connection|upgrade|te|expect|transfer-encoding|content-.*|proxy-.*|sec-.*)$/i;
/** What is no segment of a path: it would name another one (RFC 3986 §5.2.4), or none, or can't be written as UTF-8. */
const NO_SEGMENT = /^\.{0,2}$|\p{Surrogate}/u;

/** Whether content of that kind (a media type) fits into frames: JSON in one, text in parts. */
export const isJson = (type: string): boolean => /^application\/([a-z0-9.-]+\+)?json\b/i.test(type);
export const isText = (type: string): boolean => /^(text\/|application\/x-ndjson\b)/i.test(type);

/**
 * An action's frame as the call of its operation: parameters of its path and query go where they belong, the rest is the body, or
 * of an operation without one the query, where the handler refuses what it does not know. Throws `bad-input`, or
 * `wrong-content-type` where what comes in or goes out is neither JSON nor text.
 */
export function asCall(operation: Operation, frame: Partial<Record<keyof ActionFrame, unknown>>): InjectedCall {
  const unknown = Object.keys(frame).filter((name) => !MEMBERS.includes(name));
  if (unknown.length > 0)
    throw badInput(unknown.map((field) => ({ field, reason: `is not known; there are ${MEMBERS.join(', ')}` })));
  const { method, path, pathParameters, queryParameters, takes } = operation;
  refuseOtherKinds(frame.action as string, operation);
  const headers = headersOf(frame.headers);
  const fields = Object.entries(objectOf('body', frame.body));
  const inQuery = (name: string) => takes.length === 0 || queryParameters.includes(name);

  const segments = new Map<string, string>();
  const query = new URLSearchParams();
  const body: [string, unknown][] = [];
  const faults: FieldError[] = [];
  for (const [name, value] of fields) {
    const texts = [value].flat();
    if (pathParameters.includes(name)) {
      if (isPlain(value) && !NO_SEGMENT.test(String(value))) segments.set(name, encodeURIComponent(String(value)));
      else faults.push({ field: name, reason: 'must be a text, neither empty nor dots alone, in whole characters' });
    } else if (!inQuery(name)) body.push([name, value]);
    else if (texts.every(isPlain)) for (const text of texts) query.append(name, String(text));
    else faults.push({ field: name, reason: 'must be a text, or several' });
  }
  for (const name of pathParameters.filter((one) => !fields.some(([field]) => field === one))) {
    faults.push({ field: name, reason: 'is missing' });
  }
  if (faults.length > 0) throw badInput(faults);
  const url = path.replace(/\{(\w+)\}/g, (_whole, name: string) => segments.get(name)!);
  return {
    method,
    url: query.size > 0 ? `${url}?${query.toString()}` : url,
    headers: takes.length > 0 ? { ...headers, 'content-type': 'application/json' } : headers,
    // A key such as `__proto__` stays one, so that it is refused as it is over REST.
    ...(takes.length > 0 && { payload: JSON.stringify(Object.fromEntries(body)) }),
  };
}

function refuseOtherKinds(action: string, { method, path, takes, gives }: Operation): void {
  const other = takes.find((type) => !isJson(type)) ?? gives.find((type) => !isJson(type) && !isText(type));
  if (other === undefined) return;
  throw new SlipwayError(
    'wrong-content-type',
    `${action} deals in ${other}, which no frame holds; call ${method} ${path} instead`,
  );
}

function headersOf(given: unknown): Record<string, string> {
  const headers = Object.entries(objectOf('headers', given));
  if (headers.length > MOST_HEADERS) throw badInput([{ field: 'headers', reason: `must be at most ${MOST_HEADERS}` }]);
  const faults = headers.flatMap(([field, value]) => {
    if (!HEADER.test(field)) return { field: 'headers', reason: 'must be named by letters, digits and hyphens' };
    if (NOT_ITS_OWN.test(field)) return { field, reason: "is the connection's, and no frame's" };
    return typeof value === 'string' && HEADER_VALUE.test(value) ? [] : { field, reason: 'must be printable ASCII characters' };
  });
  if (faults.length > 0) throw badInput(faults);
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value as string]));
}

function objectOf(field: string, value: unknown): object {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw badInput([{ field, reason: 'must be a JSON object' }]);
  }
  return value;
}

const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
