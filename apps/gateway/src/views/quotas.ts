import { idOf, instant, type AllocationEvent } from '@slipway/contracts';
import type { QuotaView } from '@slipway/contracts/http';
import type { Projection } from '@slipway/event-store/read-models';

/** How many leases somebody may have at once. */
export const quotas: Projection<QuotaView> = {
  name: 'quotas',
  version: 1,
  categories: ['allocation'],
  fields: {
    ownerId: { of: (row) => row.owner.id, filter: 'indexed', sort: true },
    type: { of: (row) => row.type, filter: 'checked' },
    environment: { of: (row) => row.environment, filter: 'checked' },
  },
  defaultSort: 'ownerId',
  project(_model, { type: told, data, stream, position }) {
    if (told !== 'QuotaSet') return [];
    const { owner, leaseType, most, actor, at } = data as unknown as Extract<AllocationEvent, { type: 'QuotaSet' }>['data'];
    const environment = idOf(stream);
    const type = leaseType === undefined ? {} : { type: leaseType };
    const id = `${environment}.${owner.type}/${owner.id}.${leaseType ?? '*'}`;
    const row = most === null ? null : { id, environment, owner, ...type, most, actor, setAt: instant(at), position };
    return [{ id, row }];
  },
};
