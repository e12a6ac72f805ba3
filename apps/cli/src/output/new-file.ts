import { lstat } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../exit.js';

/** Of a command that writes a file. */
export interface ForceFlags {
  force?: boolean;
}

export const forceOption = (command: Command): Command => command.option('--force', 'also in the place of a file that is there');

/** Throws a `UsageError` where something is at a path already, unless it is to be replaced: said before anything is asked for. */
export async function requireFree(path: string, { force }: ForceFlags): Promise<void> {
  if (force || !(await lstat(path).catch(() => null))) return;
  throw new UsageError(`${path} is there already: name another file, or put this one in its place with --force.`);
}
