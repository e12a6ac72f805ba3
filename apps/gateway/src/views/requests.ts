import { JOBS, idOf, type Plan } from '@slipway/contracts';
import { REQUEST_STATUSES, type RequestView } from '@slipway/contracts/http';
import type { Projection } from '@slipway/event-store/read-models';
import { evolveRequest } from './fold-request.js';

export { foldRequest } from './fold-request.js';

/** A request without its plan, which stands in a model of its own: it never changes, and a row has many versions. */
type RequestRow = Omit<RequestView, 'plan'>;

export const requests: Projection<RequestRow> = {
  name: 'requests',
  version: 3,
  categories: ['request'],
  fields: {
    instanceId: { of: (row) => row.instanceId, filter: 'indexed', sort: true },
    ownerId: { of: (row) => row.owner.id, filter: 'indexed' },
    status: { of: (row) => row.status, filter: 'indexed', values: REQUEST_STATUSES },
    definition: { of: (row) => row.definition, filter: 'checked' },
    environment: { of: (row) => row.environment, filter: 'checked' },
    job: { of: (row) => row.job, filter: 'checked', values: JOBS },
    acceptedAt: { of: (row) => row.acceptedAt, sort: true },
    updatedAt: { of: (row) => row.updatedAt, sort: true },
    priority: { of: (row) => row.priority, sort: true },
  },
  defaultSort: '-acceptedAt',
  project(model, event) {
    const id = idOf(event.stream);
    const view = evolveRequest(model.get(id), event);
    if (!view) return [];
    return [{ id, row: view.plan ? { ...view, plan: undefined } : view }];
  },
};

/** The newest plan of each request that has one inline. Shown with the request, not by itself. */
export const plans: Projection<Plan> = {
  name: 'plans',
  version: 1,
  categories: ['request'],
  fields: {},
  defaultSort: 'id',
  project(model, { type, stream, data }) {
    const id = idOf(stream);
    switch (type) {
      case 'PlanMade':
        return [{ id, row: (data.plan as unknown as Plan | undefined) ?? null }];
      case 'AttentionNeeded':
        return [{ note: id, value: true }];
      case 'CancelRequested':
        return [{ note: id, value: null }];
      case 'RequestRetried':
        // It goes on with its plan where attention was needed, and makes a new one where the request had ended.
        return model.note(id) ? [{ note: id, value: null }] : [{ id, row: null }];
      default:
        return [];
    }
  },
};
