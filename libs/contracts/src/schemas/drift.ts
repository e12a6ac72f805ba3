import { DRIFTS, REPAIRS } from '../drift.js';
import { RESOURCE_KINDS } from '../services.js';
import { atLeast, boolean, listOf, name, object, reason, resource, sha256, string, text, type Schema } from './words.js';

const ofComparison = { resource, generation: atLeast(1), driver: name, location: name };
export const difference = { field: string, recorded: {}, found: {} };
const driftRule = text(/^[A-Za-z0-9_.*/:-]{1,200}$/, 'must be a field, a key, or key:field, such as "storage/*:owner"');

/** Of what is looked at at its place, and of drift. */
export const DRIFT_SCHEMAS = {
  CompareQuery: object(ofComparison),
  Comparison: object(
    {
      drift: { enum: DRIFTS.filter((drift) => drift !== 'extra') },
      differences: listOf(object(difference, ['recorded', 'found'])),
      seen: string,
      adoptable: boolean,
      repair: { enum: REPAIRS },
    },
    ['drift', 'repair'],
  ),
  StraysQuery: object({ environment: name, location: name }),
  Strays: object({ items: listOf(object({ resource, generation: atLeast(1), driver: name, where: string, reason: string })) }),
  AdoptCommand: object({ ...ofComparison, seen: sha256, reason }, ['reason']),
  Adopted: object({ generation: atLeast(1), position: string }),
  DriftQuery: object({ environment: name, instanceId: name, ignore: { ...listOf(driftRule), maxItems: 100 } }, [
    'instanceId',
    'ignore',
  ]),
  Drift: object({
    environment: name,
    compared: atLeast(0),
    count: atLeast(0),
    items: listOf(
      object(
        {
          key: string,
          drift: { enum: DRIFTS },
          generation: atLeast(1),
          location: name,
          driver: name,
          instanceId: name,
          differences: listOf(object(difference, ['recorded', 'found'])),
          seen: string,
          adoptable: boolean,
          repair: { enum: REPAIRS },
          where: string,
          reason: string,
        },
        ['instanceId', 'seen', 'adoptable', 'repair', 'where', 'reason'],
      ),
    ),
    unknown: listOf(
      object({ kind: { enum: RESOURCE_KINDS }, location: string, reason: string, resources: listOf(string), count: atLeast(0) }),
    ),
    rules: listOf(string),
    ignored: listOf(object({ key: string, rule: string, ...difference }, ['recorded', 'found'])),
  }),
} as const satisfies Record<string, Schema>;
