import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openCache } from './cache-folder.js';

describe('the cache as files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-orchestrator-cache-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('gives back what was kept', () => {
    const first = openCache(join(folder, 'new'));
    expect(first.environments.read()).toBeUndefined();
    first.environments.write({ position: 'p1', names: ['default'] });
    first.snapshots.put('environment-default', 1, { revision: 7, position: 'p1', eventId: 'e', state: { paused: true } });
    first.close();
    const second = openCache(join(folder, 'new'));
    expect(second.environments.read()).toEqual({ position: 'p1', names: ['default'] });
    expect(second.snapshots.get('environment-default', 1)).toMatchObject({ revision: 7, state: { paused: true } });
    expect(second.snapshots.get('environment-default', 2)).toBeNull();
    second.close();
  });

  test.each(['', '{"position": 7, "names": []}', '{"position": "p', '[]', 'null'])(
    'what is not whole is as good as none: %j',
    (text) => {
      writeFileSync(join(folder, 'environments.json'), text);
      const cache = openCache(folder);
      expect(cache.environments.read()).toBeUndefined();
      cache.close();
    },
  );

  test('a damaged file of snapshots is made anew', () => {
    writeFileSync(join(folder, 'snapshots.sqlite'), 'this is no database, '.repeat(500));
    const cache = openCache(folder);
    expect(cache.snapshots.get('environment-default', 1)).toBeNull();
    cache.close();
  });
});
