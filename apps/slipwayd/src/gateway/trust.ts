import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/** How long a handshake may take, in ms. */
const HANDSHAKE_MS = 5_000;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** From now on this process trusts certificates of our own (PEM) beside the CAs that it trusts already. */
export function trust(certFile: string): void {
  const own = readFileSync(certFile, 'utf8').match(CERTIFICATE) ?? [];
  // Node 24.0 to 24.4 can't yet: there `distrust` finds it, and the way out works.
  tls.setDefaultCACertificates?.([...tls.getCACertificates('default'), ...own]);
}

/** Why this process does not trust what serves at an address, such as a CA that it does not know; `null` when it does. */
export async function distrust(url: string): Promise<string | null> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // Nothing is sent: it is only looked at.
  const socket = tls.connect({ host, port: Number(port || 443), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HANDSHAKE_MS) });
    return socket.authorized ? null : String(socket.authorizationError);
  } finally {
    socket.destroy();
  }
}
