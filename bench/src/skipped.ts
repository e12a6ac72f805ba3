import { existsSync } from 'node:fs';

/** Thrown by a bench that this machine has not got what it takes for: the reason. */
export class Skipped extends Error {}

/** What a bench needs of the machine: throws {@link Skipped} with the Debian package that is missing. */
export function requireFiles(files: Readonly<Record<string, string>>): void {
  for (const [file, from] of Object.entries(files)) if (!existsSync(file)) throw new Skipped(`no ${file} here (Debian: ${from})`);
}
