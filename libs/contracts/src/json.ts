import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

export { canonicalJson, type Json, type JsonObject } from './canonical-json.js';

/** SHA-256 of a text or of bytes, as 64 lower-case hexadecimal digits. */
export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of {@link canonicalJson}: equal for equal values, whatever the order of their keys. */
export const hashOf = (value: unknown): string => sha256(canonicalJson(value));
