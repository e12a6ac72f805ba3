import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError, type BlobRef, type SnapshotEvent, type SnapshotManifest } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import type { Blobs } from '@slipway/blobs';
import { BLOBS } from '@slipway/mesh';
import type { Views } from '../views/port.js';
import type { HttpCall } from './call.js';
import { LogReader } from './log-reader.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** Bytes of the largest manifest that is read. */
const LARGEST = 64 * 1024 * 1024;

/** One snapshot, by its id. */
@Injectable()
export class KnownSnapshots {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(BLOBS) private readonly blobs: Blobs,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  /** With all its parts. Throws `not-found`, also for a moment when it was not there, and what reading a view throws. */
  async get(id: string, call: HttpCall): Promise<SnapshotView> {
    await this.yourWrites.reached('snapshots', call);
    const row = await this.views.get('snapshots', id, call.moment);
    if (!row) throw new SlipwayError('not-found', `There is no snapshot ${id.slice(0, 64)}`);
    const { manifestBlob, ...view } = row;
    if (!manifestBlob || view.status === 'deleted') return view;
    return { ...view, parts: (await this.#manifestIn(manifestBlob)).parts };
  }

  /** What its archive is made from, as it was recorded, and who has that. Throws `not-found`, also when it was deleted. */
  async holding(id: string): Promise<{ manifest: SnapshotManifest; holder: string }> {
    const events = (await this.log.eventsOfSnapshot(id)) as unknown as SnapshotEvent[];
    const last = events.at(-1);
    if (!last || last.type === 'SnapshotDeleted')
      throw new SlipwayError('not-found', `There is no snapshot ${id.slice(0, 64)}${last ? ' any more' : ''}`);
    const { holder, manifest, manifestBlob } = last.data;
    return { manifest: manifestBlob ? await this.#manifestIn({ ...manifestBlob, holder }) : manifest, holder };
  }

  async #manifestIn({ sha256, holder }: BlobRef & { holder: string }): Promise<SnapshotManifest> {
    return JSON.parse((await this.blobs.of(holder).read(sha256, LARGEST)).toString('utf8')) as SnapshotManifest;
  }
}
