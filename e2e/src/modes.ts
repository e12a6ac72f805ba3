import { describe } from '@jest/globals';

/** Both ways to run the mesh on one machine; only the process border differs, so every promise holds in both. */
const MODES = [
  { mode: 'in one process', processes: false },
  { mode: 'as a process per service', processes: true },
] as const;

/** Runs a suite once in each mode. */
export function inBothModes(name: string, suite: (options: { processes: boolean }) => void): void {
  for (const { mode, processes } of MODES) describe(`${name}, ${mode}`, () => suite({ processes }));
}
