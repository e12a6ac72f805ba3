import type { Wire } from '@slipway/contracts';

/** What is wired to something, as far as it was read: by the key of what satisfies. */
export interface Users {
  wiresTo(key: string): readonly Wire[];
  /** Whether something was asked for by itself. */
  isRoot(key: string): boolean;
}

/** Ways that are told, and steps that looking for them takes at most. */
const MOST_CHAINS = 50;
const MOST_STEPS = 10_000;

/** All ways from what was asked for by itself down to something, the shortest first; `more`: there are more. */
export function chainsTo(key: string, { wiresTo, isRoot }: Users): { chains: Wire[][]; more: boolean } {
  const chains: Wire[][] = [];
  const open: { at: string; way: Wire[] }[] = [{ at: key, way: [] }];
  let steps = 0;
  for (const { at, way } of open) {
    if (isRoot(at)) {
      if (chains.length === MOST_CHAINS) return { chains, more: true };
      chains.push(way);
    }
    for (const wire of wiresTo(at)) {
      // What needs each other is told once round.
      if (wire.from === key || way.some(({ from }) => from === wire.from)) continue;
      if (++steps > MOST_STEPS) return { chains, more: true };
      open.push({ at: wire.from, way: [wire, ...way] });
    }
  }
  return { chains, more: false };
}

/** Keys of all that need something only through others, in order. */
export function furtherThan(directly: readonly string[], { wiresTo }: Users, key: string): string[] {
  const reached = new Set(directly);
  for (const user of reached) for (const { from } of wiresTo(user)) reached.add(from);
  for (const user of [key, ...directly]) reached.delete(user);
  return [...reached].toSorted();
}
