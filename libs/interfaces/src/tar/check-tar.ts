import type { Readable } from 'node:stream';
import { PortableEntries } from './portable-entries.js';
import { walkTar } from './walk-tar.js';

/**
 * Reads a tar stream to its end and writes nothing: throws `archive-invalid` for all that {@link PortableEntries} refuses, and for
 * what is no tar.
 */
export async function checkTar(tar: Readable): Promise<void> {
  const entries = new PortableEntries();
  await walkTar(tar, ({ header }) => void entries.add(header), 'archive-invalid');
}
