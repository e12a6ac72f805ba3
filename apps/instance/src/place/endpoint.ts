import type { OtherMachine } from '@slipway/provisioner';
import { HOST } from './network.js';

/** How an app is reached: by those who are wired to it, and for that by itself. */
export interface Endpoint {
  /** Where it must listen (`${host}`). */
  listen: string;
  /** By which others reach it, a name or an IP address. */
  address: string;
}

const LOOPBACK = [HOST, 'localhost'];

/**
 * On this machine all is on loopback. What runs at another one is wired to what runs elsewhere: it listens on all of that machine's
 * addresses, of which one may be none that it knows (behind address translation), and on loopback, where we ask how it is. Where others
 * are said to reach it by loopback it is for those who are there too, and listens nowhere else.
 */
export function endpointAt(machine: Pick<OtherMachine, 'address'> | undefined): Endpoint {
  if (!machine) return { listen: HOST, address: HOST };
  const { address } = machine;
  if (LOOPBACK.includes(address)) return { listen: HOST, address };
  // `::` takes what comes by IPv4 too (ipv6(7), bindv6only).
  return { listen: address.includes(':') ? '::' : '0.0.0.0', address };
}

/** Of what listens at an address and a port. */
export const urlOf = (address: string, port: number): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
