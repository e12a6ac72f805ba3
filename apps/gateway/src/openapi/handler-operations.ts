import { ApiBody, ApiOperation, ApiParam } from '@nestjs/swagger';
import { CHANGES, DOOR, answer, problems, withKey } from './operations.js';

const NAME = ApiParam({ name: 'name', description: "The handler's name in the configuration." });

export const ApiHandlers = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-handlers',
      summary: 'Handlers, what they listen to, and what they have parked',
      description: 'Those that are configured, and those that are not any more while something of theirs is parked.',
    }),
    answer(200, 'HandlerList', 'As they stand.'),
    ...problems(...DOOR, 'bad-input', 'no-server', 'unreachable', 'log-unavailable', 'timed-out'),
  );

export const ApiHandler = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'get-handler', summary: 'One of the handlers' }),
    NAME,
    answer(200, 'HandlerView', 'As it stands.'),
    ...problems(...DOOR, 'bad-input', 'not-found', 'no-server', 'unreachable', 'log-unavailable', 'timed-out'),
  );

export const ApiParked = (verb: 'retry' | 'discard', body: new () => object): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: `${verb}-parked`,
      summary:
        verb === 'retry' ? 'Let a handler try a parked event again' : 'End a parked event unhandled; somebody answers for it',
    }),
    NAME,
    ApiParam({ name: 'eventId', description: "The parked event's id." }),
    ApiBody({ type: body, required: verb === 'discard' }),
    answer(202, 'Accepted', 'It was recorded. `requestId` is the id of the call.', {
      Location: 'Where the handler is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );
