import type { AskedRequirement, OfferedCapability } from './capability.js';
import type { DriftKind, Repair, ResourceDrift } from './drift.js';
import type { JsonObject } from './json.js';
import type { JobKind } from './job.js';
import type { Owner } from './context.js';
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

/** A requirement of something installable, under the name that it is wired by: `data`, or `stack-data` of an abstract `stack`. */
export interface Needed extends AskedRequirement {
  name: string;
  /** The abstract definitions whose requirement it is, outermost first: `["stack@1.0.0"]`; none where it is its own. */
  through?: string[];
}

/** Whose a resource is, and where it stands and who provisioned it as the configuration calls them. */
export interface Belonging {
  owner: Owner;
  /** None for what is shared. */
  instanceId?: string;
  guestLocation: string;
  provisioner?: string;
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
  /** What it offers to others beside its identity, as it was resolved: of an `ensure` or `update`. */
  capabilities?: OfferedCapability[];
  /** All that it needs, as it was resolved; what of it is satisfied the plan's wires say. */
  needs?: Needed[];
  /** Ids of the steps that must be done before. */
  after: string[];
  inverse: Inverse;
  /** Made once for the whole environment: as an {@link Installed} it has no `instanceId`, and goes with its last user. */
  shared?: boolean;
  /** Whose it stays, of an `update` of what others have; and whose it becomes, of what is made for that alone. The request's own when left out. */
  belongs?: Belonging;
  /**
   * Why: this definition, where others satisfy the requirement too (`by sqlite, which comes first at local; …`); an upgrade of what others have; or
   * that it is taken along.
   */
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
    /** Its container does not take an artefact: the message names container, artefact and rule. */
    | 'artefact-unfit'
    /** The instance whose service would do is there, and is not healthy. */
    | 'not-healthy'
    /** Too little is left of a capability of which there is only so much. */
    | 'no-capacity'
    /** What is needed cannot be there at once. */
    | 'clash'
    | 'still-needed'
    | 'name-in-use'
    | 'snapshot-unfit'
    | 'not-updatable';
  /** A sentence for a person, with what would fix it where that is known. */
  message: string;
}

/** One line of an explanation: what is supposed; or why something holds, and what follows from it. */
export interface ExplanationLine {
  suppose?: string;
  because?: string;
  therefore?: string;
}

/** Why there is no plan, beyond what is unsatisfied: how it follows that there is none, and what would do. */
export interface PlanExplanation {
  lines: ExplanationLine[];
  /** Changes of which each alone, tried on the whole, makes it possible: each a sentence. */
  fixes: string[];
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

/** Who stays as it is, and is wired to what a plan changes, itself or through others. */
export interface Affected {
  /** Its key. The plan has no step for it. */
  key: string;
  /** Keys on the way: first what it is wired to itself, last what the plan changes; only one where it uses that itself. */
  through: string[];
  /** Why, for a person: `it uses database/pg, which becomes pg@2.0.0`. */
  why: string;
}

/** Capacity that a plan takes of something that has only so much of it. */
export interface PlanLease {
  /** Key of what has it. */
  key: string;
  /** Key of what takes it, and the requirement by which. */
  holder: string;
  requirement: string;
  /** Of the capability. */
  namespace: string;
  amount: number;
  /** How much there is in all, for all who hold some. */
  capacity: number;
}

/**
 * Something that plans take turns at, because each of them might be right alone and both of them wrong: what they take of a capacity
 * (`capacity/storage/pool`), what goes into a target (`target/instance/tomcat`), a version of what there is one version of (`singleton/agent`).
 */
export interface PlanTurn {
  key: string;
  /** Which turn: admission refuses when somebody has had it since, and waits while somebody has one. */
  generation: number;
}

/** What a plan comes to: nothing to do, something made, taken away, read out, changed, brought back, or a refusal with its reasons. */
export const PLAN_OUTCOMES = ['satisfied', 'install', 'remove', 'export', 'update', 'repair', 'unsatisfied'] as const;

/** The outcome of impact analysis. Making it changes nothing. */
export interface Plan {
  environment: string;
  outcome: (typeof PLAN_OUTCOMES)[number];
  alreadySatisfied: InstalledRef[];
  steps: PlanStep[];
  wires: Wire[];
  /** Capacity that the plan takes of what has only so much. */
  leases: PlanLease[];
  reads: PlanRead[];
  /** Keys of what the plan makes, changes or removes. */
  writes: string[];
  /** Left out where there are none. */
  turns?: PlanTurn[];
  /**
   * Who else is touched by what is changed, in the order of keys, once for each thing that is changed; left out where nobody is. Who is touched
   * by what is taken away goes as well, or there is no plan.
   */
  affected?: Affected[];
  /** Of an export: where its archive goes as well, `store` or `store:folder`. */
  destination?: string;
  /** Names of the instances that a deprovision takes along, sorted; left out where there are none. */
  along?: string[];
  unsatisfied: Unsatisfied[];
  /** Of what is unsatisfied, where the resolver has shown it. */
  explanation?: PlanExplanation;
  /** {@link hashOf} all of the above. */
  hash: string;
  /**
   * Hash of all definitions that were in force when it was made. With the same one, and the same environment, it is made again as it is.
   * What is made is pinned by each step, so that another one does not make a plan stale. Left out by earlier releases.
   */
  repository?: string;
  /**
   * Of a plan that lacks something: other repositories which could not be asked what they have now, since when and why. What the replica that
   * made it knows; not hashed.
   */
  elsewhere?: string;
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
  /** Of OSGi Core 8 §3.2.7. */
  filter?: string;
  resolution?: 'mandatory' | 'optional';
}

/** Something that a repair is to bring back, as it was found. */
export type RepairAsked = Pick<ResourceDrift, 'key' | 'differences'> & {
  drift: Exclude<DriftKind, 'extra'>;
  /** Left out where its driver cannot. */
  by?: Repair;
};

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
  /** Of a job that resolves: names of definitions of which what is shared may be upgraded where nothing else does; `*` for all. */
  allowUpgrade?: string[];
  /** Names of definitions that are not upgraded, whatever is allowed. */
  keepAsIs?: string[];
  /** Definitions that come before others where several would do, `name` or `name@range`, the first before the next. */
  prefer?: string[];
  /** Of a deprovision: what needs what is taken away goes as well. */
  cascade?: boolean;
  /** Where an export's archive goes as well, `store` or `store:folder`; the plan says it. */
  destination?: string;
  /** What the drivers at the place can, by kind, where something may be updated; left out where nobody was heard of. */
  announced?: Partial<Record<ResourceKind, AnnouncedDriver[]>>;
  /** Of a repair: what is other than recorded. */
  repairs?: RepairAsked[];
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
