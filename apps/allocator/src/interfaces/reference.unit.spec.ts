import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { interfaceChapters } from './reference.js';

test('docs/reference/interfaces.md tells every method with its arguments (node scripts/reference.mjs writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/interfaces.md'), 'utf8');
  expect(page.slice(page.indexOf('## '))).toBe(interfaceChapters());
  expect(page).toContain('| `readFile` | `path` (string, required):');
});
