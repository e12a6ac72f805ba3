import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/** Writes a file, whole or not at all; its folder is made when it is not there. */
export async function writeNew(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      for await (const chunk of content) await file.appendFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
