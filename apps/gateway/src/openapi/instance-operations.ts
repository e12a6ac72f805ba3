import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { DesiredChange } from '@slipway/contracts';
import { ControlBody, ExtendBody } from '@slipway/contracts/http';
import { CHANGES, DOOR, OF_BARE_ID, answer, problems, withKey } from './operations.js';

const ID = ApiParam({ name: 'id', description: '`<environment>.<name>`, or a name of `environment`.' });
const SUMMARIES = {
  start: 'Let an instance run again',
  stop: 'Let an instance stand still; nothing of it is lost',
  restart: 'Stop an instance and start it again',
} as const satisfies Record<DesiredChange, string>;

export const ApiDesired = (change: DesiredChange): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: `${change}-instance`,
      summary: SUMMARIES[change],
      description: 'Holds over restarts of the mesh and of its machine. The same again changes nothing.',
    }),
    ID,
    OF_BARE_ID,
    ApiBody({ type: ControlBody, required: false }),
    answer(202, 'Desired', 'It was recorded and will be done; its `health` tells when.', {
      Location: 'Where the instance is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'too-busy', 'not-possible', 'driver-unknown'),
  );

export const ApiExtend = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'extend-instance',
      summary: 'Want an instance for longer',
      description: 'Of an instance that was asked for until a time. That its time is over is told ahead, and anew for each time.',
    }),
    ID,
    OF_BARE_ID,
    ApiBody({ type: ExtendBody }),
    answer(202, 'Extended', 'It was recorded.', {
      Location: 'Where the instance is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );

export const ApiCredentials = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'read-credentials',
      summary: 'What opens an instance, and its database and storages',
      description: 'That it was read, and by whom, is recorded first. Never cached.',
    }),
    ID,
    OF_BARE_ID,
    answer(200, 'CredentialsView', 'As they are now, in the clear.', { 'Cache-Control': '`no-store`.' }),
    ...problems(...DOOR, 'bad-input', 'gone', 'behind', 'not-found', 'no-server', 'unreachable', 'timed-out', 'log-unavailable'),
    ...problems('secret-missing', 'secret-damaged', 'secret-unavailable'),
  );

export const ApiRotate = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'rotate-credentials',
      summary: 'Make the secrets of an instance anew, and those of what was made for it',
      description: 'The instance is started again with the new ones. What is shared with others keeps its secrets.',
    }),
    ID,
    OF_BARE_ID,
    ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 128 printable characters; made when left out.' }),
    answer(202, 'RotationView', "It was recorded and will be done; the instance's `rotation` tells when.", {
      Location: 'Where the instance is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'too-busy', 'not-possible', 'driver-unknown'),
  );

export const ApiInstanceLogs = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'read-instance-logs', summary: 'What an instance itself has written, and writes' }),
    ID,
    OF_BARE_ID,
    ApiQuery({
      name: 'tail',
      required: false,
      type: String,
      description: 'So many lines before the end first, or `all`; 100 when left out.',
    }),
    ApiQuery({
      name: 'follow',
      required: false,
      enum: ['true', 'false'],
      description: 'Goes on with what comes, until you leave.',
    }),
    ApiResponse({
      status: 200,
      description: 'Streamed as it was written. What is not kept any more is told in its place.',
      content: { 'text/plain': { schema: { type: 'string' }, example: 'listening on 20017\n' } },
    }),
    ...problems(...DOOR, 'bad-input', 'gone', 'behind', 'not-found', 'not-possible', 'no-server', 'unreachable', 'timed-out'),
  );
