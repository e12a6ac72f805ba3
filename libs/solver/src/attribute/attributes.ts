import type { FieldError, Json, JsonObject } from '@slipway/contracts';
import { compareVersions, parseVersion, Version } from './version.js';

/**
 * A typed value (OSGi Core 8 §3.3.6): String, Boolean, Double (`number`), Long (`bigint`), Version. JavaScript's own types carry
 * the distinction, so that a comparison can never mistake one for another.
 */
export type Scalar = string | boolean | number | bigint | Version;
/** A list may mix types; an empty one has no element to match. */
export type Value = Scalar | readonly Scalar[];

/** Attributes by name. Names are not case-sensitive (Core 8 §3.2.7): the map's keys are in lower case. */
export type Attributes = ReadonlyMap<string, Value>;

type Reader = (value: Json) => Scalar | undefined;
const TYPES: Readonly<Record<string, Reader>> = {
  String: (value) => (typeof value === 'string' ? value : undefined),
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  Long: (value) => parseLong(String(value)),
  Double: (value) => (typeof value === 'number' ? value : undefined),
  Version: (value) => (typeof value === 'string' ? parseVersion(value) : undefined),
};
const TYPED = /^(.*):(?:(List)(?:<(\w+)>)?|(\w+))$/;
const NAME = /^[^=<>~()\s:](?:[^=<>~():]*[^=<>~()\s:])?$/;

/**
 * Reads attributes from JSON. A type may stand behind the name as in a manifest: `"size:Long": 5`, `"api:Version": "1.2"`,
 * `"ports:List<Long>": [80]`. Without one the value decides: a whole number is a Long, another one a Double, and `version` is a
 * Version where its text is one. `errors` collects what cannot be read, under `field`.
 */
export function readAttributes(written: JsonObject, field: string, errors: FieldError[]): Attributes {
  const attributes = new Map<string, Value>();
  for (const [key, json] of Object.entries(written)) {
    const [, typedName, list, elementType, type] = TYPED.exec(key) ?? [];
    const name = (typedName ?? key).toLowerCase();
    const fail = (reason: string) => errors.push({ field: `${field}.${key}`, reason });
    if (!NAME.test(name)) fail('a name has none of = < > ~ ( ) : in it and no space around it');
    else if (attributes.has(name)) fail(`"${name}" is there twice: capitals make no difference`);
    else {
      const value = list !== undefined ? readList(json, elementType ?? 'String') : readValue(json, name, type);
      if (value === undefined) fail(`must be ${expected(type, list && (elementType ?? 'String'))}`);
      else attributes.set(name, value);
    }
  }
  return attributes;
}

function expected(type: string | undefined, elements: string | undefined): string {
  const asked = elements ?? type;
  if (asked !== undefined && !Object.hasOwn(TYPES, asked)) return `of one of the types ${Object.keys(TYPES).join(', ')}, List<…>`;
  if (elements !== undefined) return `a list whose elements are of type ${elements}`;
  return type === undefined ? 'a text, a number, a boolean, or a list of these' : `of type ${type}`;
}

function readValue(json: Json, name: string, type: string | undefined): Value | undefined {
  if (type !== undefined) return Object.hasOwn(TYPES, type) ? TYPES[type]!(json) : undefined;
  if (Array.isArray(json)) {
    const elements = json.map((element) => readScalar(element, name));
    return elements.every((element) => element !== undefined) ? elements : undefined;
  }
  return readScalar(json, name);
}

function readList(json: Json, type: string): Scalar[] | undefined {
  if (!Array.isArray(json) || !Object.hasOwn(TYPES, type)) return undefined;
  const elements = json.map((element) => TYPES[type]!(element));
  return elements.every((element) => element !== undefined) ? elements : undefined;
}

function readScalar(json: Json, name: string): Scalar | undefined {
  if (typeof json === 'string') return (name === 'version' && parseVersion(json)) || json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  return typeof json === 'boolean' ? json : undefined;
}

const LONG = /^[+-]?\d{1,19}$/;
const LONGEST = 2n ** 63n;
/** A Long of 64 bits; undefined when the text is none. */
export function parseLong(text: string): bigint | undefined {
  if (!LONG.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= -LONGEST && value < LONGEST ? value : undefined;
}

/** Equal in type and value; lists element by element. */
export function areEqual(a: Value, b: Value): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => areEqual(one, b[at]!));
  if (a instanceof Version && b instanceof Version) return compareVersions(a, b) === 0;
  return a === b;
}

/** A value in words. */
export const valueInWords = (value: Value): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
