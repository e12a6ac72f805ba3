import type { SnapshotCopy, SnapshotPart, SnapshotRecorded } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import {
  count,
  described,
  flag,
  json,
  kind,
  list,
  object,
  oneOf,
  optional,
  pageOf,
  position,
  ref,
  text,
  time,
  type Schema,
} from './schema.js';

/** Snapshots: what was exported, or came from elsewhere. */
export const SNAPSHOT_SCHEMAS: Record<string, Schema> = {
  SnapshotPage: pageOf(ref('SnapshotView')),
  SnapshotView: object<SnapshotView>({
    id: { ...text, format: 'uuid' },
    status: oneOf(['kept', 'deleted']),
    origin: described(oneOf(['taken', 'received']), 'By an export here, or it came from elsewhere.'),
    environment: text,
    instanceId: text,
    mesh: described(text, 'That it was taken in.'),
    owner: ref('Owner'),
    definition: ref('DefinitionRef'),
    offerings: optional(json),
    takenAt: time,
    createdAt: described(time, 'When it was recorded here.'),
    updatedAt: time,
    bytes: described(count, 'Of all parts, as they are stored.'),
    contentBytes: described(count, 'Of all parts, uncompressed.'),
    parts: list(ref('SnapshotPart')),
    copy: optional(object<SnapshotCopy>({ store: text, file: described(text, "Path below the store's folder.") })),
    position,
  }),
  SnapshotPart: object<SnapshotPart>({
    role: described(
      text,
      'What it is to the instance: names of the requirements that lead to it; empty for the instance itself.',
    ),
    kind,
    driver: text,
    definition: ref('DefinitionRef'),
    spec: json,
    file: described(text, 'Its name in the archive.'),
    sha256: text,
    bytes: count,
    mediaType: text,
    contentBytes: count,
  }),
  SnapshotRecorded: object<SnapshotRecorded>({
    snapshotId: text,
    position,
    repeated: optional(described(flag, 'Nothing needed to be recorded.')),
  }),
};
