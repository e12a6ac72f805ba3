import { connect, type TLSSocket } from 'node:tls';
import { SlipwayError } from '@slipway/contracts/public';

/** How a controller proves that it is the one that is meant: by its certificate itself, by a CA (PEM), or by one that this machine trusts. */
export type Trust = { fingerprint: string } | { ca: Buffer } | 'system';

/** A management controller, reached by HTTPS. */
export interface Controller {
  /** As {@link controllerUrl} has it. */
  url: string;
  trust: Trust;
}

/** The address of a controller as it is written everywhere, `https://bmc-17.example` with its port where that is another one; `undefined` for what is none. */
export function controllerUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, username, password, pathname, search, hash } = new URL(text);
  const isPlain = username === '' && password === '' && pathname === '/' && search === '' && hash === '';
  return protocol === 'https:' && isPlain ? origin : undefined;
}

/** The SHA-256 of a certificate as it is written everywhere, `SHA256:` and 64 hexadecimal digits, from that or what `openssl x509 -fingerprint -sha256` prints; `undefined` for what is none. */
export function certificateFingerprint(text: string): string | undefined {
  const [, digits] = /^(?:sha-?256(?::|\s+fingerprint=))?\s*((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})$/i.exec(text.trim()) ?? [];
  return digits && `SHA256:${digits.replaceAll(':', '').toLowerCase()}`;
}

/**
 * A connection to the controller that is meant: nothing has been sent to it. Throws `driver-failed` where none answers, `config-invalid` with
 * the fingerprint that is there where it is another one.
 */
export async function connectTo({ url, trust }: Controller, signal: AbortSignal, withinMs: number): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replaceAll(/^\[|\]$/g, '');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  limit.throwIfAborted();
  const socket = connect({
    ...{ host, port: Number(port || 443), ...(/[^0-9.:]/.test(host) && !host.includes(':') && { servername: host }) },
    ...(typeof trust === 'object' && 'ca' in trust && { ca: trust.ca }),
    // It is looked at below, before a byte is sent: a certificate that is pinned need not be trusted by anybody else.
    rejectUnauthorized: false,
  });
  const stop = () => socket.destroy(new Error(`it has not answered within ${withinMs} ms`));
  limit.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => void socket.once('secureConnect', resolve).once('error', reject));
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(url, error as Error);
  } finally {
    limit.removeEventListener('abort', stop);
  }
  // Who uses it hears of what goes wrong with it.
  socket.on('error', () => {});
  const wrong = wrongWith(socket, trust);
  if (wrong === undefined) return socket;
  const found = fingerprintOf(socket);
  socket.destroy();
  throw new SlipwayError('config-invalid', `The controller ${url} ${wrong}: it shows ${found}`, { controller: url, found });
}

/** Where a controller does not answer. */
export const unreachable = (url: string, cause: Error): SlipwayError =>
  new SlipwayError('driver-failed', `The controller ${url} cannot be reached: ${cause.message}`, { controller: url }, { cause });

function wrongWith(socket: TLSSocket, trust: Trust): string | undefined {
  if (typeof trust === 'object' && 'fingerprint' in trust)
    return fingerprintOf(socket) === trust.fingerprint ? undefined : `has another certificate than ${trust.fingerprint}`;
  if (socket.authorized) return undefined;
  return `has a certificate that is not trusted here (${String(socket.authorizationError)})`;
}

const fingerprintOf = (socket: TLSSocket): string =>
  `SHA256:${socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase()}`;
