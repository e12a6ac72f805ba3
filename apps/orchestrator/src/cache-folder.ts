import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SnapshotCache } from '@slipway/event-store';
import type { Cache, KnownEnvironments } from './ports.js';

/** The orchestrator's cache as files of a folder: it may be deleted while the service does not run. */
export function openCache(folder: string): Cache & { close(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'environments.json');
  const snapshots = openSnapshots(join(folder, 'snapshots.sqlite'));
  return {
    snapshots,
    environments: {
      read: () => parsed(file),
      write: (known) => {
        writeFileSync(`${file}.new`, JSON.stringify(known), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      },
    },
    close: () => snapshots.close(),
  };
}

/** One that is damaged is thrown away. */
function openSnapshots(file: string): SnapshotCache {
  try {
    return new SnapshotCache(file, 1);
  } catch {
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
    return new SnapshotCache(file, 1);
  }
}

/** What is not there, or not whole, is as good as none. */
function parsed(file: string): KnownEnvironments | undefined {
  try {
    const known = JSON.parse(readFileSync(file, 'utf8')) as Partial<KnownEnvironments>;
    const whole = typeof known.position === 'string' && Array.isArray(known.names);
    return whole ? (known as KnownEnvironments) : undefined;
  } catch {
    return undefined;
  }
}
