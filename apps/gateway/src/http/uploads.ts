import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { HeldBlobs } from '@slipway/blobs';
import { SlipwayError, type BlobRef, type RequestContext, type SnapshotRecorded } from '@slipway/contracts';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { archiveLimits, readArchive } from '@slipway/snapshots';
import { Orchestrator } from './orchestrator.js';

/**
 * Archives of snapshots that are sent to us. Each has a holder of its own until its snapshot is recorded. From the moment when the orchestrator
 * is asked to record it nothing is removed here, whatever is answered, since it may have been recorded: the orchestrator removes what it
 * refuses, and holders of whose fate nobody was told.
 */
@Injectable()
export class Uploads {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
  ) {}

  /**
   * Reads an archive while it comes in, and has its snapshot recorded. `length`: as its sender says; 0 where nothing is said. Throws
   * `archive-invalid`, `too-large`, and what recording throws.
   */
  async receive(archive: Readable, length: number, context: RequestContext): Promise<SnapshotRecorded> {
    const limit = this.runtime.config.snapshots.maxUploadBytes;
    const tooLarge = new SlipwayError('too-large', `An archive may have at most ${limit} bytes (snapshots.maxUploadBytes)`);
    if (length > limit) throw tooLarge;
    let bytes = 0;
    const passed = (count: number) => {
      bytes += count;
      if (bytes > limit) throw tooLarge;
    };
    const holder = randomUUID();
    const manifest = await this.#store(archive, this.runtime.blobs.of(holder), passed);
    return this.orchestrator.receiveSnapshot(context, { holder, manifest });
  }

  /** All of it, and its manifest; or nothing. */
  async #store(archive: Readable, held: HeldBlobs, passed: (bytes: number) => void): Promise<BlobRef> {
    const { config } = this.runtime;
    try {
      const limits = archiveLimits(config.snapshots.limits, config.dataFolder);
      return await held.put(JSON.stringify(await readArchive(archive, held, { limits, passed })));
    } catch (error) {
      await held.remove().catch((failure: unknown) => {
        this.runtime.logger.warn({ err: failure }, 'What a refused upload has left could not be removed; a later start does it');
      });
      throw error;
    }
  }
}
