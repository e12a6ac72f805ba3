import { SERVICES, type ServiceName } from '@slipway/contracts';
import type { ServiceDefinition } from '@slipway/mesh';

/** Where each service is imported from: only what a process hosts is loaded. */
const LOADERS: Record<ServiceName, () => Promise<{ service: ServiceDefinition }>> = {
  gateway: () => import('@slipway/gateway'),
  orchestrator: () => import('@slipway/orchestrator'),
  resolver: () => import('@slipway/resolver'),
  storage: () => import('@slipway/storage'),
  database: () => import('@slipway/database'),
  instance: () => import('@slipway/instance'),
  handlers: () => import('@slipway/handlers'),
  allocator: () => import('@slipway/allocator'),
};

/** Loads services by name, in the order in which they are to start. */
export async function loadServices(names: readonly ServiceName[]): Promise<ServiceDefinition[]> {
  const unknown = names.filter((name) => !SERVICES.includes(name));
  if (unknown.length) throw new Error(`There is no service ${unknown.join(', ')}; there are ${SERVICES.join(', ')}.`);
  return Promise.all(names.map(async (name) => (await LOADERS[name]()).service));
}
