import { hashOf, type FieldError, type Json, type JsonObject, type Offered, type Offering } from '@slipway/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** Largest schema of an offering, as JSON. */
const SCHEMA_BYTES = 16 * 1024;
/** Largest value that may be chosen, as JSON. */
const VALUE_BYTES = 4 * 1024;
/** Compiled schemas that are kept, by their hash. */
const KEPT = 500;

/** Ajv's, for a schema of an offering. */
const OPTIONS = { strict: true, allErrors: false, validateFormats: false } as const;
/** Sees whether something is a schema, and keeps none. It compiles the schema of schemas once, which takes longer than any of them. */
const schemas = new Ajv2020(OPTIONS);
const checks = new Map<string, ValidateFunction>();

/** What is wrong with a list of offerings: each schema is one, each default fits, no name stands twice. */
export function offeringErrors(offerings: readonly Offering[]): FieldError[] {
  return offerings.flatMap(({ name, schema, default: byDefault }, index): FieldError[] => {
    const first = offerings.findIndex((other) => other.name === name);
    if (first < index) return [{ field: `${index}.name`, reason: `"${name}" is offered by ${first} already` }];
    try {
      const reason = valueError(schema, byDefault);
      return reason === undefined ? [] : [{ field: `${index}.default`, reason }];
    } catch (error) {
      return [{ field: `${index}.schema`, reason: `is no JSON Schema: ${(error as Error).message}` }];
    }
  });
}

/** What is wrong with what was chosen, as fields below `offerings`. What nobody offers is answered with what is offered. */
export function chosenErrors(offered: readonly Offered[], chosen: JsonObject): FieldError[] {
  return Object.entries(chosen).flatMap(([name, value]): FieldError[] => {
    const field = `offerings.${name}`;
    const one = offered.find((offering) => offering.name === name);
    if (!one) return [{ field, reason: `is not offered; there are: ${listed(offered)}` }];
    const reason = valueError(one.schema, value);
    return reason === undefined ? [] : [{ field, reason }];
  });
}

const listed = (offered: readonly Offered[]): string =>
  offered.map(({ name, title }) => `${name} (${title})`).join(', ') || 'none';

/** Why a value does not fit a schema. Throws where the schema is none. */
function valueError(schema: JsonObject, value: Json): string | undefined {
  if (isUnsafe(value)) return 'must hold neither "${" nor "secret://" nor a NUL character, in whatever text';
  if (Buffer.byteLength(JSON.stringify(value)) > VALUE_BYTES) return `must be at most ${VALUE_BYTES} bytes of JSON`;
  const check = checkOf(schema);
  if (check(value)) return undefined;
  return check
    .errors!.map(({ instancePath, message, params }) => {
      const allowed = params['allowedValues'] as Json[] | undefined;
      const what = allowed ? `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}` : message!;
      return instancePath === '' ? what : `${instancePath.slice(1).replaceAll('/', '.')} ${what}`;
    })
    .join('; ');
}

const UNSAFE = ['${', 'secret://', '\0'];

/** What is filled in is not filled in again: a choice that names another's output or secret is none. */
function isUnsafe(value: Json): boolean {
  if (typeof value === 'string') return UNSAFE.some((mark) => value.includes(mark));
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, part]) => isUnsafe(key) || isUnsafe(part));
}

/** An Ajv of its own for each: what one schema calls itself (`$id`) is nothing to another. */
function checkOf(schema: JsonObject): ValidateFunction {
  const text = JSON.stringify(schema);
  if (Buffer.byteLength(text) > SCHEMA_BYTES) throw new Error(`it has more than ${SCHEMA_BYTES} bytes`);
  const key = hashOf(schema);
  const known = checks.get(key);
  if (known) return known;
  schemas.validateSchema(schema, true);
  const check = new Ajv2020({ ...OPTIONS, validateSchema: false }).compile(schema);
  if ((check as { $async?: unknown }).$async) throw new Error('it must not be $async');
  if (checks.size >= KEPT) checks.delete(checks.keys().next().value!);
  checks.set(key, check);
  return check;
}
