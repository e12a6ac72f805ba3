import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const DAY = 24 * 3600 * 1000;

/** A fresh name for content that is still being written: says who writes it, so that others can tell leftovers. */
export const unfinishedName = (): string => `${hostname()}~${process.pid}~${randomUUID()}`;

/** Whether process `pid` of this host may still write a file it touched last at `touched` (milliseconds since the epoch). */
function writerLives(pid: number, touched: number): boolean {
  // A process number comes again, in a container even always: what is older than this process is not its own.
  if (pid === process.pid) return touched >= Date.now() - process.uptime() * 1000 - 1000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes what writers that are gone left unfinished: those of this host whose process has ended, and whatever nobody has
 * touched for a day. What another process writes just now stays.
 */
export async function sweepLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const touched = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (touched === undefined) continue;
    const [host, pid] = name.split('~');
    const abandoned = host === hostname() && !writerLives(Number(pid), touched);
    if (abandoned || touched < Date.now() - DAY) await unlink(path).catch(() => undefined);
  }
}
