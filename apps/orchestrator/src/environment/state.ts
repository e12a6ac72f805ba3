import { RESOURCE_KINDS, resourceKey } from '@slipway/contracts';
import type { Actor, EnvironmentEvent, JobKind, JsonObject, Owner, PlanRead } from '@slipway/contracts';
import { PersistentMap } from '@slipway/event-store';

/** A name that is taken. */
export interface Claimed {
  owner: Owner;
  /** The request that works on it; none while what stands under it is left alone. */
  holder?: string;
  /** What that request does. */
  job?: JobKind;
}

/** What of an installed resource is needed to admit plans and to wire steps. */
export interface Standing {
  generation: number;
  /** How often it was updated since that was made, or left uncertain by an update. */
  updates: number;
  /** None for what is shared. */
  instanceId?: string;
  /** Where its effects live, and who works on it there. */
  location: string;
  driver: string;
  /** Where it was made and by whom, as the configuration calls them; earlier releases recorded no provisioner. */
  guestLocation: string;
  provisioner?: string;
  outputs: JsonObject;
  /** Keys of what it is wired to. */
  uses: string[];
}

/** How long an instance is wanted. */
export interface Until {
  /** Milliseconds since the epoch. */
  at: number;
  /** The request that set it. */
  setBy: string;
  phase: 'wanted' | 'expiring' | 'expired';
}

/** A plan that is being carried out. */
export interface Admitted {
  owner: Owner;
  planHash: string;
  reads: string[];
  writes: string[];
}

/** One environment: names, what is installed, and the plans that are being carried out in it. */
export interface EnvironmentState {
  names: PersistentMap<Claimed>;
  /** Names by the request that holds them: what it works on itself. */
  held: PersistentMap<string>;
  /** Names that a request takes along, which it holds as well; by request. */
  along: PersistentMap<string[]>;
  /** By key, `storage/shop-data`. */
  installed: PersistentMap<Standing>;
  /** Sorted keys of all that is wired to a key. */
  users: PersistentMap<string[]>;
  /** How many resources stand for an instance. */
  standing: PersistentMap<number>;
  /** Greatest generation that was ever planned, by key. */
  generations: PersistentMap<number>;
  /** By request. */
  admitted: PersistentMap<Admitted>;
  /** Admitted plans by owner ({@link ownerKey}). */
  perOwner: PersistentMap<number>;
  /** Who changes a key. */
  writers: PersistentMap<string>;
  /** Who rests on a key. */
  readers: PersistentMap<string[]>;
  /** How long instances are wanted, of those that are not wanted for good; by name. */
  untils: PersistentMap<Until>;
  paused: boolean;
}

export interface Claim {
  type: 'Claim';
  requestId: string;
  name: string;
  owner: Owner;
  job: JobKind;
  /** Of an instance whose time is over: it must be this one still. */
  until?: number;
}

export interface Admit {
  type: 'Admit';
  claim: Omit<Claim, 'type'>;
  planHash: string;
  reads: PlanRead[];
  /** `make`: it must be newer than all generations before; else it is there and is removed, changed, or brought up again. */
  writes: { key: string; generation: number; make: boolean }[];
  /** Names of further instances that the plan takes away. */
  along?: readonly string[];
  limits: { concurrent: number; perOwner: number };
}

export type Settle = { type: 'Settle'; until?: number } & Omit<
  Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'],
  'installedBlob' | 'along'
>;

/** Wants an instance for longer. */
export interface Extend {
  type: 'Extend';
  name: string;
  until: number;
  now: number;
  actor: Actor;
  reason?: string;
}

export type EnvironmentCommand =
  /** Takes a name. `queue`: requests that may wait. */
  | (Claim & { queue: number })
  | Admit
  /** Ends a request's work on its name. */
  | Settle
  | Extend
  /** Looks whether an instance's time is over, or nearly: less than `notice` (ms) is left. */
  /** `warned`: for long enough it was known that its time is nearly over, so that it could have been put off. */
  | { type: 'Expire'; name: string; now: number; notice: number; warned: boolean }
  | { type: 'PauseDispatch'; actor: Actor; reason?: string }
  | { type: 'ResumeDispatch'; actor: Actor };

/** Why a plan can't be admitted now (details of `limit-reached`). */
export type Obstacle = 'paused' | 'concurrent' | 'per-owner';

export const initialState = (): EnvironmentState => ({
  names: PersistentMap.of(),
  held: PersistentMap.of(),
  along: PersistentMap.of(),
  installed: PersistentMap.of(),
  users: PersistentMap.of(),
  standing: PersistentMap.of(),
  generations: PersistentMap.of(),
  admitted: PersistentMap.of(),
  perOwner: PersistentMap.of(),
  writers: PersistentMap.of(),
  readers: PersistentMap.of(),
  untils: PersistentMap.of(),
  paused: false,
});

/** Where an instance stands and who provisioned it; undefined when nothing of its name stands. */
export function whereIs(
  { installed }: EnvironmentState,
  name: string,
): Pick<Standing, 'guestLocation' | 'provisioner'> | undefined {
  const all = RESOURCE_KINDS.map((kind) => installed.get(resourceKey({ kind, name })));
  return all.find((one) => one?.instanceId === name);
}

/** Of the name that a request works on. */
export function ownerOf({ held, names }: EnvironmentState, requestId: string): Owner | undefined {
  const name = held.get(requestId);
  return name === undefined ? undefined : names.get(name)?.owner;
}

export const ownerKey = ({ type, id }: Owner): string => `${type}/${id}`;
