import type { ResourceKind } from '@slipway/contracts';
import type { Driver } from '../driver.js';

/** A driver that does nothing and says that it did: what remains is what the mesh itself costs. */
export const nullDriver = (kind: ResourceKind, name = 'null'): Driver => ({
  kind,
  name,
  ensure: async ({ resource }) => ({ effect: 'made', outputs: { path: `/${resource.name}` }, observed: {} }),
  inspect: async () => ({ state: 'present', observed: {} }),
  destroy: async () => 'destroyed',
  marks: async () => [],
});
