/** What `docs/guides/add-a-driver.md` shows is compiled as it stands there, and its driver runs the contract suite. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { access, chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Driver } from './driver.js';
import { driverContract } from './testing/driver-contract.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/add-a-driver.md'), 'utf8');
const folder = join(root, 'libs/provisioner/dist/guide');

/** Each block of TypeScript names its file in its first line. */
const blocks = [...guide.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, file, code]) => ({
  file: file!,
  code: code!,
}));

function compile(): string {
  rmSync(folder, { recursive: true, force: true });
  for (const { file, code } of blocks) {
    const path = join(folder, 'src', file.replace('apps/storage/src/', ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  const options = { rootDir: 'src', outDir: 'dist', customConditions: [], composite: false, incremental: false };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../../tsconfig.base.json', compilerOptions: options, include: ['src'] }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  return pathToFileURL(join(folder, 'dist/drivers/scratch/scratch.js')).href;
}

const module = compile();
const { scratchDriver } = (await import(module)) as { scratchDriver(): Driver };

test('the guide shows a driver, its test and its registration', () => {
  expect(blocks.map(({ file }) => file)).toEqual([
    'apps/storage/src/drivers/scratch/scratch.ts',
    'apps/storage/src/drivers/scratch/scratch.contract.int.spec.ts',
    'apps/storage/src/index.ts',
  ]);
});

const CONTENT = randomBytes(200_000);

driverContract('scratch of the guide', scratchDriver, {
  module,
  make: 'scratchDriver',
  prepare: async () => ({ spec: {} }),
  works: ({ outputs }) => writeFile(join(String(outputs['path']), 'file'), 'kept'),
  gone: async ({ outputs }) => {
    await expect(access(String(outputs['path']))).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ENOTDIR/) });
  },
  data: {
    put: ({ outputs }) => writeFile(join(String(outputs['path']), 'long'), CONTENT),
    has: async ({ outputs }) => {
      expect((await readFile(join(String(outputs['path']), 'long'))).equals(CONTENT)).toBe(true);
    },
  },
  byHand: [
    {
      what: 'its mode is changed',
      change: ({ outputs }) => chmod(String(outputs['path']), 0o700),
      drift: 'changed',
      fields: ['mode'],
    },
  ],
  points: 3,
});
