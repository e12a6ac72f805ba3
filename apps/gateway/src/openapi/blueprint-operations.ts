import { ApiBody, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { ApprovalBody, ChangeBlueprintBody, QuotaBody } from '@slipway/contracts/http';
import { RECORDED } from './lease-operations.js';
import { CHANGES, DOOR, answer, problems, withKey } from './operations.js';

const NAME = ApiParam({ name: 'name', description: "The blueprint's name." });
const ENVIRONMENT = ApiQuery({
  name: 'environment',
  required: false,
  type: String,
  description: 'As it stands there; `default` when left out.',
});
const AT = { Location: 'Where the blueprint is.', ...RECORDED };
const ASKS = [...DOOR, 'bad-input', 'no-server', 'unreachable', 'log-unavailable', 'timed-out'] as const;

export const ApiBlueprints = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-blueprints',
      summary: 'How resources are made: blueprints, with what each has made and who may use it',
    }),
    ENVIRONMENT,
    answer(200, 'BlueprintList', 'In the order in which they are tried.'),
    ...problems(...ASKS),
  );

export const ApiBlueprint = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'get-blueprint', summary: 'One of the blueprints' }),
    NAME,
    ENVIRONMENT,
    answer(200, 'BlueprintView', 'As it stands.'),
    ...problems(...ASKS, 'not-found'),
  );

export const ApiChangeBlueprint = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'change-blueprint',
      summary: 'Change the limits of a blueprint, at once',
      description: 'What is left out stays. What there is more of than a new limit stays until it is given back.',
    }),
    NAME,
    ApiBody({ type: ChangeBlueprintBody }),
    answer(202, 'BlueprintRecorded', 'It was recorded.', AT),
    ...problems(...CHANGES, 'not-found'),
  );

const APPROVALS = {
  approve: {
    summary: 'Let somebody use a blueprint',
    description: 'Nobody may use any by default; also not through what another blueprint leases itself.',
  },
  revoke: { summary: 'Let somebody use a blueprint no more', description: 'Leases that he has go on.' },
} as const;

export const ApiApproval = (verb: keyof typeof APPROVALS): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: `${verb}-blueprint`, ...APPROVALS[verb] }),
    NAME,
    ApiBody({ type: ApprovalBody }),
    answer(202, 'BlueprintRecorded', 'It was recorded.', AT),
    ...problems(...CHANGES, 'not-found'),
  );

export const ApiSetQuota = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'set-quota',
      summary: 'Say how many leases somebody may have at once',
      description: 'Of a type, or of all together; both hold. Leases that he has beyond it go on.',
    }),
    ApiBody({ type: QuotaBody }),
    answer(202, 'QuotaRecorded', 'It was recorded.', { Location: 'Where the quotas are.', ...RECORDED }),
    ...problems(...CHANGES),
  );
