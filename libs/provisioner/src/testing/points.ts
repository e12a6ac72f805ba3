const POINTS = 12;

/**
 * A stream of numbers in [0, 1) that repeats with its seed (mulberry32): `SLIPWAY_SEED`, or a new one that is printed.
 */
export function seeded(what: string): () => number {
  const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
  process.stdout.write(`${what}: SLIPWAY_SEED=${seed} repeats this run\n`);
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from 1 to `count`: all, or so many of them, the first and the last among them. `SLIPWAY_POINTS=all` means all. */
export function chosenPoints(count: number, points: number | undefined, random: () => number): number[] {
  const all = Array.from({ length: count }, (_, n) => n + 1);
  const wanted = process.env.SLIPWAY_POINTS === 'all' ? count : (points ?? POINTS);
  while (all.length > Math.max(wanted, 2)) all.splice(1 + Math.floor(random() * (all.length - 2)), 1);
  return all;
}
