import type { Readable } from 'node:stream';
import { rm } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SlipwayError, type RequestContext, type SnapshotRecorded } from '@slipway/contracts';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { archiveLimits, readArchive } from '@slipway/snapshots';
import type { Views } from '../views/port.js';
import { KnownSnapshots } from './known-snapshots.js';
import { LogReader } from './log-reader.js';
import { Orchestrator } from './orchestrator.js';
import { VIEWS } from './tokens.js';
import { UploadNotes } from './upload-notes.js';

/** How long the views may take to come to where the log was at the start, in ms. */
const SWEEP_MS = 60_000;

/** Archives of snapshots that are sent to us. */
@Injectable()
export class Uploads implements OnApplicationBootstrap {
  readonly #notes: UploadNotes;

  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(KnownSnapshots) private readonly known: KnownSnapshots,
  ) {
    this.#notes = new UploadNotes(runtime.cacheFolder);
  }

  onApplicationBootstrap(): void {
    void this.sweep();
  }

  /**
   * Reads an archive while it comes in, and has its snapshot recorded. What it has stored is removed again when it is refused.
   * `length`: as its sender says; 0 where nothing is said. Throws `archive-invalid`, `too-large`, and what recording throws.
   */
  async receive(archive: Readable, length: number, context: RequestContext): Promise<SnapshotRecorded> {
    const { blobs, config } = this.runtime;
    const limit = config.snapshots.maxUploadBytes;
    const tooLarge = new SlipwayError('too-large', `An archive may have at most ${limit} bytes (snapshots.maxUploadBytes)`);
    if (length > limit) throw tooLarge;
    const notes = await this.#notes.begin();
    let bytes = 0;
    try {
      const manifest = await readArchive(archive, blobs, {
        limits: archiveLimits(config.snapshots.limits, config.dataFolder),
        stored: (sha256) => notes.add(sha256),
        passed: (count) => {
          bytes += count;
          if (bytes > limit) throw tooLarge;
        },
      });
      return await this.orchestrator.receiveSnapshot(context, { manifest });
    } catch (error) {
      // Nobody else can have named them meanwhile: they were not there before.
      await Promise.all(notes.stored.map((sha256) => blobs.remove(sha256)));
      throw error;
    } finally {
      await notes.end();
    }
  }

  /** Removes what uploads have left that an earlier life of this gateway did not live to end, unless a snapshot has it. */
  async sweep(): Promise<void> {
    const { blobs, logger } = this.runtime;
    try {
      const left = await this.#notes.left();
      if (left.length === 0) return;
      // What was recorded before is known then.
      if (!(await this.views.reached(await this.log.head(), SWEEP_MS, 'snapshots'))) return;
      const kept = await this.#kept();
      for (const { file, blobs: stored } of left) {
        for (const sha256 of stored) if (!kept.has(sha256)) await blobs.remove(sha256);
        await rm(file, { force: true });
      }
    } catch (error) {
      logger.warn({ err: error }, 'What uploads have left could not be removed; it is tried again at the next start');
    }
  }

  /** Blobs of all snapshots that are kept. Throws where one is not known whole: then nothing is removed. */
  async #kept(): Promise<Set<string>> {
    const kept = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const page = await this.views.list('snapshots', { limit: 500, ...(cursor !== undefined && { cursor }) });
      for (const { id } of page.items) for (const { sha256 } of (await this.known.manifestOf(id)).parts) kept.add(sha256);
      if (page.next === undefined) return kept;
      cursor = page.next;
    }
  }
}
