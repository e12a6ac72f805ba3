import {
  DRIFTS,
  REPAIRS,
  type Adopted,
  type Drift,
  type DriftedField,
  type IgnoredDifference,
  type NotKnown,
  type ResourceDrift,
} from '@slipway/contracts';
import { count, described, flag, kind, list, object, oneOf, optional, position, ref, text, type Schema } from './schema.js';

const recorded = optional(described({}, 'Any value; left out where nothing was recorded.'));
const found = optional(described({}, 'Any value; left out where nothing is found.'));

/** How an environment is other than the log says. */
export const DRIFT_SCHEMAS: Record<string, Schema> = {
  Drift: object<Drift>({
    environment: text,
    compared: described(count, 'How many resources were compared.'),
    count: described(count, 'How many are other than the log says.'),
    items: described(list(ref('ResourceDrift')), 'The first 500 of them, by key.'),
    unknown: list(
      object<NotKnown>({
        kind,
        location: text,
        reason: text,
        resources: described(list(text), 'Keys of the first 20 of them.'),
        count,
      }),
    ),
    rules: described(list(text), 'What is not counted: by configuration and question.'),
    ignored: list(object<IgnoredDifference>({ key: text, field: text, rule: text, recorded, found })),
  }),
  ResourceDrift: object<ResourceDrift>({
    key: text,
    drift: oneOf([...DRIFTS]),
    generation: count,
    location: text,
    driver: text,
    instanceId: optional(described(text, 'The instance that it was made for; left out for what is shared, or extra.')),
    differences: list(object<DriftedField>({ field: text, recorded, found })),
    seen: optional(described(text, 'SHA-256 of what was found: to be named by who takes it into the log.')),
    adoptable: optional(described(flag, 'Whether it can be taken into the log as it is.')),
    repair: optional(described(oneOf([...REPAIRS]), 'How it can be brought back; left out where it cannot.')),
    where: optional(described(text, 'Of what is extra: where it is.')),
    reason: optional(described(text, 'Of what is extra: why it should not be.')),
  }),
  Adopted: object<Adopted>({ generation: count, position }),
};
