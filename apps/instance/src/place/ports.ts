import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { Claims, type Claimant } from './claims.js';
import type { Network } from './network.js';
import { scattered, type Range } from './ranges.js';

/**
 * The "bad ports" of the Fetch standard (section 2.9, Port blocking) from 1024 up: browsers and `fetch` refuse to ask
 * what listens there, so no instance gets one, whatever the range.
 */
const BAD_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Claims a port of the range that nobody has, nobody listens on and no browser refuses. Throws `no-port-free`. */
export async function takePort(
  { context, ports, network }: { context: DriverContext; ports: Range; network: Network },
  claimant: Claimant,
  staging: string,
): Promise<number> {
  const claims = new Claims(context.filesystem, context.root, 'ports');
  const candidates = scattered(ports, `${context.root} ${claimant.holder}`);
  const usable = async (port: number) => !BAD_PORTS.has(port) && network.free(port);
  const port = await claims.take(claimant, staging, candidates, usable);
  if (port === undefined) throw new SlipwayError('no-port-free', `No port of ${ports.from}-${ports.to} is free`);
  return port;
}
