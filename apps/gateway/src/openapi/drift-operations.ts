import { ApiBody, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { AdoptBody } from '@slipway/contracts/http';
import { CHANGES, DOOR, answer, problems, withKey } from './operations.js';

const ENVIRONMENT = ApiParam({ name: 'id', description: "The environment's name." });

export const ApiDrift = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'drift',
      summary: 'How an environment is other than the log says; changes nothing',
      description:
        'Every driver is asked what exists, side by side, for at most 45 s. What cannot be asked stands in `unknown`: that is not that it is not there.',
    }),
    ENVIRONMENT,
    ApiQuery({
      name: 'instanceId',
      required: false,
      type: String,
      description: 'Only what was made for it, and what it shares.',
    }),
    ApiQuery({
      name: 'ignore',
      required: false,
      type: String,
      isArray: true,
      description: 'Not counted, beside what the configuration says: a field, a key, or `key:field`; `*` stands for any text.',
    }),
    answer(200, 'Drift', 'What is other, what is not known, and what was ignored by which rule.'),
    ...problems(...DOOR, 'bad-input', 'not-found', 'no-server', 'unreachable', 'log-unavailable', 'timed-out', 'behind'),
  );

export const ApiAdopt = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'adopt',
      summary: 'Take what was found of a resource into the log; nothing at the place changes',
      description: 'It is looked at once more: where it is other than `seen`, nothing is recorded.',
    }),
    ENVIRONMENT,
    ApiBody({ type: AdoptBody }),
    answer(202, 'Adopted', 'It was recorded.', {
      Location: 'Where the resource is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'not-possible', 'plan-stale', 'too-busy'),
  );
