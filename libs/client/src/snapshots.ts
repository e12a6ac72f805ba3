import type { SnapshotRecorded, SnapshotView } from '@slipway/contracts/public';
import { Rows, part } from './rows.js';
import { counted, type TransferOptions } from './transfer.js';

/** The archive of a snapshot, as it comes in. */
export interface SnapshotContent {
  body: ReadableStream<Uint8Array>;
  /** Bytes of the whole. */
  bytes: number;
}

/** What exports have made, and what came from elsewhere. */
export class Snapshots extends Rows<SnapshotView> {
  /** Forgets one and removes its data. */
  delete(id: string, reason?: string): Promise<SnapshotRecorded> {
    return this.http.json('DELETE', `/snapshots/${part(id)}`, { query: { reason } });
  }

  /** Its archive: one tar, the manifest first. */
  async content(id: string, { onProgress, signal }: TransferOptions = {}): Promise<SnapshotContent> {
    const response = await this.http.call('GET', `/snapshots/${part(id)}/content`, { ...(signal && { signal }) });
    const total = Number(response.headers.get('Content-Length'));
    return { body: counted(response.body as ReadableStream<Uint8Array>, { total, onProgress }), bytes: total };
  }

  /** Sends an archive; what is not as its manifest says is refused (`archive-invalid`), and nothing of it is kept. */
  upload(
    archive: ReadableStream<Uint8Array>,
    { total, onProgress, signal }: TransferOptions & { total?: number } = {},
  ): Promise<SnapshotRecorded> {
    const body = counted(archive, { total, onProgress });
    const content = { body, type: 'application/x-tar' };
    return this.http.json('POST', '/snapshots', { content, has: 'snapshotId', ...(signal && { signal }) });
  }
}
