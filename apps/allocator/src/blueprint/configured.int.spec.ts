import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { configured } from './configured.js';

describe('blueprints and interfaces of the configuration', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-configured-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  test('are those that come with Slipway, by name or kind, and files of users', async () => {
    const mine = await file(
      'mine.mjs',
      `export const blueprint = (settings, { declared }) =>
        declared(settings, { type: 'note', interfaces: ['notes'] }, { interface: async () => ({ all: () => [] }) });`,
    );
    const notes = await file(
      'notes.mjs',
      `export const definition = { name: 'notes', methods: { all: { arguments: { type: 'object' }, description: 'All', call: (on) => on.all() } } };`,
    );
    const { blueprints, interfaces, problems } = await configured({
      blueprints: {
        LocalHost: { location: 'local' },
        Big: { location: 'far', kind: 'LocalHost', capacity: 9, limits: { resources: 2 }, owner: { id: 'olga', type: 'user' } },
        Mine: { location: 'local', file: mine },
      },
      interfaces: { notes: { file: notes } },
    });
    expect(problems).toEqual([]);
    expect([...blueprints.keys()]).toEqual(['LocalHost', 'Big', 'Mine']);
    expect(blueprints.get('Big')).toMatchObject({ location: 'far', capacity: 9, owner: { id: 'olga' }, type: 'host' });
    expect(blueprints.get('Big')!.limits.resources).toBe(2);
    expect(blueprints.get('Mine')).toMatchObject({ type: 'note', interfaces: ['notes'] });
    expect(interfaces.get('notes')?.methods).toHaveProperty('all');
    expect(interfaces.has('command')).toBe(true);
  });

  test('are told where they cannot be used, and keep the others from nothing', async () => {
    const hangs = await file(
      'hangs.mjs',
      'await new Promise((resolve) => setTimeout(resolve, 3_000).unref()); export const blueprint = () => ({});',
    );
    const other = await file(
      'other.mjs',
      `export const definition = { name: 'other', methods: { all: { arguments: {}, call: () => null } } };`,
    );
    const { blueprints, problems } = await configured(
      {
        blueprints: {
          Gone: { location: 'local', file: join(folder, 'nowhere.mjs') },
          Hangs: { location: 'local', file: hangs },
          Unknown: { location: 'local' },
          Licence: { location: 'local' },
          LocalHost: { location: 'local' },
        },
        interfaces: { notes: { file: other } },
      },
      500,
    );
    expect([...blueprints.keys()]).toEqual(['LocalHost']);
    expect(problems).toEqual([
      expect.stringMatching(/^The blueprint Gone cannot be used: .*nowhere\.mjs/),
      expect.stringMatching(/^The blueprint Hangs cannot be used: it has not loaded within 0\.5 s/),
      expect.stringMatching(/^The blueprint Unknown cannot be used: there is no blueprint Unknown; there are .*LocalHost/),
      expect.stringMatching(/^The blueprint Licence cannot be used: .*product/),
      expect.stringMatching(/^The interface notes cannot be used: its file defines other/),
    ]);
  });

  test.each([
    ['a type that leases are called by', `{ type: 'lease' }`, /makes lease/],
    [
      'an attribute that matches nothing',
      `{ attributes: { name: { default: '', matches: '(' } } }`,
      /attribute name whose matches is no/,
    ],
    ['no time for its work', `{ workSeconds: { allocate: 0 } }`, /allocate may take 0 s/],
  ])('a blueprint that has %s is refused when it is loaded', async (what, saying, reason) => {
    const mine = await file(
      `${what}.mjs`,
      `export const blueprint = (settings, { declared }) =>
        declared(settings, { type: 'note', interfaces: [], ...${saying} }, { interface: async () => ({}) });`,
    );
    const { problems } = await configured({ blueprints: { Mine: { location: 'local', file: mine } }, interfaces: {} });
    expect(problems).toEqual([expect.stringMatching(reason)]);
  });

  test.each([
    ['no methods', '{}', /defines no methods/],
    [
      'arguments that are no schema',
      `{ all: { arguments: { type: 'word' }, call: () => null } }`,
      /all whose arguments are no JSON Schema/,
    ],
  ])('an interface that has %s is refused when it is loaded', async (what, methods, reason) => {
    const mine = await file(`${what}.mjs`, `export const definition = { name: 'mine', methods: ${methods} };`);
    const { problems } = await configured({ blueprints: {}, interfaces: { mine: { file: mine } } });
    expect(problems).toEqual([expect.stringMatching(reason)]);
  });
});
