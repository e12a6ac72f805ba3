import { LEASE_STATUSES } from '../allocation.js';
import { BLUEPRINT_NAME, FILTER_CHARACTERS, LOCK_NAME } from '../names.js';
import { anything, atLeast, boolean, listOf, name, object, owner, reason, string, text, words, type Schema } from './words.js';

const leaseId = text(/^[a-z0-9-]{1,63}\.lease-[1-9]\d{0,14}$/, 'must be the id of a lease, such as "default.lease-17"');
const resourceId = text(
  /^[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}-[1-9]\d{0,14}$/,
  'must be the id of a leased resource, such as "default.host-18"',
);
const blueprint = text(BLUEPRINT_NAME, 'must be the name of a blueprint, such as "LocalHost"');
const callId = text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case');
const time = words(64);
const key = { ...words(256), description: 'must be a text of 1 to 256 characters' };
const why = { ...words(500), description: 'must be a text of 1 to 500 characters' };
const slot = text(LOCK_NAME, 'must be the name of a lock without spaces, such as "port/8080"');
const count = { type: 'integer', minimum: 0, maximum: 1_000_000_000 } as const;
const limits = { resources: count, warm: count, idleSeconds: count, leaseSeconds: count };
const position = { position: string };
const recorded = { position: string, repeated: boolean };
const approval = object({ environment: name, name: blueprint, owner, reason }, ['reason']);

/** Of leases and what is leased. */
export const ALLOCATOR_SCHEMAS = {
  AskLeaseCommand: object(
    {
      environment: name,
      type: name,
      owner,
      attributes: anything,
      filter: words(FILTER_CHARACTERS),
      blueprint,
      resourceId,
      amount: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      slots: { ...listOf(slot), maxItems: 100, uniqueItems: true },
      priority: { type: 'integer', minimum: 0, maximum: 1_000 },
      endless: { const: true },
      replace: boolean,
      requestId: words(128),
      until: time,
      waitUntil: time,
      wait: boolean,
      key,
    },
    [
      ...['attributes', 'filter', 'blueprint', 'resourceId', 'amount', 'slots', 'priority', 'endless', 'replace', 'requestId'],
      ...['until', 'waitUntil'],
    ],
  ),
  LeaseRecorded: object({ leaseId: string, ...recorded }, ['repeated']),
  RenewLeaseCommand: object({ leaseId, until: time }),
  ReleaseLeaseCommand: object({ leaseId, reason }, ['reason']),
  ReclaimLeasesCommand: object({ environment: name, leaseId, owner, attributes: anything, reason: why }, [
    'leaseId',
    'owner',
    'attributes',
  ]),
  LeasesReclaimed: object({ leaseIds: listOf(string), ...position }),
  ForceLeaseCommand: object({ leaseId, reason: why }),
  LeaseStandingQuery: object({ leaseId }),
  LeaseOfKeyQuery: object({ environment: name, key }),
  LeaseGivesQuery: object({ leaseId, token: atLeast(1) }),
  LeaseGives: object({ outputs: anything }),
  LeaseStanding: object(
    {
      leaseId: string,
      status: { enum: LEASE_STATUSES },
      place: atLeast(1),
      reasons: listOf(string),
      estimate: string,
      token: atLeast(1),
      resourceId: string,
    },
    ['place', 'estimate', 'token', 'resourceId'],
  ),
  EnterResourceCommand: object(
    { environment: name, name, blueprint, attributes: anything, capacity: { ...count, minimum: 1 }, location: name, owner },
    ['attributes', 'capacity', 'location', 'owner'],
  ),
  ChangeResourceCommand: object({ resourceId, attributes: anything, capacity: { ...count, minimum: 1 } }, [
    'attributes',
    'capacity',
  ]),
  DrainResourceCommand: object({ resourceId, reason: why }),
  ForceResourceCommand: object({ resourceId, reason: why }),
  LeasedResourceRecorded: object({ resourceId: string, ...recorded }, ['repeated']),
  BlueprintsQuery: object({ environment: name, name: blueprint }, ['name']),
  BlueprintList: object({
    items: listOf(
      object(
        {
          name: string,
          type: string,
          location: string,
          can: listOf(string),
          interfaces: listOf(string),
          attributes: anything,
          capacity: atLeast(1),
          placing: { enum: ['spread', 'pack'] },
          limits: object(limits),
          needs: anything,
          made: atLeast(0),
          making: atLeast(0),
          failed: object({ failures: atLeast(1), reason: string, retryAt: string }),
          approved: listOf(string),
          owner,
        },
        ['failed', 'owner'],
      ),
    ),
  }),
  ChangeBlueprintCommand: object({
    environment: name,
    name: blueprint,
    limits: { ...object(limits, Object.keys(limits)), minProperties: 1 },
  }),
  ApproveBlueprintCommand: approval,
  BlueprintRecorded: object({ name: string, ...recorded }, ['repeated']),
  SetQuotaCommand: object(
    { environment: name, owner, leaseType: name, most: { type: ['integer', 'null'], minimum: 0, maximum: 1_000_000_000 } },
    ['leaseType'],
  ),
  QuotaRecorded: object(position),
  CallInterfaceCommand: object({
    leaseId,
    token: atLeast(1),
    interface: words(63),
    method: words(63),
    arguments: anything,
    callId,
  }),
  CallEnded: object({ result: {}, lines: atLeast(0) }),
  CancelCallCommand: object({ callId }),
  CallCancelling: object({ callId: string }),
  NumberedCallLines: object({ from: { enum: ['stdout', 'stderr', 'alive'] }, lines: listOf(string), number: atLeast(1) }),
  CallTaken: object({ lines: atLeast(0) }),
} as const satisfies Record<string, Schema>;
