import type { FieldError } from './bad-input.js';
import type { Json, JsonObject } from './json.js';
import type { SpecBounds } from './services.js';

/** What of a spec lies outside of a driver's bounds: each field with the reason. */
export const outOfBounds = ({ needs, lacks }: SpecBounds, spec: JsonObject): FieldError[] => [
  ...lacks.filter(({ field }) => valueAt(spec, field) !== undefined),
  ...needs.filter(({ field }) => valueAt(spec, field) === undefined),
];

function valueAt(spec: JsonObject, field: string): Json | undefined {
  let value: Json | undefined = spec;
  for (const name of field.split('.')) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
