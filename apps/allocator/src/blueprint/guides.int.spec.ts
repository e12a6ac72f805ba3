/** What the guides to blueprints and interfaces show is what runs here: the files of a user, found by their paths. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, jest, test } from '@jest/globals';
import type { Json } from '@slipway/contracts';
import { loadBlueprint, loadInterface, makeBlueprint } from './load.js';
import { BlueprintPlace, blueprintContract, type BlueprintSamples } from './testing/index.js';

jest.setTimeout(60_000);

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const guide = (name: string): string => readFileSync(join(root, 'docs/guides', name), 'utf8');
const shown = guide('write-a-blueprint.md') + guide('write-an-interface.md');
const folder = mkdtempSync(join(tmpdir(), 'slipway-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const suites: string[] = [];
for (const [, language, file, code] of shown.matchAll(/^```(js|ts)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)) {
  if (language === 'ts') suites.push(code!);
  else {
    mkdirSync(dirname(join(folder, file!)), { recursive: true });
    writeFileSync(join(folder, file!), code!);
  }
}

interface Notes {
  write(text: string): Promise<void>;
  read(): Promise<string>;
}
const settings = { name: 'Board', location: 'local', options: {} };
const board = await loadBlueprint(join(folder, 'blueprints/board.mjs'));
const definition = await loadInterface(join(folder, 'interfaces/notes.mjs'));

/** As the guide has them: a test holds them against each other. */
const samples: BlueprintSamples = {
  works: ({ outputs }) => access(join(String(outputs['folder']), 'title')),
  gone: async ({ id }, place) => {
    // A tombstone is what remains.
    expect((await readdir(join(place.folder, 'Board', id)).catch(() => [])).filter((name) => name !== 'g1')).toEqual([]);
  },
  use: async (holding) => {
    const notes = await holding.interface<Notes>('notes');
    await notes.write('remember the milk');
    return () => notes.write('and the bread');
  },
  standOn: async (_holding, { notes }) => {
    await writeFile(String(notes), 'remember the milk');
    return () => access(String(notes));
  },
  breaks: [
    {
      what: 'its folder was removed',
      by: ({ outputs }) => rm(String(outputs['folder']), { recursive: true }),
      reason: /is gone/,
    },
  ],
};

blueprintContract('board of the guide', () => makeBlueprint(board, settings), samples);

const squeezed = (text: string): string => text.replaceAll(/\s+/g, '').replaceAll(/,(?=[}\])])/g, '');

test('the suite of the guide is the one that ran', () => {
  const own = squeezed(readFileSync(fileURLToPath(import.meta.url), 'utf8'));
  const [, body] = /\{ name: 'Board', location: 'local', options: \{\} \}\), \{\n([\s\S]*)\n\}\);/.exec(suites[0]!)!;
  expect(own).toContain(squeezed(`${body}}`));
});

test('the interface of the guide is called as its definition says', async () => {
  const place = await BlueprintPlace.make();
  try {
    const held = await place.hold(makeBlueprint(board, settings));
    const on = (await held.interface('notes')) as never;
    const told = {
      signal: new AbortController().signal,
      blobs: (await place.context(makeBlueprint(board, settings))).blobs,
      line: () => {},
      lines: async () => {},
    };
    const call = (method: string, given: Record<string, Json>) => definition.methods[method]!.call(on, given, told);
    await call('write', { text: 'one' });
    await call('write', { text: 'two' });
    expect(await call('read', {})).toEqual(['one', 'two']);
  } finally {
    await place.remove();
  }
});

test.each([
  ['throw new Error("no");', /cannot be loaded: no/],
  ['export const other = 1;', /exports no function blueprint/],
])('a file that is no blueprint is named with the reason: %s', async (code, reason) => {
  const file = join(folder, `wrong-${code.length}.mjs`);
  writeFileSync(file, code);
  await expect(loadBlueprint(file)).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringMatching(reason) });
});

test('a blueprint that cannot do what it says is refused', () => {
  const refused = (change: object) => () =>
    makeBlueprint((given, kit) => ({ ...board(given, kit), ...change }) as never, settings);
  expect(refused({ allocate: undefined })).toThrow(/says that it can allocate/);
  expect(refused({ can: ['allocate'], destroy: undefined })).toThrow(/cannot destroy/);
  expect(refused({ type: 'My Board' })).toThrow(/no name of a type/);
});
