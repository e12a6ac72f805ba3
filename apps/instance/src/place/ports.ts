import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { Claims, type Claimant } from './claims.js';
import type { Network } from './network.js';
import { scattered, type Range } from './ranges.js';

/** Claims a port of the range that nobody has and nobody listens on. Throws `no-port-free`. */
export async function takePort(
  { context, ports, network }: { context: DriverContext; ports: Range; network: Network },
  claimant: Claimant,
  staging: string,
): Promise<number> {
  const claims = new Claims(context.filesystem, context.root, 'ports');
  const candidates = scattered(ports, `${context.root} ${claimant.holder}`);
  const port = await claims.take(claimant, staging, candidates, (number) => network.free(number));
  if (port === undefined) throw new SlipwayError('no-port-free', `No port of ${ports.from}-${ports.to} is free`);
  return port;
}
