import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { localFilesystem } from '@slipway/interfaces';
import { Claims } from './claims.js';

jest.setTimeout(120_000);

const always = async () => true;
const range = (size: number) => Array.from({ length: size }, (_, index) => 1000 + index);

describe('claims on numbers', () => {
  let root: string;
  let scratch: string;
  let claims: Claims;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'slipway-claims-'));
    scratch = root;
    claims = new Claims(localFilesystem(), root, 'ports');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const by = (holder: string, attempt = 'a', generation = 1) => ({ holder: `default.${holder}`, generation, attempt });
  const bury = (holder: string, generation = 1) => {
    mkdirSync(join(root, `default.${holder}`), { recursive: true });
    writeFileSync(join(root, `default.${holder}`, `g${generation}`), 'tombstone');
  };
  const scratchOf = (index: number) => {
    const folder = join(root, `scratch-${index}`);
    mkdirSync(folder);
    return folder;
  };
  const files = () => readdirSync(join(root, 'ports'));

  test('C1: of many at once no two get the same number, here and over separate views of the place', async () => {
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        new Claims(localFilesystem(), root, 'ports').take(by(`shop-${index}`), scratchOf(index), range(12), always),
      ),
    );
    const numbers = taken.filter((number) => number !== undefined);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toHaveLength(12);
  });

  test('a full range gives nothing, and gives again what was released', async () => {
    expect(await claims.take(by('one'), scratch, range(2), always)).toBe(1000);
    expect(await claims.take(by('two'), scratch, range(2), always)).toBe(1001);
    expect(await claims.take(by('three'), scratch, range(2), always)).toBeUndefined();
    expect(await claims.release(by('one'))).toBe(true);
    expect(await claims.release(by('one'))).toBe(false);
    expect(await claims.take(by('three'), scratch, range(2), always)).toBe(1000);
  });

  test('what is not usable is passed over and not kept', async () => {
    expect(await claims.take(by('one'), scratch, range(3), async (number) => number === 1002)).toBe(1002);
    expect(files()).toEqual(['1002@default.one@g1@a']);
  });

  test('a generation that was stopped in the middle finds its number again', async () => {
    expect(await claims.take(by('other'), scratch, range(5), always)).toBe(1000);
    expect(await claims.take(by('shop', 'crashed'), scratch, range(5), always)).toBe(1001);
    await claims.release(by('other'));
    expect(await claims.take(by('shop', 'again'), scratch, range(5), always)).toBe(1001);
  });

  test('C2: an attempt that gives up leaves the claim of another attempt of its generation', async () => {
    await claims.take(by('shop', 'first'), scratch, range(5), always);
    await claims.take(by('shop', 'second'), scratch, range(5), always);
    await claims.release(by('shop', 'first'));
    expect(files()).toEqual(['1000@default.shop@g1@second']);
    expect(await claims.take(by('other'), scratch, range(1), always)).toBeUndefined();
  });

  test('C2: what a destroyed generation has left behind is free; what an older or newer one holds is not', async () => {
    await claims.take(by('shop'), scratch, range(1), always);
    expect(await claims.held(1000)).toBe(true);
    bury('shop', 2);
    expect(await claims.take(by('other'), scratch, range(1), always)).toBeUndefined();
    bury('shop', 1);
    expect(await claims.held(1000)).toBe(false);
    expect(await claims.take(by('other'), scratch, range(1), always)).toBe(1000);
    expect(files()).toEqual(['1000@default.other@g1@a']);
  });

  test('C3: what other attempts of a generation have claimed goes once it stands, and nothing of another', async () => {
    await claims.take(by('shop', 'died'), scratch, [1], always);
    await claims.take(by('shop', 'died'), scratch, [2], async (number) => number === 2);
    await claims.take(by('shop', 'made'), scratch, [3], async (number) => number === 3);
    await claims.take(by('shop', 'newer', 2), scratch, [4], always);
    await claims.keepOnly(by('shop', 'made'));
    expect(files()).toEqual(['3@default.shop@g1@made', '4@default.shop@g2@newer']);
  });

  test('release takes all of a generation, and nothing of another', async () => {
    await claims.take(by('shop', 'a', 1), scratch, [1], always);
    await claims.take(by('shop', 'b', 1), scratch, [2], async (number) => number === 2);
    await claims.take(by('shop', 'c', 2), scratch, [3], always);
    await claims.release({ holder: 'default.shop', generation: 1 });
    expect(files()).toEqual(['3@default.shop@g2@c']);
  });
});
