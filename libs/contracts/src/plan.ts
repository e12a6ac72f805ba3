import type { JsonObject } from './json.js';
import type { JobKind } from './job.js';
import type { Offered } from './offering.js';
import type { AnnouncedDriver, ResourceKind } from './services.js';

/** Media type of data that are files. */
export const TAR = 'application/x-tar';

/** The data of one resource, as they stand in a snapshot: a blob (Zstandard, RFC 8878), checked by its SHA-256 when it is read. */
export interface Part {
  sha256: string;
  /** Of the blob. */
  bytes: number;
  /** What it is once it is uncompressed: `application/x-tar` (files), or a database's own dump. */
  mediaType: string;
  /** Bytes once it is uncompressed. */
  contentBytes: number;
  /** Who has the blob (UUID): parts are shared with nobody. Left out where a manifest names it, which may lie anywhere. */
  holder?: string;
}

/** A definition pinned by its content. */
export interface DefinitionRef {
  name: string;
  version: string;
  /** SHA-256 of the definition's canonical JSON, artefact's blob included. */
  hash: string;
}

/** Data of one resource in a snapshot, with what is needed to make the like of it elsewhere. */
export interface SnapshotPart extends Omit<Part, 'holder'> {
  /**
   * What it is to the instance: the names of the requirements that lead to it, apart by slashes: `data`, `db/volume`; `''` for what has the
   * instance's own name. Another instance of the definition has the same roles.
   */
  role: string;
  kind: ResourceKind;
  driver: string;
  definition: DefinitionRef;
  spec: JsonObject;
  /** Its name in the archive: `parts/1.zst`. */
  file: string;
}

/** Which step's or installed resource's outputs answer which requirement. */
export interface Wire {
  /** Key (`instance/shop`) of what requires. */
  from: string;
  /** The requirement's name within that definition (`data`). */
  requirement: string;
  /** Key of what provides. */
  to: string;
}

/**
 * What a step does: makes a resource (or brings up again the one that is there), takes it away, ends what runs of it and keeps all
 * it has, reads out all its data, or changes what is there to what it is to be.
 */
export const STEP_ACTIONS = ['ensure', 'destroy', 'stop', 'export', 'update'] as const;
export type StepAction = (typeof STEP_ACTIONS)[number];

/**
 * What undoes a step: `destroy` what it made, `ensure` what it stopped, `update` back to what it was `before`, `none` (nothing to
 * undo), or `forward` (only onwards).
 */
export const INVERSES = ['destroy', 'ensure', 'update', 'none', 'forward'] as const;
export type Inverse = (typeof INVERSES)[number];

/** How a change is brought about: in what is there, or by making anew what it touches; data are kept either way. */
export const CHANGED_HOW = ['in-place', 'replaced'] as const;

/** Why a resource is updated: one thing that is to be other than it is. */
export interface Change {
  /** `definition`, `spec.sizeLimit`, `offering.greeting`, `requirements.data`, `requirements.data.secrets`; `state` of what an update has left uncertain. */
  field: string;
  /** What it was and what it is to be, where that is short; left out where there is nothing, or too much to be shown. */
  from?: string;
  to?: string;
  how: (typeof CHANGED_HOW)[number];
}

/** What a resource was before an update: all that is needed to bring that back. */
export interface Former {
  definition: DefinitionRef;
  spec: JsonObject;
  offerings?: JsonObject;
  /** What it was wired to. */
  wires: Wire[];
}

/** One thing one sub-provisioner does for one request. Pinned: a resumed request never resolves again. */
export interface PlanStep {
  /**
   * Unique in the plan: the resource's key, `storage/shop-data`; with the action behind it where a plan does more than one thing with
   * a resource: `instance/shop#stop`.
   */
  id: string;
  action: StepAction;
  kind: ResourceKind;
  name: string;
  generation: number;
  definition: DefinitionRef;
  location: string;
  driver: string;
  /** Of the definition, with the requirement's own laid over it. */
  spec: JsonObject;
  /** What holds of all that is offered for it: its driver gets it, as the input `offering`. */
  offerings?: JsonObject;
  /** Of what has the instance's own name: what its job needed beside the definition, each with the name that it is wired by. */
  requirements?: CapabilityRequirement[];
  /** Ids of the steps that must be done before. */
  after: string[];
  inverse: Inverse;
  /** Made once for the whole environment: as an {@link Installed} it has no `instanceId`, and goes with its last user. */
  shared?: boolean;
  /** Why this definition, where others satisfy the requirement too: `by sqlite, which comes first at local; …`. */
  because?: string;
  /** What it begins with, of an `ensure`: data of a snapshot. */
  from?: Part;
  /** What it is to the instance, of an `export`: see {@link SnapshotPart.role}. */
  role?: string;
  /** Why, of an `update`. */
  changes?: Change[];
  /** What it was, of an `update`. */
  before?: Former;
}

/** A requirement that nothing satisfies, and why. */
export interface Unsatisfied {
  /** Who requires it, outermost first: `["guestbook@1.0.0"]`. */
  chain: string[];
  /** The requirement in words: `database {engine: postgres}`. */
  requirement: string;
  reason:
    | 'no-definition'
    | 'no-version'
    | 'no-capability'
    | 'circular'
    | 'no-location'
    | 'no-driver'
    | 'still-needed'
    | 'name-in-use'
    | 'snapshot-unfit'
    | 'not-updatable';
  /** A sentence for a person, with what would fix it where that is known. */
  message: string;
}

/** A resource that exists already and is used as it is. */
export interface InstalledRef {
  kind: ResourceKind;
  name: string;
  generation: number;
  definition: DefinitionRef;
}

/** What was read to make the plan; admission refuses when one of them has changed since. `null`: it was not there. */
export interface PlanRead {
  key: string;
  generation: number | null;
  /** How often it had been updated since its generation was made; left out where never. */
  updates?: number;
  /** Of what the plan changes or removes: keys of all that were wired to it, sorted. Somebody new among them makes the plan stale. */
  users?: string[];
  /**
   * Of what is shared and the plan leaves to others: keys of those of its users that the plan takes away, or wires to something else,
   * sorted. That nobody else would be left makes the plan stale: the last one takes along what is shared.
   */
  leaving?: string[];
}

/** What a plan comes to: nothing to do, something made, taken away, read out, changed, or a refusal with its reasons. */
export const PLAN_OUTCOMES = ['satisfied', 'install', 'remove', 'export', 'update', 'unsatisfied'] as const;

/** The outcome of impact analysis. Making it changes nothing. */
export interface Plan {
  environment: string;
  outcome: (typeof PLAN_OUTCOMES)[number];
  alreadySatisfied: InstalledRef[];
  steps: PlanStep[];
  wires: Wire[];
  /** Capacity that the plan takes from shared resources (none before the allocator). */
  leases: [];
  reads: PlanRead[];
  /** Keys of what the plan makes, changes or removes. */
  writes: string[];
  /** Of an export: where its archive goes as well, `store` or `store:folder`. */
  destination?: string;
  unsatisfied: Unsatisfied[];
  /** {@link hashOf} all of the above. */
  hash: string;
}

/** Where things are to be made: a guest location of the configuration, as the orchestrator has chosen it, with who provisions. */
export interface Place {
  guestLocation: string;
  location: string;
  /** Who provisions: of its configuration are the kinds that it can make here at all. */
  provisioner: string;
  /** By kind; the first is taken where a definition names none. What is left out the provisioner does not provide. */
  drivers: Partial<Record<ResourceKind, string[]>>;
  /** Path at an instance where it is called, where its definition says none. */
  resourceUri?: string;
  /** What the provisioner and the guest location offer. */
  offered?: Offered[];
}

/** A capability that a job needs: a definition's requirement without a word on how it is made. */
export interface CapabilityRequirement {
  namespace: string;
  name?: string;
  attributes?: JsonObject;
  range?: string;
  resolution?: 'mandatory' | 'optional';
}

/** Body of `resolver.plan`. Stateless: all it rests on is named here, or read from the log at `atLeast` or later. */
export interface ResolveQuery {
  job: JobKind;
  environment: string;
  instanceId: string;
  /** `name` or `name@range`; of an update what is installed, when left out. */
  definition?: string;
  /** What is needed beside the definition, or instead of it; provision and import only. */
  requirements?: CapabilityRequirement[];
  /** What an import begins with, and who has it where that is known. */
  parts?: (SnapshotPart & Pick<Part, 'holder'>)[];
  place: Place;
  /** What was chosen of what is offered; of an update in addition to what was chosen before. */
  offerings?: JsonObject;
  /** Where an export's archive goes as well, `store` or `store:folder`; the plan says it. */
  destination?: string;
  /** What the drivers at the place can, by kind, of an update; left out where nobody was heard of. */
  announced?: Partial<Record<ResourceKind, AnnouncedDriver[]>>;
  /** Position of the log that the environment is read at, or later. */
  atLeast?: string;
}

/** Body of `orchestrator.offerings`: what can be chosen by a job that names the same. */
export interface OfferingsQuery {
  provisioner: string;
  clusterId?: string;
  guestLocation?: string;
  /** `name` or `name@range`. */
  definition?: string;
  /** Of an import: as its job says. Its definition counts where none is named, and what was chosen then is what it means by default. */
  snapshot?: string;
  snapshotId?: boolean;
}

/** Body of `resolver.offerings`. */
export interface ResolveOfferingsQuery {
  /** `name` or `name@range`. */
  definition: string;
  place: Place;
  /** Checked, where it is given: `bad-input` names what is wrong, and what is offered. */
  offerings?: JsonObject;
}

/** What can be chosen, in the order of names. */
export interface Offerings {
  items: Offered[];
}
