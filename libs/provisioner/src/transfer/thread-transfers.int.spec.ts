import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBlobs, openCompressed, type Blobs } from '@slipway/blobs';
import { SlipwayError, systemClock, type Part } from '@slipway/contracts';
import { localFilesystem } from '@slipway/interfaces';
import { dataOf } from '../step/data.js';
import { contentOf } from './at-place.js';
import { threadTransfers } from './thread-transfers.js';
import type { Whole } from './transfers.js';

const MIB = 1024 ** 2;
const HOLDER = '0b8f2c1e-0000-4000-8000-00000000000';

describe('A thread of transfers', () => {
  const filesystem = localFilesystem();
  let folder: string;
  let blobs: Blobs;
  let data: string;
  let told: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-transfers-'));
    blobs = await openBlobs({ folder: join(folder, 'blobs') });
    data = join(folder, 'data');
    await mkdir(join(data, 'deep'), { recursive: true });
    for (let n = 0; n < 3; n += 1) await writeFile(join(data, 'deep', `file-${n}`), randomBytes(MIB));
    await writeFile(join(data, 'text'), 'Somebody was here. '.repeat(100_000));
    told = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const transfers = (much = MIB) => threadTransfers(join(folder, 'blobs'), { much });
  const telling = (signal = new AbortController().signal) => ({
    signal,
    progress: (_fraction: number | undefined, message: string) => void told.push(message),
  });
  const keep = async (what: Whole, holder = `${HOLDER}1`): Promise<Part> => ({
    ...(await transfers().keep(what, holder, telling())),
    mediaType: 'application/x-tar',
  });
  const here = () => ({ ...telling(), blobs, filesystem, clock: systemClock });
  const sha256Of = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');

  test('keeps of a folder and of a file what is kept here, byte by byte, and tells how much', async () => {
    for (const what of [{ folder: data }, { file: join(data, 'text') }]) {
      const there = await transfers().keep(what, `${HOLDER}1`, telling());
      const content = await buffer(await openCompressed(blobs.of(there.holder!), there));
      expect(content.equals(await buffer(await contentOf(what, filesystem)))).toBe(true);
      expect(there).toMatchObject({ contentBytes: content.length, holder: `${HOLDER}1` });
    }
    expect(told.length).toBeGreaterThan(1);
    expect(told[0]).toMatch(/MiB read/);
  });

  test('gives a folder and a file back as they were', async () => {
    const tar = transfers().give(await keep({ folder: data }), telling())!;
    await tar.unpackTo(join(folder, 'copy'));
    for (const name of ['deep/file-0', 'deep/file-1', 'deep/file-2', 'text']) {
      expect(await sha256Of(join(folder, 'copy', name))).toBe(await sha256Of(join(data, name)));
    }
    const file = transfers().give(await keep({ file: join(data, 'text') }), telling())!;
    await file.writeTo(join(folder, 'text'), { mode: 0o640 });
    expect(await filesystem.stat(join(folder, 'text'))).toMatchObject({ mode: 0o640 });
    expect(await sha256Of(join(folder, 'text'))).toBe(await sha256Of(join(data, 'text')));
    expect(told.at(-1)).toMatch(/ of .* restored/);
  });

  test('what is little stays here', async () => {
    const little = transfers(64 * MIB);
    expect(await little.isMuch({ folder: data })).toBe(false);
    expect(await transfers().isMuch({ folder: data })).toBe(true);
    expect(await transfers().isMuch({ file: join(data, 'text') })).toBe(true);
    expect(await transfers().isMuch({ file: join(data, 'nothing') })).toBe(false);
    expect(little.give(await keep({ folder: data }), telling())).toBeUndefined();
  });

  test('many files are much, however small', async () => {
    for (let n = 0; n < 1_001; n += 1) await writeFile(join(data, 'deep', `small-${n}`), '');
    expect(await transfers(64 * MIB).isMuch({ folder: data })).toBe(true);
  });

  test('ends with the same errors as here: what cannot be read out, damage, what is in the way', async () => {
    const part = await keep({ folder: data });
    await symlink('/etc', join(data, 'link'));
    await expect(keep({ folder: data })).rejects.toMatchObject({ code: 'not-portable', details: { entry: 'link' } });
    await expect(keep({ file: join(folder, 'nothing') })).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
    const give = (of: Part) => transfers().give(of, telling())!;
    await expect(give(part).writeTo(join(folder, 'no', 'folder'))).rejects.toMatchObject({ code: 'ENOENT' });
    const blob = join(folder, 'blobs/held', part.holder!, part.sha256);
    const bytes = await readFile(blob);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(blob, bytes);
    await expect(give(part).unpackTo(join(folder, 'broken'))).rejects.toBeInstanceOf(SlipwayError);
    await expect(give({ ...part, sha256: '0'.repeat(64) }).writeTo(join(folder, 'x'))).rejects.toMatchObject({
      code: 'blob-missing',
    });
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  test('an abort ends it with its reason, and nothing half stands', async () => {
    const part = await keep({ folder: data });
    const reason = new SlipwayError('step-cancelled', 'enough');
    const begun = new AbortController();
    const giving = transfers().give(part, telling(begun.signal))!.writeTo(join(folder, 'half'));
    begun.abort(reason);
    await expect(giving).rejects.toBe(reason);
    expect(existsSync(join(folder, 'half'))).toBe(false);
    const keeping = transfers().keep({ folder: data }, `${HOLDER}3`, telling(begun.signal));
    await expect(keeping).rejects.toBe(reason);
    const later = new AbortController();
    const kept = transfers().keep({ folder: data }, `${HOLDER}3`, telling(later.signal));
    later.abort(reason);
    await expect(kept).rejects.toBe(reason);
    expect((await blobs.holders()).map(({ holder }) => holder)).toEqual([`${HOLDER}1`]);
  });

  test('data of a part are what the stream gives, with the thread and without', async () => {
    const part = await keep({ folder: data });
    for (const [name, by] of [
      ['with', transfers()],
      ['without', undefined],
    ] as const) {
      await dataOf(part, here(), by).unpackTo(join(folder, name));
      expect(await sha256Of(join(folder, name, 'text'))).toBe(await sha256Of(join(data, 'text')));
    }
  });
});
