import { badInput, hashOf } from '@slipway/contracts';
import type { Position } from '../port.js';

/** Where a list goes on. Opaque to callers. */
export interface Cursor {
  /** Position of the first page: all pages are of that moment. */
  position: Position;
  /** Sort value and id of the last row that was given. */
  key: string | number;
  id: string;
}

/** What must be the same from page to page. */
export const queryHash = (view: string, query: object): string => hashOf([view, query]).slice(0, 16);

export const writeCursor = (view: string, hash: string, { position, key, id }: Cursor): string =>
  Buffer.from(JSON.stringify([view, hash, position, key, id])).toString('base64url');

/** Throws `bad-input` for what is no cursor, or one of another view or query. */
export function readCursor(cursor: string, view: string, hash: string): Cursor {
  const [of, query, position, key, id] = parse(cursor);
  if (typeof position !== 'string' || typeof id !== 'string' || (typeof key !== 'string' && typeof key !== 'number')) {
    throw refuse('it is not one that a page gave as "next"');
  }
  if (of !== view) throw refuse(`it belongs to ${String(of)}, not to ${view}`);
  if (query !== hash) throw refuse('it belongs to another query; give the same filter, sort and asOf as for the first page');
  return { position, key, id };
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

const refuse = (reason: string) => badInput([{ field: 'cursor', reason }]);
