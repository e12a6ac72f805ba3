import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { NAME } from '@slipway/contracts';

/**
 * This machine's name in those of its replicas. It is kept in the data folder, so that a container made anew on the same
 * volume, or a laptop in another network, is the same replica as before and takes over its own work at once.
 */
export function hostName(dataFolder: string): string {
  const file = join(dataFolder, 'host');
  const kept = () => readFileSync(file, 'utf8').trim();
  try {
    if (NAME.test(kept())) return kept();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dataFolder, { recursive: true });
  const name = asName(hostname());
  // Written whole beside, then linked to its name: of processes that start at once nobody reads half of it, and all get the same.
  const beside = `${file}.${randomUUID()}`;
  writeFileSync(beside, `${name}\n`);
  try {
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (NAME.test(kept())) return kept();
    renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
  return name;
}

/** A host's name as one NATS token that leaves room for a service's name behind it. */
export function asName(host: string): string {
  const name = host
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'host' : name;
}
