import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cacheFile } from './cache-file.js';
import type { Remembered } from './registry.js';

const remembered: Remembered = {
  position: 'log.1.00000000000000000007',
  entries: [
    {
      ref: { environment: 'default', kind: 'storage', name: 'shop-data' },
      revision: 1,
      location: 'local',
      driver: 'directory',
      generation: 1,
      wanted: true,
      there: true,
    },
  ],
};

describe('the file of the list of own resources', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
    path = join(folder, 'cache', 'resources.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('gives back what was saved, and nothing before there is any', async () => {
    expect(await cacheFile(path).load()).toBeUndefined();
    await cacheFile(path).save(remembered);
    expect(await cacheFile(path).load()).toEqual(remembered);
  });

  test('counts as none when it is damaged anywhere or cut off', async () => {
    await cacheFile(path).save(remembered);
    const whole = await readFile(path);
    for (let at = 0; at < whole.length - 1; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      await writeFile(path, damaged);
      expect(await cacheFile(path).load()).toBeUndefined();
    }
    await writeFile(path, whole);
    await truncate(path, Math.floor(whole.length / 2));
    expect(await cacheFile(path).load()).toBeUndefined();
  });
});
