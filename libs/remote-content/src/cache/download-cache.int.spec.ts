import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RemoteRefused } from '../failures.js';
import { DownloadCache, type Wanted } from './download-cache.js';

const digest = (algorithm: string, content: string) => createHash(algorithm).update(content).digest('hex');
const sends = (content: string) => async () =>
  (async function* () {
    for (const letter of content) yield Buffer.from(letter);
  })();
const never = async () => {
  throw new Error('it is downloaded again');
};

describe('the cache', () => {
  let folder: string;
  let cache: DownloadCache;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-cache-'));
    cache = new DownloadCache({ folder, maxBytes: 20 });
  });
  afterEach(async () => {
    await cache.settled();
    await rm(folder, { recursive: true });
  });
  const got = async (wanted: Wanted, download: Parameters<DownloadCache['get']>[1], from = cache) => {
    const { content, ...found } = await from.get(wanted, download);
    return { ...found, text: await text(content) };
  };
  const hello = { sha256: digest('sha256', 'hello'), bytes: 5, text: 'hello' };

  it.each(['sha256', 'sha512', 'sha1'] as const)(
    'keeps what has the %s that was promised, over restarts, and for others',
    async (algorithm) => {
      const wanted: Wanted = { name: 'a', checksum: { algorithm, hex: digest(algorithm, 'hello') } };
      expect(await got(wanted, sends('hello'))).toEqual(hello);
      expect(await got(wanted, never)).toEqual(hello);
      expect(await got(wanted, never, new DownloadCache({ folder, maxBytes: 20 }))).toEqual(hello);
      const byItsSum: Wanted = { name: 'of another repository', checksum: { algorithm: 'sha256', hex: hello.sha256 } };
      expect(await got(byItsSum, never)).toEqual(hello);
    },
  );

  it('keeps by its name what nobody promised anything of', async () => {
    expect(await got({ name: 'a 1' }, sends('hello'))).toEqual(hello);
    expect(await got({ name: 'a 1' }, never)).toEqual(hello);
    expect((await got({ name: 'a 2' }, sends('other'))).text).toBe('other');
  });

  it.each(['sha256', 'sha512', 'sha1'] as const)('refuses what has another %s, and keeps nothing of it', async (algorithm) => {
    const wanted: Wanted = { name: 'a', checksum: { algorithm, hex: digest(algorithm, 'hello') } };
    const refused = await got(wanted, sends('hallo')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RemoteRefused);
    expect((refused as Error).message).toContain(`its ${algorithm} is ${digest(algorithm, 'hallo')}, not`);
    expect([await readdir(join(folder, 'content')), await readdir(join(folder, 'unfinished'))]).toEqual([[], []]);
    expect((await got(wanted, sends('hello'))).text).toBe('hello');
  });

  it('never gives one repository what another promised under the same weak checksum', async () => {
    const checksum = { algorithm: 'sha1', hex: digest('sha1', 'hello') } as const;
    await got({ name: 'http://one/a', checksum }, sends('hello'));
    await expect(got({ name: 'http://other/a', checksum }, never)).rejects.toThrow('downloaded again');
  });

  it('keeps nothing of what breaks off', async () => {
    const breaks = async () =>
      (async function* () {
        yield Buffer.from('hel');
        throw new Error('broken off');
      })();
    await expect(got({ name: 'a' }, breaks)).rejects.toThrow('broken off');
    expect([await readdir(join(folder, 'content')), await readdir(join(folder, 'unfinished'))]).toEqual([[], []]);
  });

  it('downloads once for several who ask at once, and each gets all of it', async () => {
    let downloads = 0;
    const download = () => {
      downloads += 1;
      return sends('hello')();
    };
    const all = await Promise.all(Array.from({ length: 10 }, () => got({ name: 'a' }, download)));
    expect([downloads, new Set(all.map((one) => one.text))]).toEqual([1, new Set(['hello'])]);
  });

  it('downloads anew what was damaged', async () => {
    await got({ name: 'a' }, sends('hello'));
    await writeFile(join(folder, 'content', hello.sha256), 'hullo');
    expect(await got({ name: 'a' }, sends('hello'))).toEqual(hello);
    expect(await readFile(join(folder, 'content', hello.sha256), 'utf8')).toBe('hello');
  });

  it('holds no more than it may: what was used longest ago goes first; what is too large for it is handed on', async () => {
    for (const [index, name] of ['first', 'second', 'third', 'fourth'].entries()) {
      await got({ name }, sends(name.padEnd(6, '.')));
      const at = new Date(Date.now() - (10 - index) * 1000);
      await utimes(join(folder, 'content', digest('sha256', name.padEnd(6, '.'))), at, at).catch(() => undefined);
      await cache.settled();
      // It is used, so that another one is the oldest.
      if (name === 'third') await got({ name: 'first' }, never);
    }
    expect((await readdir(join(folder, 'content'))).length).toBe(3);
    expect((await readdir(join(folder, 'names'))).length).toBe(3);
    await expect(got({ name: 'second' }, never)).rejects.toThrow('downloaded again');
    expect((await got({ name: 'first' }, never)).text).toBe('first.');
    expect((await got({ name: 'large' }, sends('x'.repeat(21)))).text).toBe('x'.repeat(21));
    expect((await readdir(join(folder, 'unfinished'))).length).toBe(0);
    await expect(got({ name: 'large' }, never)).rejects.toThrow('downloaded again');
  });

  it('takes away what a crash has left half', async () => {
    await mkdir(join(folder, 'unfinished'), { recursive: true });
    const old = new Date(Date.now() - 25 * 3600 * 1000);
    for (const name of ['old', 'new']) await writeFile(join(folder, 'unfinished', name), 'half');
    await utimes(join(folder, 'unfinished', 'old'), old, old);
    await got({ name: 'a' }, sends('hello'));
    await cache.settled();
    expect(await readdir(join(folder, 'unfinished'))).toEqual(['new']);
  });
});
