import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { RemoteRefused } from '../failures.js';
import { reachOf } from './address.js';

/** Who finds addresses by name: the system, or a test. */
export type Lookup = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export const bySystem: Lookup = (host, done) => systemLookup(host, { all: true, verbatim: true }, done);

/** Why a host is not asked at these addresses; nothing where it may be. One that may not be is enough. */
export function refusalOf(host: string, addresses: readonly LookupAddress[], mayBePrivate: boolean): string | undefined {
  for (const { address } of addresses) {
    const reach = reachOf(address);
    if (reach === 'never') return `${host} is not asked: ${address} is no address of a repository`;
    if (reach === 'private' && !mayBePrivate)
      return `${host} is not asked: ${address} is an address of this machine or of a private network; name the host in privateHosts where that is meant`;
  }
  return undefined;
}

/**
 * Looks names up for a connection, and hands on only addresses that may be asked: the connection goes to what was looked at, so a
 * name that leads elsewhere the next time (DNS rebinding) gains nothing.
 */
export const guardedLookup =
  (lookup: Lookup, mayBePrivate: (host: string) => boolean): LookupFunction =>
  (host, options, done) =>
    lookup(host, (error, addresses) => {
      const refusal = error ? undefined : refusalOf(host, addresses, mayBePrivate(host));
      const [first] = addresses ?? [];
      if (error) done(error, '');
      else if (refusal !== undefined) done(new RemoteRefused(refusal) as NodeJS.ErrnoException, '');
      else if (!first) done(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }), '');
      else if (options.all) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
