import { existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DriverContext } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import { put, take } from './standing.js';

describe('files in a target', () => {
  let place: ContractPlace;
  let context: DriverContext;
  let one: { source: string; path: string };
  beforeEach(async () => {
    place = await ContractPlace.make();
    context = await place.context();
    one = { source: join(place.folder, 'generation/lib.jar'), path: join(place.folder, 'target/lib/1.0/lib.jar') };
    mkdirSync(dirname(one.source));
    writeFileSync(one.source, 'the library');
    mkdirSync(dirname(one.path), { recursive: true });
  });
  afterEach(() => place.remove());

  /** As the context, but something happens between the look for the same file and the look for any. */
  const between = (happens: () => void): DriverContext => {
    const { filesystem } = context;
    const stat = (path: string) => {
      happens();
      return filesystem.stat(path);
    };
    return {
      ...context,
      filesystem: new Proxy(filesystem, { get: (of, name) => (name === 'stat' ? stat : Reflect.get(of, name)) }),
    };
  };

  test('are found where another process brought them between two looks', async () => {
    expect(
      await put(
        [one],
        between(() => linkSync(one.source, one.path)),
      ),
    ).toBe('found');
  });
  test('of somebody else stay, and are named', async () => {
    const theirs = between(() => writeFileSync(one.path, 'of somebody else'));
    await expect(put([one], theirs)).rejects.toMatchObject({ code: 'foreign', message: expect.stringContaining(one.path) });
    await take([one], join(place.folder, 'target'), context);
    expect(existsSync(one.path)).toBe(true);
  });
  test('are brought, and go with the folders that they leave empty, not with what the layout begins with', async () => {
    expect(await put([one], context)).toBe('made');
    expect(existsSync(one.path)).toBe(true);
    await take([one], join(place.folder, 'target'), context);
    expect(existsSync(dirname(one.path))).toBe(false);
    expect(existsSync(join(place.folder, 'target/lib'))).toBe(true);
  });
});
