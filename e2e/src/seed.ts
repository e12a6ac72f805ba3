/** Random numbers that replay: prints its seed; `SLIPWAY_SEED=<n>` gives the same again. Mulberry32. */
export function seededRandom(): { random: () => number; seed: number } {
  const seed = Number(process.env.SLIPWAY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, seed };
}
