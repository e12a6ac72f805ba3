import { VERBS } from '../subjects.js';
import { RESOURCE_KINDS } from '../services.js';
import type { AskedMessage } from './message.js';

const toAllocator = { senders: ['gateway'], handlers: ['allocator'] } as const;
/** Also of those that hold leases for what they make. */
const ofHolders = { ...toAllocator, senders: ['gateway', ...RESOURCE_KINDS] } as const;

/** What the allocator is asked. */
export const ALLOCATION_MESSAGES: readonly AskedMessage[] = [
  {
    verb: VERBS.askLease,
    ...ofHolders,
    body: 'AskLeaseCommand',
    answer: 'LeaseRecorded',
    description:
      'Asks for a lease; answered once it is recorded, and active later. The same key again: the same lease, `repeated`',
  },
  {
    verb: VERBS.renewLease,
    ...toAllocator,
    body: 'RenewLeaseCommand',
    answer: 'LeaseRecorded',
    description: 'Wants a lease for longer; answered once it is recorded',
  },
  {
    verb: VERBS.releaseLease,
    ...ofHolders,
    body: 'ReleaseLeaseCommand',
    answer: 'LeaseRecorded',
    description: 'Gives a lease back. The same again changes nothing',
  },
  {
    verb: VERBS.reclaimLeases,
    ...toAllocator,
    body: 'ReclaimLeasesCommand',
    answer: 'LeasesReclaimed',
    description: 'Takes leases back, with a reason: one, or all of an owner or with some attributes',
  },
  {
    verb: VERBS.forceLease,
    ...toAllocator,
    body: 'ForceLeaseCommand',
    answer: 'LeaseRecorded',
    description: 'Says of a lease that could not be taken back that it is over, whatever is left',
  },
  {
    verb: VERBS.leaseStanding,
    ...ofHolders,
    body: 'LeaseStandingQuery',
    answer: 'LeaseStanding',
    description: 'Tells how a lease is: its place in the queue, what it waits for, when it may become active',
  },
  {
    verb: VERBS.leaseOfKey,
    ...toAllocator,
    senders: RESOURCE_KINDS,
    body: 'LeaseOfKeyQuery',
    answer: 'LeaseStanding',
    description: 'Tells how the lease is that the sender has asked for with a key',
  },
  {
    verb: VERBS.leaseGives,
    ...toAllocator,
    senders: [...RESOURCE_KINDS, 'allocator'],
    body: 'LeaseGivesQuery',
    answer: 'LeaseGives',
    description: 'Tells what whoever stands on a lease that is active works with',
  },
  {
    verb: VERBS.enterResource,
    ...toAllocator,
    body: 'EnterResourceCommand',
    answer: 'LeasedResourceRecorded',
    description: 'Enters a resource that is there, by hand: never made or destroyed by the allocator',
  },
  {
    verb: VERBS.changeResource,
    ...toAllocator,
    body: 'ChangeResourceCommand',
    answer: 'LeasedResourceRecorded',
    description: 'Changes attributes or capacity of a leased resource',
  },
  {
    verb: VERBS.drainResource,
    ...toAllocator,
    body: 'DrainResourceCommand',
    answer: 'LeasedResourceRecorded',
    description: 'Lets a leased resource take no leases any more; it goes once nobody has it',
  },
  {
    verb: VERBS.forceResource,
    ...toAllocator,
    body: 'ForceResourceCommand',
    answer: 'LeasedResourceRecorded',
    description:
      'Says of a leased resource that could not be destroyed, or has something left on it, that it is gone, whatever is left',
  },
  {
    verb: VERBS.blueprints,
    ...toAllocator,
    body: 'BlueprintsQuery',
    answer: 'BlueprintList',
    description: 'Tells which blueprints there are, all or one, and how they stand in an environment',
  },
  {
    verb: VERBS.changeBlueprint,
    ...toAllocator,
    body: 'ChangeBlueprintCommand',
    answer: 'BlueprintRecorded',
    description: 'Changes limits of a blueprint, at once',
  },
  {
    verb: VERBS.approveBlueprint,
    ...toAllocator,
    body: 'ApproveBlueprintCommand',
    answer: 'BlueprintRecorded',
    description: 'Lets an owner use a blueprint. The same again changes nothing',
  },
  {
    verb: VERBS.revokeBlueprint,
    ...toAllocator,
    body: 'ApproveBlueprintCommand',
    answer: 'BlueprintRecorded',
    description: 'Lets an owner use a blueprint no more; leases that he has go on',
  },
  {
    verb: VERBS.setQuota,
    ...toAllocator,
    body: 'SetQuotaCommand',
    answer: 'QuotaRecorded',
    description: 'Says how many leases an owner may have at once',
  },
  {
    verb: VERBS.callInterface,
    ...toAllocator,
    senders: ['gateway', 'allocator'],
    body: 'CallInterfaceCommand',
    answer: 'CallEnded',
    description:
      'Calls an interface on a lease that is active; answered when the call ends, and told of on `slipway.<mesh>.calls.<callId>` meanwhile',
  },
  {
    verb: VERBS.cancelCall,
    ...toAllocator,
    body: 'CancelCallCommand',
    answer: 'CallCancelling',
    description: 'Ends a call, wherever it goes on',
  },
];
