import type { IncomingHttpHeaders } from 'node:http';
import { SlipwayError } from '@slipway/contracts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** "All addresses" is where one listens, no name that one calls. */
const WILDCARDS = ['0.0.0.0', '[::]'];
/** `name`, `name:port`, `[v6]`, `[v6]:port` (RFC 9110 §7.2). */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** What the door looks at. */
export interface Knock {
  host?: string | undefined;
  origin?: string | undefined;
}

/** What a call's headers show at the door; HTTP/2 says `:authority` for `Host` (RFC 9113 §8.3.1). */
export const knockOf = ({ [':authority']: authority, host, origin }: IncomingHttpHeaders): Knock => ({
  host: typeof authority === 'string' ? authority : host,
  origin,
});

/**
 * Lets in only calls that were meant for us: the name in `Host` must be ours (a page that had its own name point at this
 * machine, DNS rebinding, is turned away), and a browser's `Origin` too (somebody else's page, CSRF).
 */
export class Door {
  readonly #names: ReadonlySet<string>;

  /** @param host where the gateway listens @param allowed further names, from the configuration */
  constructor(host: string, allowed: readonly string[] = []) {
    const names = [...LOOPBACK, ...[host, ...allowed].map(bracketed)].map((name) => name.toLowerCase());
    this.#names = new Set(names.filter((name) => !WILDCARDS.includes(name)));
  }

  /** Throws `forbidden` naming what was wrong. */
  admit({ host, origin }: Knock): void {
    const name = HOST.exec(host ?? '')?.[1]?.toLowerCase();
    if (name === undefined || !this.#names.has(name)) {
      throw new SlipwayError('forbidden', `Host "${shown(host)}" is not a name of this gateway; add it to gateway.allowedHosts`);
    }
    if (origin !== undefined && !this.#isOurs(origin)) {
      throw new SlipwayError(
        'forbidden',
        `Origin "${shown(origin)}" may not call this gateway; add its host to gateway.allowedHosts`,
      );
    }
  }

  #isOurs(origin: string): boolean {
    if (!URL.canParse(origin)) return false;
    const { protocol, hostname } = new URL(origin);
    return (protocol === 'http:' || protocol === 'https:') && this.#names.has(hostname.toLowerCase());
  }
}

/** Whether an address of `gateway.host` can be reached from this machine only. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

/** IPv6 addresses as they stand in URLs. */
const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
const shown = (text: string | undefined): string => (text ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
