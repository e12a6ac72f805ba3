import { OWNER_TYPES } from '../context.js';
import { RESOURCE_KINDS } from '../services.js';
import { NAME, OWNER_ID } from '../names.js';

/** A JSON Schema (draft 2020-12) of a message's body. */
export type Schema = Readonly<Record<string, unknown>>;

/** What of a pattern a person is told; the pattern itself says little. */
export const text = (pattern: RegExp, description: string): Schema => ({ type: 'string', pattern: pattern.source, description });
export const words = (most: number): Schema => ({ type: 'string', minLength: 1, maxLength: most });
export const reason = { type: 'string', maxLength: 500, description: 'must be a text of at most 500 characters' };
export const atLeast = (least: number): Schema => ({ type: 'integer', minimum: least });
export const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
export const anything: Schema = { type: 'object' };
export const string: Schema = { type: 'string' };
export const boolean: Schema = { type: 'boolean' };
export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });

export const name = text(NAME, 'must be 1 to 63 lower-case letters, digits and inner hyphens, such as "my-shop"');
export const resource = object({ environment: name, kind: { enum: RESOURCE_KINDS }, name });
export const sha256 = text(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal');
export const blobRef = object({ sha256, bytes: atLeast(0) });
export const holder = text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID');

/** Whose something is. */
export const owner = object({
  id: text(OWNER_ID, 'must be 1 to 128 letters, digits and any of . _ @ + -, such as "ada"'),
  type: { enum: OWNER_TYPES },
});
