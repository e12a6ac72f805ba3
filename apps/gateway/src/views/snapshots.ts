import { idOf, type BlobRef, type SnapshotEvent } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Projection } from '@slipway/event-store/read-models';

/** A snapshot as its row holds it: very many parts stand in a blob, with the whole manifest. */
export interface SnapshotRow extends SnapshotView {
  manifestBlob?: BlobRef & { holder: string };
}

export const snapshots: Projection<SnapshotRow> = {
  name: 'snapshots',
  version: 2,
  categories: ['snapshot'],
  fields: {
    status: { of: (row) => row.status, filter: 'indexed', values: ['kept', 'deleted'] },
    origin: { of: (row) => row.origin, filter: 'checked', values: ['taken', 'received'] },
    instanceId: { of: (row) => row.instanceId, filter: 'indexed', sort: true },
    environment: { of: (row) => row.environment, filter: 'checked' },
    ownerId: { of: (row) => row.owner.id, filter: 'indexed' },
    definition: { of: (row) => row.definition.name, filter: 'checked' },
    takenAt: { of: (row) => row.takenAt, sort: true },
    createdAt: { of: (row) => row.createdAt, sort: true },
    bytes: { of: (row) => row.bytes, sort: true },
  },
  defaultSort: '-createdAt',
  defaultFilter: { status: ['kept'] },
  project(model, recorded) {
    const id = idOf(recorded.stream);
    const event = { type: recorded.type, data: recorded.data } as unknown as SnapshotEvent;
    if (event.type !== 'SnapshotDeleted') return [{ id, row: kept(id, event, recorded) }];
    const row = model.get(id);
    const { recordedAt: updatedAt, position } = recorded;
    return row ? [{ id, row: { ...row, status: 'deleted', updatedAt, position } }] : [];
  },
};

function kept(
  id: string,
  { type, data }: Exclude<SnapshotEvent, { type: 'SnapshotDeleted' }>,
  { recordedAt, position }: RecordedEvent,
): SnapshotRow {
  const { holder, manifest, manifestBlob, bytes, contentBytes, copy } = data;
  const { environment, instanceId, mesh, owner, definition, offerings, takenAt, parts } = manifest;
  return {
    id,
    status: 'kept',
    origin: type === 'SnapshotTaken' ? 'taken' : 'received',
    environment,
    instanceId,
    mesh,
    owner,
    definition,
    ...(offerings && { offerings }),
    takenAt,
    createdAt: recordedAt,
    updatedAt: recordedAt,
    bytes,
    contentBytes,
    parts,
    ...(copy && { copy }),
    ...(manifestBlob && { manifestBlob: { ...manifestBlob, holder } }),
    position,
  };
}
