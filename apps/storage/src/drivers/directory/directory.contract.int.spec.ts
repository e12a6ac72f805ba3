import { expect } from '@jest/globals';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driverContract } from '@slipway/provisioner/testing';
import { directoryDriver } from './directory.js';

driverContract('directory', directoryDriver, {
  module: new URL('../../../dist/drivers/directory/directory.js', import.meta.url).href,
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
  points: 20,
});
