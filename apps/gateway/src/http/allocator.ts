import { Inject, Injectable } from '@nestjs/common';
import {
  SlipwayError,
  VERBS,
  type ApproveBlueprintCommand,
  type AskLeaseCommand,
  type BlueprintList,
  type BlueprintRecorded,
  type BlueprintsQuery,
  type ChangeBlueprintCommand,
  type ChangeResourceCommand,
  type DrainResourceCommand,
  type EnterResourceCommand,
  type ForceLeaseCommand,
  type ForceResourceCommand,
  type LeaseRecorded,
  type LeaseStanding,
  type LeasedResourceRecorded,
  type LeasesReclaimed,
  type QuotaRecorded,
  type ReclaimLeasesCommand,
  type ReleaseLeaseCommand,
  type RenewLeaseCommand,
  type RequestContext,
  type SetQuotaCommand,
} from '@slipway/contracts';
import { BUS, type Bus } from '@slipway/mesh';

/** What is asked is answered within a second, if only with the reason why not. */
const ASK_MS = 900;

/** What changes something, by its verb: the command, and what proves that it was recorded. */
interface Commands {
  askLease: [AskLeaseCommand, LeaseRecorded];
  renewLease: [RenewLeaseCommand, LeaseRecorded];
  releaseLease: [ReleaseLeaseCommand, LeaseRecorded];
  reclaimLeases: [ReclaimLeasesCommand, LeasesReclaimed];
  forceLease: [ForceLeaseCommand, LeaseRecorded];
  enterResource: [EnterResourceCommand, LeasedResourceRecorded];
  changeResource: [ChangeResourceCommand, LeasedResourceRecorded];
  drainResource: [DrainResourceCommand, LeasedResourceRecorded];
  forceResource: [ForceResourceCommand, LeasedResourceRecorded];
  changeBlueprint: [ChangeBlueprintCommand, BlueprintRecorded];
  approveBlueprint: [ApproveBlueprintCommand, BlueprintRecorded];
  revokeBlueprint: [ApproveBlueprintCommand, BlueprintRecorded];
  setQuota: [SetQuotaCommand, QuotaRecorded];
}

/** What the door passes on to the allocator. Errors are its own, `no-server`, `unreachable` and `timed-out`. */
@Injectable()
export class Allocator {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  async command<Verb extends keyof Commands>(
    context: RequestContext,
    verb: Verb,
    command: Commands[Verb][0],
  ): Promise<Commands[Verb][1]> {
    const options = { context, timeoutMs: ASK_MS };
    const answer = await this.bus.request<Commands[Verb][1]>('allocator', VERBS[verb], command, options);
    // Never a 2xx without the proof that it was recorded.
    if (typeof answer?.position !== 'string')
      throw new SlipwayError('internal', `The allocator answered ${VERBS[verb]} without a position`);
    return answer;
  }

  /** How a lease is, right now. */
  standing(context: RequestContext, leaseId: string): Promise<LeaseStanding> {
    return this.bus.request('allocator', VERBS.leaseStanding, { leaseId }, { context, timeoutMs: ASK_MS });
  }

  blueprints(context: RequestContext, query: BlueprintsQuery): Promise<BlueprintList> {
    return this.bus.request('allocator', VERBS.blueprints, query, { context, timeoutMs: ASK_MS });
  }
}
