import { createHash } from 'node:crypto';

/** A range of numbers, both ends included. */
export interface Range {
  from: number;
  to: number;
}

/**
 * User ids that instances get: a part of what systemd's table of user ids calls unused (0x70000000 to 0x7fffffff). It is
 * so wide, and each instance's first choice so scattered, that two data folders on one host do not meet in it.
 */
export const USERS: Range = { from: 0x7000_0000, to: 0x77ff_ffff };

/** `20000-24999`, as configuration writes it. */
export function rangeOf(text: string): Range {
  const [from, to] = text.split('-').map(Number);
  return { from: from!, to: to! };
}

/** Numbers of a range, `count` of them, one after the other from a place that the seed decides. */
export function* scattered({ from, to }: Range, seed: string, count = to - from + 1): Generator<number> {
  const size = to - from + 1;
  const first = createHash('sha256').update(seed).digest().readUInt32BE(0);
  for (let step = 0; step < count; step++) yield from + ((first + step) % size);
}
