import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  CONTENT_FILE,
  SlipwayError,
  VERBS,
  type ContentKind,
  type ContentRecorded,
  type RequestContext,
  type StoreContentCommand,
} from '@slipway/contracts';
import { RUNTIME, badInput, type Runtime } from '@slipway/mesh';
import { bounded } from './bounded.js';

/** How long a package may take to be unpacked, checked and recorded. */
const STORE_MS = 60_000;

export interface SentContent {
  content: Readable;
  /** As its sender says; 0 where nothing is said. */
  length: number;
  kind: ContentKind;
  file: string;
  replaces?: string;
}

/**
 * Content packages that are sent to us. Each stands with a holder of its own while the resolver looks at it, which keeps what it takes;
 * whatever becomes of it, the holder is removed, and one that a crash has left is removed by the orchestrator a day later.
 */
@Injectable()
export class ContentUploads {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** Throws `too-large`, `bad-input`, and what the resolver throws. */
  async receive({ content, length, kind, file, replaces }: SentContent, context: RequestContext): Promise<ContentRecorded> {
    if (!CONTENT_FILE.test(file))
      throw badInput([
        { field: 'file', reason: 'must be the name of a file of letters, digits and . _ -, such as "greetings.yaml"' },
      ]);
    const { config, blobs, bus, logger } = this.runtime;
    const limit = config.content.maxUploadBytes;
    const tooLarge = new SlipwayError('too-large', `A content package may have at most ${limit} bytes (content.maxUploadBytes)`);
    if (length > limit) throw tooLarge;
    const holder = randomUUID();
    const held = blobs.of(holder);
    try {
      const upload = await held.put(bounded(content, limit, tooLarge));
      const command: StoreContentCommand = { holder, upload, kind, file, ...(replaces !== undefined && { replaces }) };
      return await bus.request<ContentRecorded>('resolver', VERBS.storeContent, command, { context, timeoutMs: STORE_MS });
    } finally {
      await held.remove().catch((failure: unknown) => {
        logger.warn({ err: failure }, 'What was sent as a content package could not be removed; it goes a day later');
      });
    }
  }
}
