import { seedOf, seededRandom } from '@slipway/event-store/testing/seeded-random';

const POINTS = 4;

/** Numbers from 0 to 1 that repeat with their seed: `SLIPWAY_SEED`, or a new one that is printed. */
export function seeded(what: string): () => number {
  const seed = seedOf(Date.now() % 2 ** 31);
  process.stdout.write(`${what}: SLIPWAY_SEED=${seed} repeats this run\n`);
  return seededRandom(seed);
}

/** Numbers from 1 to `count`: all, or so many of them, the first and the last among them. `SLIPWAY_POINTS=all` means all. */
export function chosenPoints(count: number, points: number | undefined, random: () => number): number[] {
  const all = Array.from({ length: count }, (_, n) => n + 1);
  const wanted = process.env.SLIPWAY_POINTS === 'all' ? count : (points ?? POINTS);
  while (all.length > Math.max(wanted, 2)) all.splice(1 + Math.floor(random() * (all.length - 2)), 1);
  return all;
}
