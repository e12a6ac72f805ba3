import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { CHANGES, DOOR, TAR_CONTENT, answer, problems, withKey } from './operations.js';

const ID = ApiParam({ name: 'id', description: "The snapshot's id: of one that was made here, its export's request id." });

export const ApiSnapshotContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'read-snapshot-content',
      summary: "A snapshot's archive: its manifest, checksums, and all its data, as one tar",
      description: 'The same snapshot is the same archive, byte by byte. `sha256sum --check SHA256SUMS` checks what is unpacked.',
    }),
    ID,
    ApiResponse({ status: 200, description: 'Streamed.', content: TAR_CONTENT }),
    ...problems(...DOOR, 'bad-input', 'not-found', 'log-unavailable', 'blob-missing'),
  );

export const ApiUploadSnapshot = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'upload-snapshot',
      summary: 'Bring in a snapshot as the archive that it was read out as',
      description:
        'Checked while it comes in. What is not as its manifest says, or would not stay where it is unpacked, is refused by entry and reason, and nothing of it is kept. The same again changes nothing.',
    }),
    ApiBody({ required: true, schema: { type: 'string', format: 'binary' } }),
    answer(201, 'SnapshotRecorded', 'It is kept.', {
      Location: 'Where the snapshot is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'archive-invalid', 'no-space', 'blob-missing', 'blob-unavailable'),
  );

export const ApiDeleteSnapshot = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'delete-snapshot',
      summary: 'Forget a snapshot, and remove its data',
      description: 'Its parts are removed after the answer; no other snapshot has them. The same again changes nothing.',
    }),
    ID,
    ApiQuery({ name: 'reason', required: false, type: String, description: 'At most 500 characters; it is recorded.' }),
    answer(200, 'SnapshotRecorded', 'It is forgotten.', { 'Slipway-Position': 'Log position of what was recorded.' }),
    ...problems(...CHANGES, 'not-found'),
  );
