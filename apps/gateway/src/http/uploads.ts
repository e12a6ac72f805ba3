import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError, type RequestContext, type SnapshotRecorded } from '@slipway/contracts';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { readArchive } from '@slipway/snapshots';
import { Orchestrator } from './orchestrator.js';

/** Archives of snapshots that are sent to us. */
@Injectable()
export class Uploads {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
  ) {}

  /**
   * Reads an archive while it comes in, and has its snapshot recorded. What it has stored is removed again when it is refused.
   * `length`: as its sender says; 0 where nothing is said. Throws `archive-invalid`, `too-large`, and what recording throws.
   */
  async receive(archive: Readable, length: number, context: RequestContext): Promise<SnapshotRecorded> {
    const { blobs, config } = this.runtime;
    const limit = config.snapshots.maxUploadBytes;
    const tooLarge = new SlipwayError('too-large', `An archive may have at most ${limit} bytes (snapshots.maxUploadBytes)`);
    if (length > limit) throw tooLarge;
    const stored: string[] = [];
    let bytes = 0;
    try {
      const manifest = await readArchive(archive, blobs, {
        stored: (sha256) => stored.push(sha256),
        passed: (count) => {
          bytes += count;
          if (bytes > limit) throw tooLarge;
        },
      });
      return await this.orchestrator.receiveSnapshot(context, { manifest });
    } catch (error) {
      // Nobody else can have named them meanwhile: they were not there before.
      await Promise.all(stored.map((sha256) => blobs.remove(sha256)));
      throw error;
    }
  }
}
