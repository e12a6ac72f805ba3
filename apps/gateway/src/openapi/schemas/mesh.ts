import { ERRORS } from '@slipway/contracts';
import type { Info, Problem, Readiness, ViewsState } from '@slipway/contracts/http';
import { count, described, flag, json, list, object, oneOf, optional, position, text, time, type Schema } from './schema.js';

/** The mesh itself: how it is, and how it refuses. */
export const MESH_SCHEMAS: Record<string, Schema> = {
  Info: object<Info>({
    name: oneOf(['slipway']),
    version: text,
    mesh: text,
    profile: text,
    eventLog: object<Info['eventLog']>({ kind: oneOf(['sqlite', 'kurrentdb', 'memory']), logId: text, position }),
    environment: text,
    defaultDefinition: optional(text),
    clusters: described(
      { type: 'object', additionalProperties: list(text) },
      'Guest locations by cluster; a job that names none means the first of its cluster, or of `default`.',
    ),
    dataFolder: text,
    startedAt: time,
  }),
  Live: object<{ live: true }>({ live: flag }),
  Readiness: object<Readiness>({
    ready: flag,
    checks: list(object<Readiness['checks'][number]>({ name: text, ready: flag, reason: optional(text) })),
  }),
  ViewsState: object<ViewsState>({
    position,
    building: list(
      object<ViewsState['building'][number]>({
        view: text,
        live: described(flag, 'Whether there are older rows to be read meanwhile.'),
        position,
      }),
    ),
    stopped: list(object<ViewsState['stopped'][number]>({ view: text, reason: text, eventId: optional(text) })),
  }),
  Staged: object<{ staged: true; restarting: boolean; events: number; epoch: number }>({
    staged: flag,
    restarting: described(
      flag,
      'Whether the mesh starts again by itself now; else start it again to make the restore take effect.',
    ),
    events: described(count, 'Events of the restored log.'),
    epoch: described(count, 'Of the restored log: positions that were given after the backup are gone.'),
  }),
  Problem: object<Problem>({
    type: text,
    title: text,
    status: count,
    detail: text,
    code: oneOf(Object.keys(ERRORS)),
    hint: text,
    requestId: described(text, 'Leads to every log line and event of this call.'),
    fields: optional(list(object<{ field: string; reason: string }>({ field: text, reason: text }))),
    details: optional(json),
  }),
};
