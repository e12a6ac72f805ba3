import { describe, expect, test } from '@jest/globals';
import { LIMITS, PortableEntries } from './portable-entries.js';

const refusal = (reason: RegExp) => expect.objectContaining({ code: 'archive-invalid', message: expect.stringMatching(reason) });

describe('The entries of a tar are bounded', () => {
  test('T5: in depth: a name of 4 KiB cannot imply two thousand folders', () => {
    const entries = new PortableEntries();
    const deep = (depth: number) => `${'a/'.repeat(depth - 1)}f`;
    expect(entries.add({ name: deep(LIMITS.depth), type: 'file' })).toBe(deep(LIMITS.depth));
    expect(() => entries.add({ name: `n/${deep(LIMITS.depth)}`, type: 'file' })).toThrow(refusal(/more than 256 folders deep/));
    expect(() => entries.add({ name: deep(2_041), type: 'directory' })).toThrow(refusal(/more than 256 folders deep/));
  });

  test('T5: folders that are only implied count as entries do, each once', () => {
    const entries = new PortableEntries({ ...LIMITS, entries: 10 });
    for (const name of ['a/b/c/1', 'a/b/c/2', 'a/b/c/3', 'a/b/d/1', 'a/b']) {
      entries.add({ name, type: name === 'a/b' ? 'directory' : 'file' });
    }
    entries.add({ name: 'e', type: 'file' });
    expect(() => entries.add({ name: 'f/g', type: 'file' })).toThrow(refusal(/more than 10 entries, and folders on the way/));
  });

  test('T5: the top as an entry counts, however often it comes', () => {
    const entries = new PortableEntries({ ...LIMITS, entries: 3 });
    for (let count = 0; count < 3; count += 1) entries.add({ name: './', type: 'directory' });
    expect(() => entries.add({ name: './', type: 'directory' })).toThrow(refusal(/more than 3 entries/));
  });

  test('T5: the bytes of all names together, a folder’s counted once', () => {
    const entries = new PortableEntries({ ...LIMITS, namesBytes: 1_000 });
    const folder = 'n'.repeat(200);
    for (let count = 0; count < 80; count += 1) entries.add({ name: `${folder}/${1_000_000_000 + count}`, type: 'file' });
    expect(() => entries.add({ name: `${folder}/x`, type: 'file' })).toThrow(refusal(/more than 1000 bytes together/));
  });
});
