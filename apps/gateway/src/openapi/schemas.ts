import { CONTENT_SCHEMAS } from './schemas/content.js';
import { EVENT_SCHEMAS } from './schemas/events.js';
import { LEASE_SCHEMAS } from './schemas/leases.js';
import { MESH_SCHEMAS } from './schemas/mesh.js';
import { DRIFT_SCHEMAS } from './schemas/drift.js';
import { PLAN_SCHEMAS } from './schemas/plans.js';
import { PROVISIONER_SCHEMAS } from './schemas/provisioners.js';
import { REQUEST_SCHEMAS } from './schemas/requests.js';
import { RESOURCE_SCHEMAS } from './schemas/resources.js';
import { SNAPSHOT_SCHEMAS } from './schemas/snapshots.js';
import type { Schema } from './schemas/schema.js';

/** Everything that answers are made of, by the name of its type in the contracts. */
export const SCHEMAS: Record<string, Schema> = {
  ...REQUEST_SCHEMAS,
  ...DRIFT_SCHEMAS,
  ...PLAN_SCHEMAS,
  ...RESOURCE_SCHEMAS,
  ...SNAPSHOT_SCHEMAS,
  ...LEASE_SCHEMAS,
  ...CONTENT_SCHEMAS,
  ...PROVISIONER_SCHEMAS,
  ...EVENT_SCHEMAS,
  ...MESH_SCHEMAS,
};
