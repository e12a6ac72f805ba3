import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobs } from '@slipway/blobs';
import { hashOf, systemClock, type ResourceKind } from '@slipway/contracts';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { openSecrets } from '@slipway/secrets';
import type { DriverContext, Target } from '../driver.js';
import { abortable } from '../step/driver-context.js';

/** What a driver said while it worked. */
export interface Said {
  log: string[];
  progress: { fraction: number | undefined; message: string }[];
}

/** A real place in a temporary folder, the same for every process that opens it. */
export class ContractPlace {
  private constructor(readonly folder: string) {}

  static async make(): Promise<ContractPlace> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-driver-'));
    await chmod(folder, 0o711);
    await mkdir(join(folder, 'root'), { mode: 0o711 });
    await mkdir(join(folder, 'secrets'), { mode: 0o700 });
    return new ContractPlace(folder);
  }

  static at(folder: string): ContractPlace {
    return new ContractPlace(folder);
  }

  get root(): string {
    return join(this.folder, 'root');
  }

  /** A driver's context, and what the driver says in it. */
  async context(signal: AbortSignal = new AbortController().signal): Promise<DriverContext & { said: Said }> {
    const said: Said = { log: [], progress: [] };
    return {
      said,
      command: abortable(localCommand(), signal),
      filesystem: localFilesystem(),
      blobs: await openBlobs({ folder: join(this.folder, 'blobs') }),
      secrets: await openSecrets({ folder: join(this.folder, 'secrets'), keyFile: join(this.folder, 'secrets.key') }),
      clock: systemClock,
      root: this.root,
      signal,
      changing: async () => signal.throwIfAborted(),
      progress: (fraction, message) => void said.progress.push({ fraction, message }),
      log: (line) => void said.log.push(line),
    };
  }

  target(kind: ResourceKind, name: string, generation = 1, epoch = 1): Target {
    const definition = { name: 'sample', version: '1.0.0', hash: hashOf(name) };
    return { resource: { environment: 'default', kind, name }, generation, epoch, definition };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
