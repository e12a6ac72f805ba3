import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:http';
import { SlipwayError } from '@slipway/contracts';
import type { TlsConfig } from '@slipway/mesh';

/**
 * How Fastify listens: HTTP, or with a certificate HTTPS that speaks HTTP/2 with who can, and HTTP/1.1 with the rest (and
 * with every WebSocket). Throws `config-invalid` naming the file that cannot be read.
 */
export function transport(tls: TlsConfig | undefined, http1: ServerOptions) {
  if (!tls) return { http: http1 };
  const certificate = { cert: pem(tls.certFile, 'certFile'), key: pem(tls.keyFile, 'keyFile') };
  return { http2: true, https: { allowHTTP1: true, ...certificate, ...http1 } } as const;
}

function pem(file: string, name: keyof TlsConfig): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const field = `gateway.tls.${name}`;
    throw new SlipwayError('config-invalid', `${field} cannot be read: ${(error as Error).message}`, { field });
  }
}
