import type { Figure } from './figure.js';
import { meshBench, meshBenchNotes } from './mesh.js';

export interface Bench {
  /** What is measured, against what, and how: for the results page. */
  about: string;
  /** What it does not say. */
  notMeasured: string;
  run(options: { short: boolean }): Promise<Figure[]>;
}

/** Every bench by its name. A new one is a file and an entry here. */
export const BENCHES: Record<string, Bench> = {
  mesh: { ...meshBenchNotes, run: meshBench },
};
