import { ApiBody, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { ChangeResourceBody, EnterResourceBody } from '@slipway/contracts/http';
import { RECORDED } from './lease-operations.js';
import { CHANGES, OF_BARE_ID, answer, problems, withKey } from './operations.js';

const ID = ApiParam({ name: 'id', description: '`<environment>.<type>-<number>`, or without its `environment`.' });
const AT = { Location: 'Where the resource is.', ...RECORDED };

export const ApiEnterResource = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'enter-resource',
      summary: 'Enter a resource that is there, to be leased',
      description: 'It is looked after by its blueprint, and never made or destroyed.',
    }),
    ApiBody({ type: EnterResourceBody }),
    answer(201, 'LeasedResourceRecorded', 'It is entered.', AT),
    ...problems(...CHANGES, 'no-blueprint', 'not-found', 'name-taken'),
  );

export const ApiChangeResource = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'change-resource',
      summary: 'Change attributes or capacity of a resource that is leased',
      description: 'What is left out stays. Its capacity is never less than what is leased of it.',
    }),
    ID,
    OF_BARE_ID,
    ApiBody({ type: ChangeResourceBody }),
    answer(202, 'LeasedResourceRecorded', 'It was recorded.', AT),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );

export const ApiRemoveResource = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'remove-resource',
      summary: 'Let a resource take no leases any more',
      description:
        'Those that are there go on; it goes once nobody has it. One that was entered by hand stays where it is, and is not leased any more; while something is left on it that was not taken back it is not removed. The same again changes nothing. With `force` it is gone, whatever is left: of what could not be destroyed, or has such a rest, and nobody has any more.',
    }),
    ID,
    OF_BARE_ID,
    ApiQuery({
      name: 'reason',
      required: false,
      type: String,
      description: '1 to 500 characters; it is recorded. Needed with `force`.',
    }),
    ApiQuery({
      name: 'force',
      required: false,
      type: Boolean,
      description: 'It is gone, whatever is left; somebody answers for that.',
    }),
    answer(202, 'LeasedResourceRecorded', 'It was recorded.', AT),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );
