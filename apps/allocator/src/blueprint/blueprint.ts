import type { Blobs, Contents } from '@slipway/blobs';
import type { BlueprintLimits, Clock, Json, JsonObject, Owner } from '@slipway/contracts';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { Secrets } from '@slipway/secrets';
import type { BlueprintDeclaration } from './declaration.js';

/** A resource, as its blueprint is told of it. */
export interface MadeResource {
  environment: string;
  /** `default.host-18`: no other resource ever had it. */
  id: string;
  name: string;
  location: string;
  /** Entered by hand: nothing of it was made by its blueprint. */
  manual: boolean;
  attributes: JsonObject;
  /** What `allocate` said; of one that was entered by hand, nothing. */
  outputs: JsonObject;
  /** What it holds itself, by role. */
  needs: Readonly<Record<string, HeldInterfaces>>;
}

/** A lease, as the blueprint of its resource is told of it. */
export interface GrantedLease {
  id: string;
  /** Greater than that of any acquisition before. */
  token: number;
  owner: Owner;
  amount: number;
  slots: readonly string[];
  attributes: JsonObject;
}

/** A leased resource that something stands on. */
export interface HeldInterfaces {
  resource: Omit<MadeResource, 'needs'>;
  interface<Kind extends object>(name: string): Promise<Kind>;
}

/** What a blueprint works with, at its location. */
export interface BlueprintContext {
  /** A folder at the allocator that is this blueprint's own at this location, kept over restarts. */
  folder: string;
  /** Programs and files of the allocator's own machine. */
  command: Command;
  filesystem: Filesystem;
  secrets: Secrets;
  blobs: Blobs;
  clock: Clock;
  /** Ends when the work, or the lease that is worked for, does. */
  signal: AbortSignal;
  /**
   * To be awaited before each change at an endpoint that is reached over the network, by neither `command` nor `filesystem`. Throws the
   * signal's reason when the work was ended meanwhile.
   */
  changing(what: string): Promise<void>;
  /** A line for whoever watches; secrets in it are covered. */
  log(line: string): void;
}

/** What the regular check has found. */
export type Managed = { state: 'well' } | { state: 'broken'; reason: string };

/**
 * How one type of resource is made, kept and reached at one kind of place. One file; runs the contract suite of `testing/`.
 *
 * B1. Each verb may be stopped at any point and called again, here or by another replica, also while the first call still hangs: what is
 *     there is found, by a mark that was left before the effect.
 * B2. After `destroy` nothing of the resource is left, also of an `allocate` that wakes up late.
 * B3. After `takeBack` nothing that was handed out under the lease's token works any more: programs are ended, credentials renewed.
 * B4. What carries no mark of ours is never touched.
 */
export interface Blueprint extends BlueprintDeclaration {
  /**
   * Attributes of a resource that is entered by hand, or changed, as they are recorded: checked, and written in one way. Pure. Throws `bad-input` by
   * field, also for a capacity that it cannot have. They are as they were given when left out.
   */
  accept?(entered: { attributes: JsonObject; capacity?: number }): JsonObject;
  /** Throws `lease-impossible` for what never can be made, however often it is tried: who wants it is told, and does not wait. So does `prepare`. */
  allocate?(resource: MadeResource, context: BlueprintContext): Promise<{ outputs: JsonObject }>;
  /** Brings it to changed attributes. Gives all of its outputs where they are others then. */
  update?(resource: MadeResource, attributes: JsonObject, context: BlueprintContext): Promise<void | { outputs: JsonObject }>;
  manage?(resource: MadeResource, context: BlueprintContext): Promise<Managed>;
  destroy?(resource: MadeResource, context: BlueprintContext): Promise<void>;
  /** Makes an acquired lease usable: users, credentials, folders of its own. Nothing to do when left out. */
  prepare?(lease: GrantedLease, resource: MadeResource, context: BlueprintContext): Promise<void>;
  /** The inverse of `prepare`. Throws where its place does not answer: it is tried again. */
  takeBack?(lease: GrantedLease, resource: MadeResource, context: BlueprintContext): Promise<void>;
  /**
   * What whoever stands on a lease that is active works with, as outputs ({@link LeaseGives}): to be recorded, so that a secret is in it as its
   * reference only. It changes nothing. Nothing is given when left out.
   */
  gives?(lease: GrantedLease, resource: MadeResource, context: BlueprintContext): Promise<JsonObject>;
  /** One of its {@link BlueprintDeclaration.interfaces}, for a lease that is active. */
  interface(name: string, lease: GrantedLease, resource: MadeResource, context: BlueprintContext): Promise<object>;
}

/** What the configuration says of a blueprint. What is left out the blueprint decides. */
export interface BlueprintSettings {
  /** Its name there; others of the same file have other ones. */
  name: string;
  location: string;
  capacity?: number;
  placing?: 'spread' | 'pack';
  limits?: Partial<BlueprintLimits>;
  owner?: Owner;
  /** What only this one understands. */
  options: JsonObject;
}

/** The interface by one name, as it is called from outside: what it can do, and what each of it takes and gives. */
export interface InterfaceDefinition<Kind extends object> {
  name: string;
  /** By name; arguments and answer are JSON of at most 256 KiB. */
  methods: Readonly<Record<string, InterfaceMethod<Kind>>>;
}

export interface InterfaceMethod<Kind extends object> {
  /** JSON Schema (draft 2020-12) of its arguments. */
  arguments: JsonObject;
  /** A sentence for a person. */
  description: string;
  call(on: Kind, given: JsonObject, told: CallTold): Promise<Json>;
}

/** What a call can say while it goes on, and what ends it. */
export interface CallTold {
  signal: AbortSignal;
  /** Where what is too large for a message is handed over. */
  blobs: Contents;
  line(text: string, from: 'stdout' | 'stderr'): void;
  /** Many at once. Who says much waits for it before he says more: then no memory is taken by what nobody reads. */
  lines(texts: readonly string[], from: 'stdout' | 'stderr'): Promise<void>;
}
