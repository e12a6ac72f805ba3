import { expect, test } from '@jest/globals';
import type { ResourceDrift } from '@slipway/contracts';
import { ignoring } from './ignore.js';

const changed = (key: string, ...fields: string[]): ResourceDrift => ({
  ...{ key, drift: 'changed', generation: 1, location: 'local', driver: 'directory', adoptable: true },
  differences: fields.map((field) => ({ field, recorded: 1, found: 2 })),
});
const extra = (key: string): ResourceDrift => ({
  ...{ key, drift: 'extra', generation: 1, location: 'local', driver: 'directory', differences: [], where: '/x', reason: 'so' },
});

const items = [
  changed('storage/a', 'mode', 'owner'),
  changed('instance/b', 'limits.cpus', 'limitsOf'),
  changed('database/c', 'schema'),
  extra('storage/left'),
];

test.each([
  ['nothing', [], ['storage/a mode owner', 'instance/b limits.cpus limitsOf', 'database/c schema', 'storage/left']],
  ['a field, wherever', ['mode'], ['storage/a owner', 'instance/b limits.cpus limitsOf', 'database/c schema', 'storage/left']],
  [
    'a field means what is below it too, and nothing that only begins so',
    ['limits'],
    ['storage/a mode owner', 'instance/b limitsOf', 'database/c schema', 'storage/left'],
  ],
  ['a key', ['storage/a'], ['instance/b limits.cpus limitsOf', 'database/c schema', 'storage/left']],
  ['keys of a kind, also what is extra', ['storage/*'], ['instance/b limits.cpus limitsOf', 'database/c schema']],
  [
    'a field of keys: what is extra has none',
    ['storage/*:*', 'database/*:schema'],
    ['instance/b limits.cpus limitsOf', 'storage/left'],
  ],
  [
    'a dot is no pattern',
    ['storage/.*', 'm.de'],
    ['storage/a mode owner', 'instance/b limits.cpus limitsOf', 'database/c schema', 'storage/left'],
  ],
  ['everything', ['*/*'], []],
])('ignoring %s', (_what, rules, left) => {
  const counted = ignoring(items, rules);
  expect(counted.items.map(({ key, differences }) => [key, ...differences.map(({ field }) => field)].join(' '))).toEqual(left);
  // What is not counted is told, each with its rule.
  const told =
    counted.items.flatMap(({ differences }) => differences).length +
    counted.items.filter(({ drift }) => drift === 'extra').length;
  expect(counted.ignored).toHaveLength(6 - told);
  for (const { rule } of counted.ignored) expect(rules).toContain(rule);
});
