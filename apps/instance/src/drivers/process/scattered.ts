import { createHash } from 'node:crypto';
import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { Claims, type Claimant } from './claims.js';
import type { Network } from './network.js';
import type { Range } from './settings.js';

/** Kind of claim: a port of the place's loopback. */
export const PORTS = 'ports';

/** Numbers of a range, `count` of them, one after the other from a place that the seed decides. */
export function* scattered({ from, to }: Range, seed: string, count = to - from + 1): Generator<number> {
  const size = to - from + 1;
  const first = createHash('sha256').update(seed).digest().readUInt32BE(0);
  for (let step = 0; step < count; step++) yield from + ((first + step) % size);
}

/** Claims a port of the range that nobody has and nobody listens on. Throws `no-port-free`. */
export async function takePort(
  { context, ports, network }: { context: DriverContext; ports: Range; network: Network },
  claimant: Claimant,
  staging: string,
): Promise<number> {
  const claims = new Claims(context.filesystem, context.root, PORTS);
  const candidates = scattered(ports, `${context.root} ${claimant.holder}`);
  const port = await claims.take(claimant, staging, candidates, (number) => network.free(number));
  if (port === undefined) throw new SlipwayError('no-port-free', `No port of ${ports.from}-${ports.to} is free`);
  return port;
}
