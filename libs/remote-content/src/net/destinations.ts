import { RemoteRefused } from '../failures.js';

export interface DestinationOptions {
  /** All that is asked for lies below it: `https://content.example/slipway/`. */
  base: string;
  /** Further hosts that it may redirect or link to: `cdn.example`, or `cdn.example:8443`. */
  hosts?: readonly string[];
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/** Where requests to one repository may go, by address; at connect time it is looked at where a name leads (`guarded-lookup.ts`). */
export class Destinations {
  readonly base: URL;
  readonly #hosts: ReadonlySet<string>;

  /** Throws `RemoteRefused` for a base that is no address of HTTP. */
  constructor({ base, hosts = [] }: DestinationOptions) {
    this.base = readUrl(base);
    if (!this.base.pathname.endsWith('/')) this.base.pathname += '/';
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /**
   * An address that was configured, linked or redirected to, where it may be asked. Throws `RemoteRefused` that names it and why: another
   * scheme, a name and password in it, a host that is not configured, a path that leads out of the base, HTTP where there was HTTPS.
   */
  at(address: string, from: URL = this.base): URL {
    const url = readUrl(address, from);
    const refuse = (reason: string): never => {
      throw new RemoteRefused(`${shownUrl(url)} is not asked: ${reason}`);
    };
    if (url.username !== '' || url.password !== '')
      refuse('an address holds no name and password; they belong in the configuration');
    if (this.base.protocol === 'https:' && url.protocol !== 'https:') refuse('it leads from https:// to http://');
    url.hash = '';
    if (this.isWithinBase(url)) return url;
    if (url.origin === this.base.origin) refuse(`it leads out of ${shownUrl(this.base)}`);
    const port = url.port || DEFAULT_PORT[url.protocol]!;
    const isNamed = this.#hosts.has(`${url.hostname}:${port}`) || (url.port === '' && this.#hosts.has(url.hostname));
    if (!isNamed) refuse(`${url.host} is not among its hosts`);
    return url;
  }

  /** Whether it is the configured place itself: credentials go nowhere else. */
  isWithinBase = (url: URL): boolean => url.origin === this.base.origin && url.pathname.startsWith(this.base.pathname);
}

function readUrl(address: string, from?: URL): URL {
  const url = URL.canParse(address, from?.href) ? new URL(address, from) : undefined;
  if (!url || !Object.hasOwn(DEFAULT_PORT, url.protocol))
    throw new RemoteRefused(
      `${JSON.stringify(address.slice(0, 200))} is not asked: it is no address that begins with https:// or http://`,
    );
  return url;
}

/** Without what may be a secret: a query, a password. */
export const shownUrl = ({ origin, pathname }: URL): string => `${origin}${pathname}`;
