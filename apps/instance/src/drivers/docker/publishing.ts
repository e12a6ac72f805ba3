import { endpointAt } from '../../place/endpoint.js';
import type { ContainerRecord } from './record.js';

/**
 * Arguments of the client that publish a container's port where others reach it: on loopback, or on all addresses of a machine that is not
 * ours. An engine's listener takes only what comes by its own version of IP.
 */
export function publishing({
  address,
  port,
  containerPort,
}: Pick<ContainerRecord, 'address' | 'port' | 'containerPort'>): string[] {
  const { listen } = endpointAt(address === undefined ? undefined : { address });
  const on = listen === '::' ? ['0.0.0.0', '[::]'] : [listen];
  return on.flatMap((each) => ['--publish', `${each}:${port}:${containerPort}`]);
}
