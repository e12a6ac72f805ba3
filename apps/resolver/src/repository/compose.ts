import { Stack, type LayeredPackage, type Refusal } from './stack.js';

/** What stands at one place of a folder: the last that was in force, and the newest that is good in itself. */
export interface Entry<Package extends LayeredPackage> {
  readonly inForce?: Package | undefined;
  readonly newest?: Package | undefined;
}

export interface Composition<Package extends LayeredPackage> {
  stack: Stack;
  /** For each entry what of it is in force now. */
  inForce: (Package | undefined)[];
  /** For each entry why its newest is not. */
  refusals: (Refusal | undefined)[];
}

/**
 * Which packages are in force together. Pure, and the same on every replica that has the same: what was decided in the log comes
 * first, then what of a folder was in force already, then what is new there, each as a whole or not at all. So it is the newcomer that
 * is refused, and its last good version stays.
 */
export function compose<Package extends LayeredPackage>(
  decided: readonly LayeredPackage[],
  entries: readonly Entry<Package>[],
): Composition<Package> {
  const stack = new Stack(decided);
  const refusals: (Refusal | undefined)[] = entries.map(() => undefined);
  const inForce = entries.map(({ inForce: before, newest }, index) => {
    if (!before || !newest) return undefined;
    const refusal = (refusals[index] = stack.refusalOfPackage(before));
    if (refusal) return undefined;
    stack.add(before);
    return before;
  });
  const waiting = new Set(entries.keys());
  // What one lets go another may take: so until nothing moves any more.
  for (let left = Infinity; waiting.size < left;) {
    left = waiting.size;
    for (const index of waiting) if (takes(index)) waiting.delete(index);
  }
  return { stack, inForce, refusals };

  function takes(index: number): boolean {
    const { newest } = entries[index]!;
    const before = inForce[index];
    if (!newest || newest === before) return true;
    const refusal = (refusals[index] = stack.refusalOfPackage(newest, before));
    if (refusal) return false;
    if (before) stack.remove(before);
    stack.add(newest);
    inForce[index] = newest;
    return true;
  }
}
