import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from '@jest/globals';
import type { Filesystem } from '../filesystem.js';
import { filesContract } from './filesystem/files-contract.js';
import { packContract } from './filesystem/pack-contract.js';
import type { Setting } from './filesystem/setting.js';
import { unpackContract } from './filesystem/unpack-contract.js';

/** The contract of {@link Filesystem}: every maker runs it. `make` is asked for one whose place is this machine. */
export function describeFilesystem(maker: string, make: () => Filesystem): void {
  describe(`filesystem contract: ${maker}`, () => {
    let folder: string;
    const setting: Setting = { filesystem: make(), at: (...names) => join(folder, ...names) };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'slipway-filesystem-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    filesContract(setting);
    unpackContract(setting);
    packContract(setting);
  });
}
