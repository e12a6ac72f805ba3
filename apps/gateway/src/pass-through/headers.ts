import type { IncomingHttpHeaders } from 'node:http';
import type { RequestContext } from '@slipway/contracts';
import { confinedCookie, shownReference, type Shown } from './shown.js';

/** Those that hold for one connection only (RFC 9110 §7.6.1), and what belongs to a proxy's own door (§11.7). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the caller says to the gateway, or what the gateway says itself: nothing of it is passed on as it came. */
const OURS = new Set([
  'authorization',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'slipway-at-least',
  'traceparent',
  'via',
  'x-log-token',
  'x-real-ip',
  'x-request-id',
]);

const NONE: ReadonlySet<string> = new Set();

/** Header fields that `Connection` names hold for one connection too. */
function namedBy(connection: string | string[] | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  const names = String(connection).toLowerCase().split(',');
  return new Set(names.map((name) => name.trim()));
}

/** What is known of who calls. */
export interface Caller {
  /** Address of the socket. */
  address: string | undefined;
  /** As the caller called us. */
  host: string;
  proto: 'http' | 'https';
  /** The path that stands for the instance's resource. */
  prefix: string;
  context: RequestContext;
}

/** Headers of a call as they go on to the instance (RFC 9110 §7.6, RFC 7239). Who called is said by us alone. */
export function headersToInstance(
  headers: IncomingHttpHeaders,
  { address = 'unknown', host, proto, prefix, context }: Caller,
): Record<string, string | string[]> {
  const named = namedBy(headers.connection);
  const passed: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':') || HOP_BY_HOP.has(name) || OURS.has(name) || named.has(name)) continue;
    if (!name.startsWith('x-forwarded-')) passed[name] = value;
  }
  const node = address.includes(':') ? `"[${address}]"` : address;
  passed['forwarded'] = `for=${node};host="${host}";proto=${proto}`;
  passed['x-forwarded-for'] = address;
  passed['x-forwarded-host'] = host;
  passed['x-forwarded-proto'] = proto;
  passed['x-forwarded-prefix'] = prefix;
  passed['x-request-id'] = context.correlationId;
  if (context.trace !== undefined) passed['traceparent'] = context.trace;
  return passed;
}

/** What the gateway itself says in every answer. */
const SAID = new Set(['x-request-id', 'x-content-type-options']);

/** What refers to something, which the caller finds at another place than the instance itself. */
const REFERENCES = new Set(['location', 'content-location']);

/**
 * Headers of an instance's answer as they go back to the caller: what it refers to as the caller finds it, and its cookies for it
 * alone. Whose pages may read it is the gateway's to say.
 */
export function headersToCaller(headers: IncomingHttpHeaders, shown: Shown): Record<string, string | string[]> {
  const named = namedBy(headers.connection);
  const passed: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || SAID.has(name) || named.has(name)) continue;
    if (name.startsWith('access-control-')) continue;
    if (REFERENCES.has(name)) passed[name] = shownReference(String(value), shown);
    else if (name === 'set-cookie') passed[name] = [value].flat().map((cookie) => confinedCookie(cookie, shown));
    else passed[name] = value;
  }
  return passed;
}
