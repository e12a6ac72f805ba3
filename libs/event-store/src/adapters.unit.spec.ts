import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const here = dirname(fileURLToPath(import.meta.url));

describe('every adapter', () => {
  const folders = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  const adapters = folders.filter((folder) =>
    readdirSync(join(here, folder))
      .filter((file) => file.endsWith('.ts'))
      .some((file) => readFileSync(join(here, folder, file), 'utf8').includes('implements LogAdapter')),
  );

  it('is known here', () => {
    expect(adapters.sort()).toEqual(['kurrentdb', 'sqlite', 'testing']);
  });

  it.each(adapters)('%s runs the contract suite', (folder) => {
    const spec = join(here, folder, 'contract.int.spec.ts');
    expect(existsSync(spec)).toBe(true);
    expect(readFileSync(spec, 'utf8')).toMatch(/^\s*eventStoreContract\('/m);
  });
});
