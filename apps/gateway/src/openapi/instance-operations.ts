import { ApiBody, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import type { DesiredChange } from '@slipway/contracts';
import { ControlBody } from '@slipway/contracts/http';
import { CHANGES, answer, problems, withKey } from './operations.js';

const ID = ApiParam({ name: 'id', description: '`<environment>.<name>`, or a name of `environment`.' });
const ENVIRONMENT = ApiQuery({
  name: 'environment',
  required: false,
  type: String,
  description: 'Of a bare name; `default` when left out.',
});

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
    ENVIRONMENT,
    ApiBody({ type: ControlBody, required: false }),
    answer(202, 'Desired', 'It was recorded and will be done; its `health` tells when.', {
      Location: 'Where the instance is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'too-busy', 'not-possible', 'driver-unknown'),
  );
