import { randomUUID } from 'node:crypto';
import { HTTP_HEADERS } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';

const KEY = /^[\x20-\x7e]{1,128}$/;

/** The caller's `Idempotency-Key`, or a new one. Throws `bad-input`. */
export function idempotencyKey(header: string | string[] | undefined): string {
  if (header === undefined) return randomUUID();
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw badInput([{ field: HTTP_HEADERS.idempotencyKey, reason: 'must be 1 to 128 printable ASCII characters' }]);
}
