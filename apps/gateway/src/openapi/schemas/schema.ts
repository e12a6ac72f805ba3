import { OWNER_TYPES, RESOURCE_KINDS } from '@slipway/contracts';

/** The part of OpenAPI 3.0's Schema Object that is used here. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  format?: string;
  enum?: readonly unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  nullable?: boolean;
  description?: string;
  example?: unknown;
  $ref?: string;
}
export interface Optional {
  optional: Schema;
}

export const optional = (schema: Schema): Optional => ({ optional: schema });
export const text: Schema = { type: 'string' };
export const count: Schema = { type: 'integer' };
export const number: Schema = { type: 'number' };
export const flag: Schema = { type: 'boolean' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const json: Schema = { type: 'object', additionalProperties: true };
export const oneOf = (values: readonly unknown[]): Schema => ({ type: 'string', enum: values });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const described = (schema: Schema, description: string): Schema => ({ ...schema, description });
/** A reference to a schema of the document, by its name. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/**
 * The schema of what a type of the contracts says: the compiler sees to it that no field is forgotten, none invented, and
 * the optional ones are marked so. There is no second copy that could differ.
 */
export function object<T>(fields: { [Field in keyof T]-?: undefined extends T[Field] ? Optional : Schema }): Schema {
  const entries = Object.entries(fields as Record<string, Schema | Optional>);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field])),
    required: entries.filter(([, field]) => !('optional' in field)).map(([name]) => name),
  };
}

/** A page of a list. */
export const pageOf = (items: Schema): Schema => ({
  type: 'object',
  required: ['items', 'position'],
  properties: {
    items: list(items),
    next: described(text, 'Give it as `cursor` to get the next page, of the same moment as the first; left out on the last one.'),
    position: described(text, 'Log position that the page was read at.'),
  },
});

export const kind = oneOf(RESOURCE_KINDS);
export const position = described(text, 'A position in the log: opaque, it grows.');
export const actor = object<{ id: string; type: string }>({ id: text, type: oneOf([...OWNER_TYPES, 'system']) });
