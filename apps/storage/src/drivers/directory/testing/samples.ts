import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import type { DriverSamples } from '@slipway/provisioner/testing';

/** Hardly to be compressed. */
const CONTENT = randomBytes(200_000);

/** What the driver `directory` is tried with, whichever way its place is reached. */
export const samples: DriverSamples = {
  module: new URL('../../../../dist/drivers/directory/directory.js', import.meta.url).href,
  make: 'directoryDriver',
  prepare: async () => ({ spec: { mode: '0711', owner: `${process.getuid!()}`, sizeLimit: '1MiB' } }),
  works: async ({ outputs }) => {
    const file = join(String(outputs['path']), 'file');
    await writeFile(file, 'kept');
    expect(await readFile(file, 'utf8')).toBe('kept');
  },
  gone: async ({ outputs }) => {
    await expect(stat(String(outputs['path']))).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ENOTDIR/) });
  },
  data: {
    async put({ outputs }) {
      const path = String(outputs['path']);
      await mkdir(join(path, 'deep', 'empty'), { recursive: true });
      await writeFile(join(path, 'deep', 'long'), CONTENT, { mode: 0o640 });
      await writeFile(join(path, 'run'), '#!/bin/sh', { mode: 0o700 });
      await symlink('deep/long', join(path, 'link'));
    },
    async has({ outputs }) {
      const path = String(outputs['path']);
      expect((await readdir(path, { recursive: true })).toSorted()).toEqual(['deep', 'deep/empty', 'deep/long', 'link', 'run']);
      expect((await readFile(join(path, 'deep', 'long'))).equals(CONTENT)).toBe(true);
      expect((await lstat(join(path, 'deep', 'long'))).mode & 0o777).toBe(0o640);
      expect((await lstat(join(path, 'run'))).mode & 0o777).toBe(0o700);
      expect(await readlink(join(path, 'link'))).toBe('deep/long');
      expect((await lstat(join(path, 'link'))).uid).toBe(process.getuid!());
    },
  },
  changed: {
    spec: { mode: '0750', owner: `${process.getuid!()}`, sizeLimit: '2MiB' },
    holds: async ({ observed }) => {
      expect(observed).toMatchObject({ mode: '0750', sizeLimit: { bytes: 2 * 1024 ** 2 } });
    },
  },
  byHand: [
    {
      what: 'its mode is changed',
      change: ({ outputs }) => chmod(String(outputs['path']), 0o777),
      drift: 'changed',
      fields: ['mode'],
      repair: 'update',
    },
    {
      what: 'its folder is removed, its mark stays',
      change: ({ outputs }) => rm(String(outputs['path']), { recursive: true }),
      drift: 'missing',
      fields: ['exists'],
      repair: 'update',
    },
    {
      what: 'all of it is removed',
      change: ({ outputs }) => rm(dirname(String(outputs['path'])), { recursive: true }),
      drift: 'missing',
      fields: ['state'],
      repair: 'ensure',
    },
  ],
};
