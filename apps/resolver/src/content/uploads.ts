import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import {
  canonicalJson,
  sha256,
  type ContentRecorded,
  type RemoveContentCommand,
  type RequestContext,
  type StoreContentCommand,
  type UploadedContent,
} from '@slipway/contracts';
import { readPackage } from '../repository/package-source.js';
import type { Repository } from '../repository/repository.js';
import { decideRemoval, decideUpload } from './recorded.js';
import { dynamicPackage, loadedContent, type RecordedContent } from './recorded-content.js';
import type { ContentRecorder, Decision } from './recorder.js';
import { asAnswer, unpackContent } from './unpack.js';

export interface UploadsOptions {
  recorder: ContentRecorder;
  blobs: Blobs;
  recorded: RecordedContent;
  repository: Pick<Repository, 'current' | 'stack'>;
  /** Uploads are unpacked below it, each in a folder that is removed; what a crash left there goes at the next start. */
  folder: string;
  maxUnpackedBytes: number;
}

/**
 * Changes of the layer `dynamic`.
 *
 * U1. Nothing is recorded, and no blob of it kept, before a package was checked as a whole and fits to what is in force.
 * U2, U3: in `ContentRecorder`.
 */
export class ContentUploads {
  constructor(private readonly options: UploadsOptions) {}

  /** Throws `content-invalid`, `layer-refuses`, `not-found`, `log-unavailable`, and what blobs throw. */
  async store(command: StoreContentCommand, context: RequestContext): Promise<ContentRecorded> {
    const { blobs, folder, maxUnpackedBytes, recorder } = this.options;
    const { holder, kind, file, replaces } = command;
    const place = await mkdtemp(join(folder, 'upload-'));
    try {
      const held = blobs.of(holder);
      const sent = { content: await held.open(command.upload.sha256), kind, file };
      const read = await asAnswer(async () => readPackage(place, await unpackContent(place, sent, maxUnpackedBytes)));
      // With its holder, which is removed: what of it is kept is decided on first.
      const loaded = await read.load(held);
      const text = canonicalJson(loadedContent(loaded));
      const uploaded: UploadedContent = {
        ...{ name: loaded.name, version: loaded.version, kind, file, actor: context.actor, upload: command.upload },
        loaded: { sha256: sha256(text), bytes: Buffer.byteLength(text) },
      };
      const keep = async () => {
        await read.load(blobs);
        await blobs.put(text);
        await blobs.put(await held.open(command.upload.sha256));
      };
      const recording = await recorder.record(context, () => this.#decidedUpload(uploaded, loaded, replaces), keep);
      const { name, version, definitions } = loaded;
      return { name, version, layer: 'dynamic', definitions: definitions.length, ...recording };
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }

  /** Throws `not-found`, `layer-refuses`, `log-unavailable`. */
  async remove({ name, reason }: RemoveContentCommand, context: RequestContext): Promise<ContentRecorded> {
    const { recorded, repository, recorder } = this.options;
    let version = '';
    const recording = await recorder.record(context, async () => {
      // Without its definitions: one whose blob is lost can be removed too.
      const state = await recorded.read();
      const event = decideRemoval(state.recorded, repository.stack, { name, reason, actor: context.actor });
      ({ version } = event.data);
      return { state, event };
    });
    return { name, version, layer: 'dynamic', definitions: 0, ...recording };
  }

  async #decidedUpload(
    content: UploadedContent,
    loaded: Parameters<typeof dynamicPackage>[0],
    replaces: string | undefined,
  ): Promise<Decision> {
    const { state, stack } = await this.options.repository.current();
    const upload = { content, candidate: dynamicPackage(loaded, content), ...(replaces !== undefined && { replaces }) };
    return { state, event: decideUpload(state.recorded, stack, upload) };
  }
}
