import { badInput } from '@slipway/mesh';
import type { ListQuery } from '../views/port.js';

/** A query string as Fastify parses it. */
export type Query = Record<string, string | string[] | undefined>;

/** One value of a query parameter. Throws `bad-input` when it is given several times. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name];
  if (Array.isArray(value)) throw badInput([{ field: name, reason: 'may be given only once' }]);
  return value;
}

/** All values of a query parameter; empty when it is not given. */
export const many = (query: Query, name: string): string[] => [query[name] ?? []].flat();

/** A whole number within bounds. Throws `bad-input`. */
export function whole(query: Query, name: string, least: number, most: number): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least || value > most) {
    throw badInput([{ field: name, reason: `must be a whole number from ${least} to ${most}` }]);
  }
  return value;
}

/** Whether a query parameter says `true`. Throws `bad-input` where it says anything else than that or `false`. */
export function flag(query: Query, name: string): boolean | undefined {
  const text = one(query, name);
  if (text === undefined || text === 'true' || text === 'false') return text === undefined ? undefined : text === 'true';
  throw badInput([{ field: name, reason: 'must be true or false' }]);
}

/** Throws `bad-input` for parameters that are not known: a misspelt one must not go unnoticed. */
export function onlyKnown(query: Query, known: readonly string[]): void {
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw badInput(unknown.map((field) => ({ field, reason: `is not known; there are ${known.join(', ') || 'none'}` })));
  }
}

/** Parameters of a list that are not filters. */
const PAGING = ['sort', 'limit', 'cursor', 'asOf', 'atLeast'];

/** `?status=queued&status=running&sort=-acceptedAt&limit=100`: each parameter that is not of paging filters a field. */
export function listQuery(query: Query): ListQuery {
  const filter = Object.keys(query).filter((name) => !PAGING.includes(name));
  const [sort, cursor, asOf] = [one(query, 'sort'), one(query, 'cursor'), one(query, 'asOf')];
  const limit = whole(query, 'limit', 1, 500);
  return {
    ...(filter.length > 0 && { filter: Object.fromEntries(filter.map((name) => [name, many(query, name)])) }),
    ...(sort !== undefined && { sort }),
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
    ...(asOf !== undefined && { asOf }),
  };
}

/** Which page is asked for. Throws `bad-input`. */
export function pageOf(query: Query): { limit?: number; cursor?: string } {
  const [limit, cursor] = [whole(query, 'limit', 1, 500), one(query, 'cursor')];
  return { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
}
