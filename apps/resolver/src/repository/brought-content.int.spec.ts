import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { systemClock } from '@slipway/contracts';
import { pino } from 'pino';
import { broughtContent } from './brought-content.js';
import { Repository } from './repository.js';

describe('the layer plugin', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-brought-'));
    await mkdir(join(root, 'content'));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Installs a package of npm, with files below it. */
  async function install(name: string, slipway: object, files: Record<string, string> = {}): Promise<void> {
    const folder = join(root, 'node_modules', name);
    const all = { 'package.json': JSON.stringify({ name, version: '1.0.0', slipway }), ...files };
    for (const [path, text] of Object.entries(all)) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }
  const package_ = (name: string, ...keys: string[]) =>
    `name: ${name}\nversion: 1.0.0\ndefinitions:\n${keys.map((key) => `  - { name: ${key}, version: 1.0.0 }\n`).join('')}`;
  const hosts = (...names: string[]) =>
    Object.fromEntries(names.map((name, index) => [`p${index}`, { package: name, provides: { storage: 'notes' } }]));
  async function repository(...names: string[]): Promise<Repository> {
    const brought = await broughtContent({ hosts: hosts(...names), folder: root });
    const given = {
      folder: join(root, 'content'),
      blobs: new MemoryBlobs(),
      clock: systemClock,
      logger: pino({ level: 'silent' }),
    };
    const opened = new Repository({ ...given, brought });
    await opened.refresh();
    return opened;
  }

  test('holds what the packages of provisioners bring, each by itself, and nothing else of them', async () => {
    await install(
      '@acme/notes',
      { content: './content' },
      {
        'content/package.yaml': package_('notes', 'note'),
        'other/package.yaml': package_('other', 'other'),
      },
    );
    await install('tapes', { content: 'deep/content' }, { 'deep/content/package.yaml': package_('tapes', 'tape') });
    await install('plain', { provisioner: './index.mjs' });
    const { stack, problems } = await repository('@acme/notes', 'tapes', 'plain', 'not-installed');
    expect(stack.inForce().map(({ key, package: { layer, source } }) => [key, layer, source])).toEqual([
      ['note@1.0.0', 'plugin', join(root, 'node_modules/@acme/notes')],
      ['tape@1.0.0', 'plugin', join(root, 'node_modules/tapes/deep')],
    ]);
    expect(problems).toEqual([]);
  });

  test('is not overridden: what collides with it is refused whole, by its name', async () => {
    await install('tapes', { content: 'content' }, { 'content/package.yaml': package_('tapes', 'tape') });
    const before = await repository('tapes');
    expect(before.stack.inForce().map(({ package: { layer } }) => layer)).toEqual(['plugin']);
    await writeFile(join(root, 'content/mine.yaml'), package_('mine', 'tape', 'other'));
    await before.refresh();
    expect(before.stack.inForce().map(({ key, package: { layer } }) => [key, layer])).toEqual([['tape@1.0.0', 'plugin']]);
    expect(before.problems).toEqual([
      expect.stringContaining(
        'tape@1.0.0 stands in the layer plugin (content package tapes), and the layer plugin may not be overridden',
      ),
    ]);
  });

  test.each<[string, object, RegExp]>([
    ['leads out of its package', { content: '../elsewhere' }, /elsewhere is no folder of the package/],
    ['is the package itself', { content: '.' }, /is no folder of the package/],
    ['is no path', { content: 7 }, /7 is no folder of the package/],
  ])('takes no content that %s, and says so', async (_what, slipway, problem) => {
    await install('tapes', slipway);
    const { problems, stack } = await repository('tapes');
    expect([stack.inForce(), problems.join()]).toEqual([[], expect.stringMatching(problem)]);
  });

  test('says where a folder is not there', async () => {
    await install('tapes', { content: 'content' });
    expect((await repository('tapes')).problems).toEqual([expect.stringMatching(/node_modules\/tapes\/content: is not there/)]);
  });
});
