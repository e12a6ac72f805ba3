import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { HTTP_HEADERS } from '@slipway/contracts';
import { LeaseBody, ReclaimLeasesBody } from '@slipway/contracts/http';
import { EXAMPLES } from './examples.js';
import { CHANGES, DOOR, OF_BARE_ID, answer, problems, withKey } from './operations.js';
import { ref } from './schemas/schema.js';

export const LEASE = ApiParam({ name: 'id', description: '`<environment>.lease-<number>`, or without its `environment`.' });
export const RECORDED = { 'Slipway-Position': 'Log position of what was recorded.' };
export const LEASE_TOKEN = ApiHeader({
  name: HTTP_HEADERS.leaseToken,
  required: true,
  description:
    'The token of the lease, as its row shows it. What was acquired anew in the meantime has another one, and is not called.',
});

export const ApiAskLease = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'ask-lease',
      summary: 'Ask for a lease on a resource',
      description:
        'Answered at once with its id; it is active later, which its `status` tells. The same `Idempotency-Key` gets the same lease.',
    }),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 128 printable characters; made when left out.' }),
    ApiBody({ type: LeaseBody }),
    answer(202, 'LeaseRecorded', 'It was recorded.', { Location: 'Where the lease is.', ...RECORDED }),
    ...problems(...CHANGES, 'not-found', 'no-blueprint', 'lease-impossible', 'lease-unavailable', 'quota-exceeded', 'key-reused'),
  );

const ACTIONS = {
  renew: {
    summary: 'Want a lease for longer',
    description: 'Not beyond its `latest`.',
  },
  release: {
    summary: 'Give a lease back',
    description: 'It is usable no more from then on, and taken back after the answer. The same again changes nothing.',
  },
  reclaim: {
    summary: 'Take a lease back from its holder',
    description: 'As if he had given it back. The same again changes nothing.',
  },
  force: {
    summary: 'Say that a lease which could not be taken back is over; somebody answers for what is left',
    description: 'Of one that was released: its place is given to others, whatever is left there.',
  },
} as const;

export const ApiLeaseAction = (action: keyof typeof ACTIONS, body: new () => object): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: `${action}-lease`, ...ACTIONS[action] }),
    LEASE,
    OF_BARE_ID,
    ApiBody({ type: body, required: action !== 'release' }),
    answer(202, 'LeaseRecorded', 'It was recorded.', { Location: 'Where the lease is.', ...RECORDED }),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );

export const ApiReclaimLeases = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'reclaim-leases',
      summary: 'Take back all leases of an owner, or with some attributes',
      description: 'Of those that both holds of, where both are said. Nothing that is over already is named.',
    }),
    ApiBody({ type: ReclaimLeasesBody }),
    answer(202, 'LeasesReclaimed', 'It was recorded.', RECORDED),
    ...problems(...CHANGES),
  );

export const ApiCallInterface = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'call-interface',
      summary: 'Do something with a leased resource',
      description:
        'The body holds the arguments, by name. The answer comes when it is done; lines on the way there where you accept `application/x-ndjson`: `{from, lines}` with `stdout`, `stderr`, or `alive` every five seconds, at last `{result}` or `{error}`. Who reads slowly makes the program wait, and whoever leaves ends it.',
    }),
    LEASE,
    ApiParam({ name: 'interface', description: 'One that the blueprint of the resource builds: `command`, `filesystem`, …' }),
    ApiParam({ name: 'method', description: 'What it can do: `exec`, `readFile`, …' }),
    OF_BARE_ID,
    LEASE_TOKEN,
    ApiBody({
      required: false,
      schema: { type: 'object', additionalProperties: true, example: { command: ['uname', '-a'] } },
    }),
    ApiResponse({
      status: 200,
      description: 'It was done.',
      content: {
        'application/json': { schema: ref('CallAnswer'), example: EXAMPLES['CallAnswer'] },
        'application/x-ndjson': {
          schema: { type: 'string' },
          example: '{"from":"stdout","lines":["Linux"]}\n{"result":{"exitCode":0,"stdout":"Linux\\n","stderr":""}}\n',
        },
      },
      headers: { 'X-Request-Id': { description: "The call's id.", schema: { type: 'string' } } },
    } as never),
    ...problems(...DOOR, 'bad-input', 'too-large', 'wrong-content-type', 'not-found', 'lease-not-active', 'driver-failed'),
    ...problems('no-server', 'unreachable', 'log-unavailable', 'timed-out', 'shutting-down'),
  );

const PATH = ApiQuery({
  name: 'path',
  required: true,
  type: String,
  description: "One that is not absolute begins in the lease's own folder.",
});
export const BYTES = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
const CALLED = ['not-found', 'lease-not-active', 'driver-failed', 'no-space', 'shutting-down'] as const;

export const ApiReadFile = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'read-file',
      summary: 'A file on a leased resource, however large',
      description: 'Through its interface `filesystem`.',
    }),
    LEASE,
    OF_BARE_ID,
    PATH,
    LEASE_TOKEN,
    ApiResponse({ status: 200, description: 'Streamed, with its length.', content: BYTES }),
    ...problems(...DOOR, 'bad-input', 'no-server', 'unreachable', 'log-unavailable', 'timed-out', ...CALLED),
  );

export const ApiWriteFile = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'write-file',
      summary: 'Write a file on a leased resource, however large',
      description: 'Through its interface `filesystem`; in the place of what is there.',
    }),
    LEASE,
    OF_BARE_ID,
    PATH,
    ApiQuery({ name: 'mode', required: false, type: String, description: 'Permission bits in octal, such as 755.' }),
    LEASE_TOKEN,
    ApiBody({ required: true, schema: { type: 'string', format: 'binary' } }),
    answer(200, 'Written', 'It is there.'),
    ...problems(...CHANGES, ...CALLED),
  );
