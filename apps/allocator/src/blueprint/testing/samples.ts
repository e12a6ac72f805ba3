import type { JsonObject } from '@slipway/contracts';
import type { GrantedLease, MadeResource } from '../blueprint.js';
import type { BlueprintPlace } from './blueprint-place.js';

/** What somebody has who leases. */
export interface Holding {
  lease: GrantedLease;
  resource: MadeResource;
  place: BlueprintPlace;
  interface<Kind extends object>(name: string): Promise<Kind>;
  /** What the lease gives, as the allocator would tell it. Throws where the blueprint would have it cover a secret. */
  gives(): Promise<JsonObject>;
}

/** What the contract suite has to know of a blueprint. What is left out it has not. */
export interface BlueprintSamples {
  /** Why it cannot be tried here. */
  missing?: string;
  /** Of what is asked for, or entered; asked for anew for each resource. */
  attributes?: JsonObject;
  /** Its resources are entered by hand: it makes and destroys none. */
  entered?: true;
  /** What resources stand on, by role: all of the suite on the same. */
  needs?(place: BlueprintPlace): Promise<MadeResource['needs']>;
  /** Fails unless it is there. */
  works?(resource: MadeResource, place: BlueprintPlace): Promise<void>;
  /** Fails where anything of it is left. */
  gone?(resource: MadeResource, place: BlueprintPlace): Promise<void>;
  /**
   * Uses what is leased, and leaves something behind (a program that runs, a file). What it gives back uses the same again: it must fail once
   * the lease was taken back.
   */
  use?(holding: Holding): Promise<() => Promise<unknown>>;
  /**
   * Works with nothing but what a lease gives, and leaves something behind. What it gives back does so again: it must fail once the lease was
   * taken back. Of a blueprint that says what its leases give, and of no other.
   */
  standOn?(holding: Holding, outputs: JsonObject): Promise<() => Promise<unknown>>;
  /** Leaves in what a lease gives what runs as somebody else, and is his. `missing`: why nobody here can. */
  others?: { missing?: string; start(holding: Holding, outputs: JsonObject): Promise<void> };
  /** Fails where anything is left of a lease that was taken back. */
  takenBack?(holding: Holding): Promise<void>;
  /** What stands where it would make something, and is none of ours. */
  foreign?: {
    put(resource: MadeResource, place: BlueprintPlace): Promise<void>;
    stands(resource: MadeResource, place: BlueprintPlace): Promise<void>;
  };
  /** What may happen to it, and is told by the regular check. */
  breaks?: readonly { what: string; by(resource: MadeResource, place: BlueprintPlace): Promise<void>; reason: RegExp }[];
  /** Attributes that it can be brought to; `meanwhile`: what happens after it was made and before that. */
  change?: { attributes: JsonObject; meanwhile?(): void; works(resource: MadeResource, place: BlueprintPlace): Promise<void> };
  /** How many points of each verb it is stopped at; 3 when left out, 0 for one that has no effects. */
  points?: number;
}
