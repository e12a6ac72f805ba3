/** One measured figure, and the goal it stands beside. */
export interface Figure {
  bench: string;
  figure: string;
  value: number;
  /** What it should reach; `null` where a figure is printed for comparison only. */
  goal: number | null;
  /** `ratio`, `steps/s`, `ms`, `MB`, ... */
  unit: string;
  ok: boolean;
  /** A few of what was counted, each in a line of text; only where something was. */
  examples?: string[];
}

/** A figure that should be at least its goal. */
export const atLeast = (bench: string, figure: string, value: number, goal: number, unit = 'ratio'): Figure => ({
  bench,
  figure,
  value,
  goal,
  unit,
  ok: value >= goal,
});

/** A figure that should be at most its goal. */
export const atMost = (bench: string, figure: string, value: number, goal: number, unit: string): Figure => ({
  bench,
  figure,
  value,
  goal,
  unit,
  ok: value <= goal,
});

/** A figure without a goal, so that the others can be judged. */
export const beside = (bench: string, figure: string, value: number, unit: string): Figure => ({
  bench,
  figure,
  value,
  goal: null,
  unit,
  ok: true,
});

/** A figure that counts, with a few of what it counted. */
export const withExamples = (figure: Figure, examples: string[]): Figure =>
  examples.length > 0 ? { ...figure, examples } : figure;

/** The middle of several measurements. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which a share of the measurements lies (nearest rank). */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
