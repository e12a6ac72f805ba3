import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256 } from '@slipway/contracts';
import type { RegistryCache, Remembered } from './registry.js';

/** Grows when the form of an entry changes: what an older release wrote is then read anew from the log. */
const FORM = 2;

/** The list of own resources in one file: its SHA-256 in the first line, JSON in the second. A damaged one counts as none. */
export function cacheFile(path: string): RegistryCache {
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(() => '');
      const [digest, body] = text.split('\n');
      if (!digest || !body || sha256(body) !== digest) return undefined;
      const { form, position, entries } = JSON.parse(body) as Remembered & { form: number };
      return form === FORM ? { position, entries } : undefined;
    },
    async save(remembered) {
      const body = JSON.stringify({ form: FORM, ...remembered });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, `${sha256(body)}\n${body}\n`);
      await rename(`${path}.new`, path);
    },
  };
}
