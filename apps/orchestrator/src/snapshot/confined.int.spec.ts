import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SnapshotManifest } from '@slipway/contracts';
import type { Archives } from '../ports.js';
import { confined } from './confined.js';

const manifest = {} as SnapshotManifest;
let root: string;
let reached: string[];
let archives: Archives;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-stores-'));
  for (const folder of ['store/2026', 'outside']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'store/2026/shop.tar'), '');
  await writeFile(join(root, 'outside/secret'), '');
  await symlink(join(root, 'outside/secret'), join(root, 'store/link.tar'));
  await symlink('../outside', join(root, 'store/away'));
  await symlink('2026', join(root, 'store/newest'));
  reached = [];
  const reach = (path: string) => {
    reached.push(path);
    return manifest;
  };
  const all: Archives = {
    write: async (_manifest, _holder, path) => void reach(path),
    remove: async (path) => void reach(path),
    look: async (path) => reach(path),
    read: async (path) => reach(path),
  };
  archives = confined(all, [join(root, 'store')]);
});
afterEach(() => rm(root, { recursive: true }));

describe('archives in stores', () => {
  test.each(['store/2026/shop.tar', 'store/newest/shop.tar', 'store/new/folder/shop.tar', 'store/shop.tar'])(
    '%s is reached',
    async (path) => {
      await archives.write(manifest, 'h', join(root, path));
      await archives.read(join(root, path), 'h');
      await archives.look(join(root, path));
      await archives.remove(join(root, path));
      expect(reached).toEqual(Array.from({ length: 4 }, () => join(root, path)));
    },
  );

  test.each(['store/link.tar', 'store/away/secret', 'outside/secret'])('%s is not read', async (path) => {
    await expect(archives.look(join(root, path))).rejects.toMatchObject({ code: 'bad-input' });
    await expect(archives.read(join(root, path), 'h')).rejects.toMatchObject({ code: 'bad-input' });
    expect(reached).toEqual([]);
  });

  test.each(['store/away/shop.tar', 'store/away/new/shop.tar', 'outside/shop.tar'])(
    '%s is neither written nor removed',
    async (path) => {
      await expect(archives.write(manifest, 'h', join(root, path))).rejects.toMatchObject({ code: 'bad-input' });
      await expect(archives.remove(join(root, path))).rejects.toMatchObject({ code: 'bad-input' });
      expect(reached).toEqual([]);
    },
  );
});
