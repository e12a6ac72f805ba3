import type { Duplex, Readable } from 'node:stream';
import type {
  Changeable,
  Clock,
  DefinitionRef,
  Health,
  InspectAnswer,
  JsonObject,
  Owner,
  ResourceKind,
  ResourceRef,
  SpecBounds,
} from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import type { Secrets } from '@slipway/secrets';
import type { Command, Filesystem } from '@slipway/interfaces';

/** Which thing at the place is meant: a resource and its generation, under an epoch. */
export interface Identity {
  resource: ResourceRef;
  generation: number;
  /** Grows with each take-over; goes into the marker. */
  epoch: number;
}

/** What a driver works on. */
export interface Target extends Identity {
  definition: DefinitionRef;
}

/** Something at the place that carries our mark. */
export interface Mark {
  resource: ResourceRef;
  generation: number;
  /** Where it is, for a person: a path, a container's name. */
  where: string;
}

/** A machine that is not ours, as far as programs and files are not all that is needed of it. */
export interface OtherMachine {
  /** By which others reach what listens there: a name or an IP address. */
  address: string;
  /** Path of its Node, where the configuration says it. */
  node?: string;
  /** Address of its Docker engine, where the configuration says it. */
  docker?: string;
  /** What the configuration calls it: `hosts.far`. */
  setting: string;
  /** A connection to a port of its own loopback, which the caller ends. Rejects with the code `ECONNREFUSED` where nobody takes it. */
  connect(port: number): Promise<Duplex>;
}

/** What a driver may use. It reaches the place through `command` and `filesystem` only, and where that is at another machine through `machine`. */
export interface DriverContext {
  command: Command;
  filesystem: Filesystem;
  blobs: Blobs;
  secrets: Secrets;
  clock: Clock;
  /** Name of the place. */
  location: string;
  /** Folder at the place that belongs to this kind and driver; what is made stands below it. It exists. */
  root: string;
  /** The one that the place is at, where that is not ours. */
  machine?: OtherMachine;
  /** Aborted when the step is cancelled or its deadline has passed; `reason` is the SlipwayError to end with. */
  signal: AbortSignal;
  /** From 0 to 1, or undefined where nobody knows. */
  progress(fraction: number | undefined, message: string): void;
  /**
   * To be awaited before each change at an endpoint that is reached over the network, by neither `command` nor `filesystem`. Throws
   * the signal's reason when the step was ended meanwhile.
   */
  changing(what: string): Promise<void>;
  /** One line of the step's log. Never a secret. */
  log(line: string): void;
  /** For whom it is made; nothing for a look. `id`: of the request with whose claim it ends; what is shared ends with none. */
  request?: { id?: string; owner?: Owner };
  /** Of an `ensure` that begins with the data of a snapshot. */
  from?: Data;
  /** Of an update of something that is not to run: it is changed, and not started. */
  stopped?: true;
}

/** The data that a resource begins with. */
export interface Data {
  /** One of those that the driver {@link Portable.accepts}. */
  mediaType: string;
  /** What {@link open} yields at most, and exactly when it ends well. */
  contentBytes: number;
  /**
   * The data, uncompressed, from their beginning each time. It ends with an error where they are not what was stored; what was
   * made of them till then is to be thrown away. Told as progress while it is read. Their content is from outside: hostile.
   */
  open(): Promise<Readable>;
  /** As {@link Filesystem.unpack} does with what {@link open} yields, as portable data. */
  unpackTo(folder: string): Promise<void>;
  /** As {@link Filesystem.writeFile} does with what {@link open} yields. */
  writeTo(file: string, options?: { mode?: number }): Promise<void>;
}

export interface Ensured {
  /** `found`: it was there already, made by this same generation. */
  effect: 'made' | 'found';
  /** What others are wired to: `{path}`, `{url}`. Secrets as `secret://…` only. */
  outputs: JsonObject;
  /** As {@link Driver.inspect} would say. */
  observed: JsonObject;
}

/** What runs, as an observation of its place. */
export interface Observation {
  health: Health;
  reason: string;
  /** How often it was started again by its own supervision since it was made; never goes back. */
  restarts: number;
  /** Why nothing starts it again by itself any more, where that is so: what follows stands in its spec (`onFailure`). */
  failed?: string;
}

/** Where in a log reading begins: after an earlier part, or so many lines before its end. */
export type LogFrom = { after: string } | { tail: number };

/** A part of a log, at most {@link LOG_PART} bytes. */
export interface LogPart {
  content: Uint8Array;
  /** Where the next part begins, in the driver's own words; at most 150 printable characters. */
  after: string;
  /** Whether there is more right now. */
  more: boolean;
  /** What stood in between is not kept any more. */
  gap?: boolean;
}

/** The largest part, in bytes: as base64 it fits into a message with room to spare. */
export const LOG_PART = 128 * 1024;

/** The data of a resource as one stream: how it is read out, and what it can begin with elsewhere. */
export interface Portable<Spec extends object = JsonObject> {
  /** Of what `export` yields: `application/x-tar` for files, or of a database's own dump. */
  readonly mediaType: string;
  /** Media types that `ensure` can begin with ({@link DriverContext.from}). */
  readonly accepts: readonly string[];
  /**
   * All data of the resource as they are at one moment, neither compressed nor counted: the kit does that. Nothing at the
   * place changes, but what is removed again when the stream ends, however it ends. No secrets, no logs. What is a folder or a
   * file there is said as such (`AtPlace`): gigabytes are then read beside the service.
   */
  export(target: Target, spec: Spec, context: DriverContext): Promise<AsyncIterable<Uint8Array>>;
}

/** How what is there is changed to what its spec says from now on, all its data kept. */
export interface Updatable<Spec extends object = JsonObject> extends Changeable {
  /**
   * As `ensure` of what is there: it ends well when all is as `spec` and `inputs` say, and what runs is healthy. Whether it was
   * so before, or half-way so, makes no difference: an update that was ended, or failed, is repeated or taken back by another
   * one. Throws `not-found` when it is not there. An older epoch that wakes up later changes nothing any more.
   */
  update(
    target: Target,
    spec: Spec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<Omit<Ensured, 'effect'>>;
}

/**
 * How a sub-provisioner does it at one kind of place. Runs the contract suite of `/testing` against the real thing.
 *
 * D1. A marker that names resource and generation stands at the place before the effect.
 * D2. `ensure` and `destroy` may be stopped at any point and called again, here or by another replica, even while the
 *     first call still hangs: the place's own mutual exclusion decides (an atomic rename onto a name of the generation).
 * D3. `destroy(generation)` leaves a tombstone; an `ensure` of that or an older generation refuses with `generation-old`,
 *     also one that began before and wakes up later.
 * D4. What carries no mark of ours is never touched: `foreign`.
 * D5. An `ensure` with {@link DriverContext.from} makes the resource with all of those data or not at all; what is there
 *     already, of this generation, is found as it is.
 * D6. `rotate` may be called again at any time; when it ends the newest version of each secret is in effect, and is what `ensure`
 *     gives out from then on. What was given back has no new secrets.
 * D7. An update that was stopped at any point is repeated, or taken back by an update to what was before, and nothing of its
 *     data is lost.
 */
export interface Driver<Spec extends object = JsonObject> {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Needs nothing of this machine but what is its own, whatever {@link DriverContext.machine} says: so also at a place over SSH. */
  readonly anywhere?: true;
  /**
   * Where it can't carry out every spec of its kind: what goes against it is refused by the field (`spec-invalid`) when a plan is
   * made, before anything changes, and where nobody was heard of then, before `ensure` or `update` is called.
   */
  readonly bounds?: SpecBounds;
  /**
   * Names of all outputs that what it makes can have. Where they are said, a plan in which somebody's `${<requirement>.<output>}`
   * means another one is refused by the field, before anything changes.
   */
  readonly outputs?: readonly string[];
  /**
   * For what is wired to others: outputs that it has there although they are not given, where another one is. A volume that is
   * mounted has a path: `{path: 'volume'}`.
   */
  readonly finds?: Readonly<Record<string, string>>;
  /**
   * Fields of what `inspect` finds that may be taken into the log as they are found (`mode`), where a person has changed them on purpose:
   * the driver goes on working with what they are. What is not named can only be brought back.
   */
  readonly adopts?: readonly string[];
  /**
   * Fields of what `inspect` finds that an `update` to the same spec brings back to what they were. What is not named it leaves as it is.
   * `exists`: what is gone below its mark is made again, without its data.
   */
  readonly repairs?: readonly string[];
  ensure(target: Target, spec: Spec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Ensured>;
  /** What exists, as {@link Ensured.observed}: normalised and comparable. Changes nothing. */
  inspect(target: Identity, context: DriverContext): Promise<InspectAnswer>;
  /**
   * For outputs that can become others without it, as of a server that was moved: those that what is there gives out now, as far as that
   * can be told. Changes nothing.
   */
  gives?(target: Identity, context: DriverContext): Promise<JsonObject>;
  destroy(target: Target, context: DriverContext): Promise<'destroyed' | 'absent'>;
  /** All that carries our mark at the place and is not given back; tombstones don't count. */
  marks(context: DriverContext): Promise<Mark[]>;
  /** For what runs: looks, and brings it to its desired state (running) where it is not. */
  observe?(target: Target, spec: Spec, context: DriverContext): Promise<Observation>;
  /** How often `observe` is wanted, in seconds; 5 when left out. */
  observeEvery?(spec: Spec): number;
  /**
   * For what gives out secrets: makes a new version of each of its own, puts them into effect at the place, and says the outputs
   * anew, which refer to the new versions. Called again (after a crash, say) it may make newer ones still; once it has ended only
   * the newest open anything. `inputs` are the outputs of what it is wired to, as they are now: an instance is given the secrets
   * among them, and runs with what it is given from the next `observe` on.
   */
  rotate?(
    target: Target,
    spec: Spec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<{ outputs: JsonObject }>;
  /** For what runs: a part of what it has written, by itself. Throws `not-found` when it is not there. */
  readLog?(target: Identity, from: LogFrom, context: DriverContext): Promise<LogPart>;
  /** For what runs: ends it and keeps all it has, so that `observe` starts it again. Where nothing of it is there it does nothing. */
  stop?(target: Identity, context: DriverContext): Promise<void>;
  /** Where its data can be read out, and it can begin with data: what it lacks is refused by name (`not-portable`). */
  readonly portable?: Portable<Spec>;
  /** Where what is there can be changed, and what of it: what it lacks is refused by name (`not-updatable`). */
  readonly updatable?: Updatable<Spec>;
  /** For a driver that runs something for all it makes at a place (a server): brings it back when it does not run. */
  keep?(context: DriverContext): Promise<void>;
  /** Ends what `keep` keeps, together with the mesh; all that it has stays. */
  end?(context: DriverContext): Promise<void>;
}
