import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { INTERFACES } from '../interfaces/index.js';
import { BLUEPRINTS } from './index.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const page = readFileSync(join(folder, '../../../../docs/reference/blueprints.md'), 'utf8');

test('every blueprint that comes with Slipway runs the contract suite', () => {
  const suites = globSync('**/*.contract.int.spec.ts', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  const run = [...BLUEPRINTS.keys()].filter((name) => suites.some((suite) => suite.includes(`blueprintContract('${name}'`)));
  expect(run).toEqual([...BLUEPRINTS.keys()]);
});

test('the page of blueprints names all of them, and all methods of the interfaces', () => {
  const named = [...page.matchAll(/^\| `([A-Z]\w+)` \| `[a-z-]+`:/gm)].map(([, name]) => name!);
  expect(named.toSorted()).toEqual([...BLUEPRINTS.keys()].toSorted());
  for (const { name, methods } of INTERFACES.values()) {
    const [, listed = ''] = new RegExp(`^\\| \`${name}\` \\| (.*) \\|$`, 'm').exec(page) ?? [];
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, method]) => method!).toSorted()).toEqual(Object.keys(methods).toSorted());
  }
});
