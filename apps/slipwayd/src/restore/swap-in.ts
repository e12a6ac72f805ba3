import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a backup holds of the data folder, and what is rebuilt from it. */
const RESTORED = ['log', 'blobs', 'secrets', 'models'];
const REBUILT = ['cache'];

/**
 * Puts a restore that the gateway has verified and staged (`<data>/restore/` with the marker `ready`) in the place of
 * what is there, and keeps that as `before-restore-<n>`. Each step is a rename, the marker goes last: an interrupted
 * swap is carried on at the next start.
 * @returns the folder with what was there before, or `null` when nothing is staged
 */
export function swapInRestore(dataFolder: string): string | null {
  const staged = join(dataFolder, 'restore');
  if (!existsSync(join(staged, 'ready'))) return null;
  const unfinished = readdirSync(dataFolder).find((name) => /^before-restore-\d+\.part$/.test(name));
  const number = readdirSync(dataFolder).filter((name) => /^before-restore-\d+$/.test(name)).length + 1;
  const kept = join(dataFolder, unfinished ?? `before-restore-${number}.part`);
  for (const name of RESTORED) {
    const fresh = join(staged, name);
    if (!existsSync(fresh)) continue;
    const current = join(dataFolder, name);
    if (existsSync(current)) {
      mkdirSync(kept, { recursive: true, mode: 0o700 });
      renameSync(current, join(kept, name));
    }
    renameSync(fresh, current);
  }
  for (const name of REBUILT) rmSync(join(dataFolder, name), { recursive: true, force: true });
  rmSync(staged, { recursive: true });
  const final = kept.replace(/\.part$/, '');
  if (existsSync(kept)) renameSync(kept, final);
  return final;
}
