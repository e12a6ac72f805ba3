import type { Actor, BlueprintLimits, Json, JsonObject, LeaseAsk, Owner } from '@slipway/contracts';

interface Now {
  /** By the allocator's own clock, ms since the epoch: it never goes back. */
  now: number;
}
type OfLease = Now & { leaseId: string };
type OfResource = Now & { resourceId: string };
type By = { actor: Actor; reason?: string };

/** What can be asked of an environment's leases. */
export type AllocationCommand =
  /** `wait`: whether he waits where nothing is free now. */
  | ({ type: 'Ask'; ask: LeaseAsk; wait: boolean } & Now)
  | ({ type: 'Renew'; until: number; actor: Actor } & OfLease)
  /** Its holder gives it back. Again: nothing. Not for what a resource holds itself. */
  | ({ type: 'Release' } & OfLease & By)
  /** An operator takes back one, or all that match. */
  | ({ type: 'Reclaim'; of: LeasesOf } & Now & Required<By>)
  /** A request has ended: so have its leases. */
  | ({ type: 'EndRequest'; requestId: string } & Now)
  /** Its time may be over, or that of its waiting. */
  | ({ type: 'Expire' } & OfLease)
  /** It can be used. `token`: of the acquisition that was prepared. */
  | ({ type: 'Activate'; token: number } & OfLease)
  /** It could not be made usable, however often it was tried. `token`: of the acquisition that was prepared. */
  | ({ type: 'CannotPrepare'; token: number; reason: string } & OfLease)
  | ({ type: 'TookBack' } & OfLease)
  | ({ type: 'CannotTakeBack'; reason: string; retryAt: number } & OfLease)
  /** An operator says that it is over, whatever is left. */
  | ({ type: 'Force' } & OfLease & Required<By>)
  | ({ type: 'Enter'; resource: Entered; actor: Actor } & Now)
  | ({ type: 'Change'; attributes?: JsonObject; capacity?: number; actor: Actor } & OfResource)
  /** It takes no leases any more, and goes once nobody has it. */
  | ({ type: 'Drain' } & OfResource & Required<By>)
  /** It is made. */
  | ({ type: 'Opened'; outputs?: JsonObject } & OfResource)
  /** It was broken and works again; what acquisitions with these tokens had left on it (`remains`) was taken back. */
  | ({ type: 'Mended'; tookBack: readonly number[] } & OfResource)
  /** It could not be made; `isFinal`: and never can be. */
  | ({ type: 'Failed'; reason: string; retryAt: number; isFinal?: boolean } & OfResource)
  /** It could not be brought to its attributes, or not be destroyed: it is tried again. */
  | ({ type: 'CannotUpdate' | 'CannotDestroy'; reason: string; retryAt: number } & OfResource)
  /** Its blueprint has brought it to these attributes. */
  | ({ type: 'Updated'; attributes: JsonObject; outputs?: JsonObject } & OfResource)
  | ({ type: 'Broke'; reason: string } & OfResource)
  /** Nothing of it is left. */
  | ({ type: 'Gone' } & OfResource)
  /** An operator says that it is gone, whatever is left. */
  | ({ type: 'ForceGone' } & OfResource & Required<By>)
  | ({ type: 'SetLimits'; blueprint: string; limits: Partial<BlueprintLimits>; actor: Actor } & Now)
  | ({ type: 'Approve' | 'Revoke'; blueprint: string; owner: Owner } & Now & By)
  | ({ type: 'SetQuota'; owner: Owner; leaseType?: string; most: number | null; actor: Actor } & Now)
  /** What time alone brings: idle resources go, warm ones come, what failed is tried again, by a time that goes on also while `now` stands. */
  | ({ type: 'Tidy'; running?: number } & Now);

/** Leases that all of what is said holds of. */
export interface LeasesOf {
  leaseId?: string;
  owner?: Owner;
  attributes?: Record<string, Json>;
}

/** A resource that is there and is entered by hand. */
export interface Entered {
  name: string;
  blueprint: string;
  attributes: JsonObject;
  capacity?: number;
  location?: string;
  owner?: Owner;
}
