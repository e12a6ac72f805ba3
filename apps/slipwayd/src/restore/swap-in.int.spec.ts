import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { swapInRestore } from './swap-in.js';

describe('a staged restore', () => {
  let data: string;
  const put = (path: string, text: string) => {
    mkdirSync(join(data, path, '..'), { recursive: true });
    writeFileSync(join(data, path), text);
  };
  const get = (path: string) => readFileSync(join(data, path), 'utf8');
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'slipway-restore-'));
    for (const name of ['log/log.sqlite', 'blobs/a', 'secrets/s', 'cache/views.sqlite', 'places/kept', 'gateway.key'])
      put(name, 'old');
    for (const name of ['log/log.sqlite', 'blobs/b', 'secrets/s']) put(`restore/${name}`, 'new');
  });
  afterEach(() => rmSync(data, { recursive: true }));

  it('is left alone until it is marked ready', () => {
    expect(swapInRestore(data)).toBeNull();
    expect(get('log/log.sqlite')).toBe('old');
  });

  it('takes the place of log, blobs and secrets; keeps what was there; forgets the caches; touches nothing else', () => {
    put('restore/ready', '');
    const before = swapInRestore(data);
    expect(before).toBe(join(data, 'before-restore-1'));
    expect(get('log/log.sqlite')).toBe('new');
    expect(get('blobs/b')).toBe('new');
    expect(existsSync(join(data, 'blobs/a'))).toBe(false);
    expect(get('before-restore-1/log/log.sqlite')).toBe('old');
    expect(existsSync(join(data, 'cache'))).toBe(false);
    expect(get('places/kept')).toBe('old');
    expect(existsSync(join(data, 'restore'))).toBe(false);
    expect(swapInRestore(data)).toBeNull();
  });

  it('is carried on after an interruption between two renames', () => {
    put('restore/ready', '');
    mkdirSync(join(data, 'before-restore-1.part'));
    rmSync(join(data, 'log'), { recursive: true });
    mkdirSync(join(data, 'before-restore-1.part/log'));
    writeFileSync(join(data, 'before-restore-1.part/log/log.sqlite'), 'old');
    swapInRestore(data);
    expect(get('log/log.sqlite')).toBe('new');
    expect(get('before-restore-1/log/log.sqlite')).toBe('old');
    expect(get('before-restore-1/blobs/a')).toBe('old');
  });
});
