import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The file in `run` that tells where the gateway is; the CLI on this machine looks there. */
export const GATEWAY_URL = 'gateway.url';

/** The data folder is another process's: that runs, or is starting still when its gateway has no address yet. */
export class AlreadyRuns extends Error {
  constructor(holder: string, url: string | null) {
    super(url ? `Slipway already runs here: ${url} (process ${holder})` : `Slipway is being started here by process ${holder}`);
  }
}

/** The data folder while this process has it. */
export interface DataFolder {
  path: string;
  /** Process ids, configuration files of what is supervised. */
  run: string;
  logs: string;
  release(): void;
}

/**
 * Makes the folder (mode 0700) and takes it for this process alone. The lock is SQLite's on an empty file: the kernel lets
 * go of it when the process ends, however it ends. Throws {@link AlreadyRuns} where another process has it.
 */
export function takeDataFolder(path: string): DataFolder {
  const run = join(path, 'run');
  const logs = join(path, 'logs');
  for (const folder of [path, run, logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o711); // Instances that run as users of their own reach their folders through it.
  const holder = join(run, 'slipwayd.pid');
  const lock = new DatabaseSync(join(run, 'lock'));
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    const url = join(run, GATEWAY_URL);
    throw new AlreadyRuns(readFileSync(holder, 'utf8').trim(), existsSync(url) ? readFileSync(url, 'utf8').trim() : null);
  }
  writeFileSync(holder, String(process.pid), { mode: 0o600 });
  return { path, run, logs, release: () => lock.close() };
}

/** The folder above a path that other users may not pass, such as `/root`; `null` when all of them are open. */
export function closedAbove(path: string): string | null {
  for (let folder = dirname(realpathSync(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}
