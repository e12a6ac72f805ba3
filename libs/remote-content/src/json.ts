import { RemoteRefused } from './failures.js';
import type { Fetcher } from './net/fetcher.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What answers that list something may have, all together. */
export interface Allowance {
  /** That are left. */
  bytes: number;
  signal: AbortSignal;
}

const MAX_BYTES = 32 * 1024 ** 2;

/** For one listing, on however many pages, from now on. */
export const allowanceOf = (fetcher: Fetcher): Allowance => ({ bytes: MAX_BYTES, signal: fetcher.deadline() });

/** An object that another repository answers with, taken from what is allowed. Throws `RemoteAway`, and `RemoteRefused` for what is no object of JSON. */
export async function fieldsAt(
  fetcher: Fetcher,
  address: string,
  { accept = 'application/json', allowance = allowanceOf(fetcher) }: { accept?: string; allowance?: Allowance } = {},
): Promise<Fields> {
  const { url, body } = await fetcher.get(address, { accept, maxBytes: allowance.bytes, signal: allowance.signal });
  const pieces: Uint8Array[] = [];
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece);
  allowance.bytes -= pieces.reduce((total, { byteLength }) => total + byteLength, 0);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw new RemoteRefused(`${url.origin}${url.pathname} is no JSON`);
  }
  if (!isFields(value)) throw new RemoteRefused(`${url.origin}${url.pathname} is no object of JSON`);
  return value;
}

export const isFields = (value: unknown): value is Fields => value !== null && typeof value === 'object' && !Array.isArray(value);

/** A field that is a text of that form. Throws `RemoteRefused` that names it, and what it is a field of. */
export function textIn(fields: Fields, name: string, form: RegExp, of: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === 'string' && value.length <= 2000 && form.test(value)) return value;
  throw new RemoteRefused(`${of}: ${name} is ${value === undefined ? 'missing' : 'not as it must be'}`);
}

/** A field that is a list of objects, at most so many. Throws `RemoteRefused`. */
export function listIn(fields: Fields, name: string, of: string, most: number): Fields[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!Array.isArray(value) || !value.every(isFields)) throw new RemoteRefused(`${of}: ${name} must be a list of objects`);
  if (value.length > most) throw new RemoteRefused(`${of}: ${name} has ${value.length} entries; at most ${most} are taken`);
  return value;
}

/** What can be made of each; why not of the others. */
export function each<From, To>(all: readonly From[], read: (one: From) => To): { read: To[]; problems: string[] } {
  const done: To[] = [];
  const problems: string[] = [];
  for (const one of all)
    try {
      done.push(read(one));
    } catch (error) {
      if (!(error instanceof RemoteRefused)) throw error;
      problems.push(error.message);
    }
  return { read: done, problems };
}
