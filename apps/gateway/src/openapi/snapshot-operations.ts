import { ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { CHANGES, answer, problems, withKey } from './operations.js';

const ID = ApiParam({ name: 'id', description: "The snapshot's id: of one that was made here, its export's request id." });

export const ApiDeleteSnapshot = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'delete-snapshot',
      summary: 'Forget a snapshot, and remove its data',
      description: 'What another snapshot has too stays for that one. The same again changes nothing.',
    }),
    ID,
    ApiQuery({ name: 'reason', required: false, type: String, description: 'At most 500 characters; it is recorded.' }),
    answer(200, 'SnapshotRecorded', 'It is forgotten.', { 'Slipway-Position': 'Log position of what was recorded.' }),
    ...problems(...CHANGES, 'not-found'),
  );
