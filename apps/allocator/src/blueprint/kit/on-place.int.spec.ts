import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { localCommand, localFilesystem, type Filesystem } from '@slipway/interfaces';
import { onPlace } from './on-place.js';

describe('files of somebody whose time ends meanwhile', () => {
  let folder: string;
  let ended: AbortController;
  let filesystem: Filesystem;
  const over = new SlipwayError('lease-not-active', 'It is over');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-on-place-'));
    ended = new AbortController();
    const place = { command: localCommand(), filesystem: localFilesystem() };
    filesystem = onPlace(place, { folder, home: folder, variables: {}, signal: ended.signal }).filesystem;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each<[string, (files: Filesystem, content: PassThrough) => Promise<void>]>([
    ['a file that is written', (files, content) => files.writeFile('late', content)],
    ['an archive that is unpacked', (files, content) => files.unpack('.', content)],
  ])('%s is cut off in the middle, and so is where it comes from', async (_what, write) => {
    const content = new PassThrough();
    const writing = expect(write(filesystem, content)).rejects.toBe(over);
    await new Promise((resolve) => void content.write(Buffer.alloc(512), resolve));
    ended.abort(over);
    await writing;
    expect(content.destroyed).toBe(true);
    expect(await readdir(folder)).toEqual([]);
    await expect(write(filesystem, new PassThrough())).rejects.toBe(over);
  });

  test('one that is read is cut off in the middle', async () => {
    const content = await filesystem.openRead('/dev/zero');
    const reading = (async () => {
      for await (const piece of content) if (!ended.signal.aborted && (piece as Buffer).length > 0) ended.abort(over);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError', cause: over });
  });
});
