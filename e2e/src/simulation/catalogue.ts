import { Catalogue } from '@slipway/solver';

/** What the simulated mesh can provision: as the samples are, without what only real processes need. */
export const catalogue = new Catalogue([
  { name: 'volume', version: '1.0.0', type: 'storage', capabilities: [{ namespace: 'storage' }] },
  { name: 'sqlite', version: '1.0.0', type: 'database', capabilities: [{ namespace: 'database' }] },
  {
    name: 'guestbook',
    version: '1.0.0',
    type: 'instance',
    requirements: [
      { namespace: 'storage', name: 'data' },
      { namespace: 'database', name: 'db' },
    ],
    spec: { command: ['node', 'server.mjs'] },
  },
  {
    name: 'guestbook',
    version: '1.1.0-next',
    type: 'instance',
    requirements: [
      { namespace: 'storage', name: 'data', spec: { sizeLimit: '1GiB' } },
      { namespace: 'database', name: 'db' },
    ],
    spec: { command: ['node', 'next.mjs'] },
  },
  { name: 'pg', version: '1.0.0', type: 'database', shared: true },
  { name: 'cellar', version: '1.0.0', type: 'storage', shared: true },
  { name: 'cellar', version: '2.0.0', type: 'storage', shared: true, spec: { sizeLimit: '1GiB' } },
  { name: 'stall', version: '1.0.0', type: 'instance', dependencies: ['cellar'], spec: { command: ['node', 'stall.mjs'] } },
  { name: 'market', version: '1.0.0', type: 'instance', dependencies: ['cellar@^2'], spec: { command: ['node', 'market.mjs'] } },
  { name: 'forum', version: '1.0.0', type: 'instance', dependencies: ['pg'], spec: { command: ['node', 'forum.mjs'] } },
]);
