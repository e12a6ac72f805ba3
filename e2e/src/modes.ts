import { describe } from '@jest/globals';

/** Both ways to run the mesh on one machine; only the process border differs, so every promise holds in both. */
const MODES = [
  { mode: 'in one process', processes: false },
  { mode: 'as a process per service', processes: true },
] as const;

type Suite = (options: { processes: boolean }) => void;

/** Runs a suite once in each mode. */
export function inBothModes(name: string, suite: Suite): void {
  for (const { mode, processes } of MODES) describe(`${name}, ${mode}`, () => suite({ processes }));
}

/** Runs a long suite where all borders are; with `SLIPWAY_MODES=both` in one process too. */
export function whereBordersAre(name: string, suite: Suite): void {
  for (const { mode, processes } of MODES)
    if (processes || process.env.SLIPWAY_MODES === 'both') describe(`${name}, ${mode}`, () => suite({ processes }));
}
