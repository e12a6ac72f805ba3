import type { Json, JsonObject } from '@slipway/contracts';

/** Lays one spec over another: objects are merged field by field, everything else is replaced. Changes neither. */
export function layOver(under: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(under));
  for (const [field, value] of Object.entries(over)) {
    const below = merged.get(field);
    merged.set(field, isObject(below) && isObject(value) ? layOver(below, value) : value);
  }
  return Object.fromEntries(merged);
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
