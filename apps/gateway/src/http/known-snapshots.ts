import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError, type SnapshotManifest } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import type { Blobs } from '@slipway/blobs';
import { BLOBS } from '@slipway/mesh';
import type { Views } from '../views/port.js';
import type { HttpCall } from './call.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** Bytes of the largest manifest that is read. */
const LARGEST = 64 * 1024 * 1024;

/** One snapshot, by its id, with all its parts. */
@Injectable()
export class KnownSnapshots {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(BLOBS) private readonly blobs: Blobs,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
  ) {}

  /** Throws `not-found`, also for a moment when it was not there, and what reading a view throws. */
  async get(id: string, call: HttpCall): Promise<SnapshotView> {
    await this.yourWrites.reached('snapshots', call);
    const row = await this.views.get('snapshots', id, call.moment);
    if (!row) throw new SlipwayError('not-found', `There is no snapshot ${id.slice(0, 64)}`);
    const { manifestBlob, ...view } = row;
    if (!manifestBlob || view.status === 'deleted') return view;
    const manifest = JSON.parse((await this.blobs.read(manifestBlob.sha256, LARGEST)).toString('utf8')) as SnapshotManifest;
    return { ...view, parts: manifest.parts };
  }
}
