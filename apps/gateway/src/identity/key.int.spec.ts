import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keyFile, loadOrMakeKey } from './key.js';

describe("the gateway's key", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once: 256 bits as base64url, in a file of mode 0600, with nothing left beside it', () => {
    const key = loadOrMakeKey(folder);
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(keyFile(folder)).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyFile(folder), 'utf8').trim()).toBe(key);
    expect(loadOrMakeKey(folder)).toBe(key);
    expect(readdirSync(folder)).toEqual(['gateway.key']);
  });

  it('differs from mesh to mesh', () => {
    expect(loadOrMakeKey(folder)).not.toBe(loadOrMakeKey(join(folder, 'other')));
  });

  it('is refused when others may read it, with the way out', () => {
    loadOrMakeKey(folder);
    chmodSync(keyFile(folder), 0o640);
    expect(() => loadOrMakeKey(folder)).toThrow(/chmod 600/);
  });

  it('is refused when the file holds no key', () => {
    writeFileSync(keyFile(folder), 'letmein\n', { mode: 0o600 });
    expect(() => loadOrMakeKey(folder)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });
});
