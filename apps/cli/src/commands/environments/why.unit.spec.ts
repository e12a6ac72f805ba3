import { expect, test } from '@jest/globals';
import type { InstalledView, WhyItem, WhyRequest } from '@slipway/contracts/http';
import { inWords } from './why.js';

const at = '2026-11-22T05:00:00.000Z';
const resource: InstalledView = {
  ...{ environment: 'default', key: 'storage/pg-volume', kind: 'storage', name: 'pg-volume', generation: 1 },
  ...{ definition: { name: 'volume', version: '1.0.0', hash: 'h' }, driver: 'd', location: 'here', guestLocation: 'local' },
  ...{ owner: { id: 'ada', type: 'user' }, madeBy: 'r1', requestId: 'r1', installedAt: at, updatedAt: at, position: 'p' },
};
const request = (id: string, instanceId: string): WhyRequest => ({
  ...{ id, job: 'provision', instanceId, definition: 'app@^1.0.0', acceptedAt: at },
  ...{ owner: { id: 'ada', type: 'user' }, actor: { id: 'operator', type: 'user' } },
});
const volume = { from: 'database/pg', requirement: 'volume', to: 'storage/pg-volume' };
const item: WhyItem = {
  resource,
  madeBy: request('r1', 'shop'),
  chains: [
    {
      ...{ root: 'instance/shop', instanceId: 'shop', request: request('r1', 'shop') },
      links: [
        {
          ...{ from: 'instance/shop', requirement: 'stack-db', to: 'database/pg' },
          need: {
            name: 'stack-db',
            namespace: 'slipway.identity',
            attributes: { name: 'pg' },
            range: '^1.0.0',
            through: ['stack@1.0.0'],
          },
        },
        { ...volume, need: { name: 'volume', namespace: 'storage', filter: '(fast=true)' } },
      ],
    },
    { root: 'database/pg', instanceId: 'pg', links: [volume] },
  ],
  neededBy: { directly: [{ key: 'database/pg', requirement: 'volume' }], further: ['instance/shop'] },
};
const view = { environment: 'default', what: 'pg-volume', position: 'p' };

test('says who asked, by which requirements that leads to it, and who needs it', () => {
  expect(inWords({ ...view, items: [item] })).toBe(
    `storage/pg-volume (volume@1.0.0), shared by all, is there since 2026-11-22 05:00:00.
It was made by request r1: provision app@^1.0.0 as shop for ada, asked by operator at 2026-11-22 05:00:00.

It is there for 2 reasons:
  instance/shop (provision app@^1.0.0 as shop for ada, asked by operator at 2026-11-22 05:00:00)
    needs stack-db: pg@^1.0.0, through stack@1.0.0 → database/pg
      needs volume: storage (fast=true) → storage/pg-volume
  database/pg (pg was asked for, by a request that is not kept)
    needs volume → storage/pg-volume

It is needed by database/pg (as volume); through these by instance/shop.`,
  );
});

test('of what was asked for itself, and of more than is told', () => {
  const shop = { ...resource, key: 'instance/shop', instanceId: 'shop' };
  const chains = [{ root: 'instance/shop', instanceId: 'shop', request: request('r1', 'shop'), links: [] }];
  const alone: WhyItem = { resource: shop, chains, neededBy: { directly: [], further: [] }, more: true };
  expect(inWords({ ...view, items: [alone], more: true })).toBe(
    `instance/shop (volume@1.0.0), made for shop, is there since 2026-11-22 05:00:00.

It is there because:
  provision app@^1.0.0 as shop for ada, asked by operator at 2026-11-22 05:00:00

Nothing needs it.
There is more than is told here.

And more: ask for one of them by its key (npx slipway environments resources).`,
  );
});
