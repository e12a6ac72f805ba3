import type { Actor, Owner } from '../context.js';
import type { Cause } from '../errors.js';
import type { Credentials } from '../credentials.js';
import type { LeftBehind, PickedProvisioner } from '../events/request.events.js';
import type { JobKind } from '../job.js';
import type { DesiredState } from '../desired.js';
import type { Health } from '../events/resource.events.js';
import type { Instant } from '../clock.js';
import type { JsonObject } from '../json.js';
import type { OfferedCapability } from '../capability.js';
import type { DefinitionRef, InstalledRef, Needed, Plan, SnapshotPart, StepAction, Unsatisfied, Wire } from '../plan.js';
import type { RequestStatus } from '../request-status.js';
import type { SnapshotCopy } from '../events/snapshot.events.js';
import type { DriverVerb, ResourceKind } from '../services.js';
import type { BlobRef } from '../steps.js';

export type StepStatus =
  | 'pending'
  | 'waiting'
  | 'running'
  | 'uncertain'
  | 'succeeded'
  | 'failed'
  | 'undoing'
  | 'undone'
  | 'undo-failed';

export interface StepView {
  id: string;
  kind: ResourceKind;
  name: string;
  action: StepAction;
  generation: number;
  location: string;
  driver: string;
  after: string[];
  status: StepStatus;
  try: number;
  startedAt?: Instant;
  endedAt?: Instant;
  /** When the next try starts. */
  nextTryAt?: Instant;
  /** Why it waits or failed. */
  cause?: Cause;
  outputs?: JsonObject;
  log?: BlobRef;
}

/** A pause that holds. */
export interface Pause {
  at: Instant;
  by: Actor;
  /** What was given as `reason`. */
  reason?: string;
}

export interface RequestView {
  id: string;
  job: JobKind;
  status: RequestStatus;
  environment: string;
  instanceId: string;
  definition?: string;
  /** Who provisions, and who named it. */
  provisioner?: PickedProvisioner;
  /** What was chosen of what is offered. */
  offerings?: JsonObject;
  owner: Owner;
  actor: Actor;
  priority: number;
  notBefore?: Instant;
  /** How long the instance is wanted. */
  until?: Instant;
  acceptedAt: Instant;
  updatedAt: Instant;
  endedAt?: Instant;
  logToken?: string;
  /** No step is begun; also told while it needs attention. */
  paused?: boolean;
  /** Since when, by whom and why; while it is paused. */
  pause?: Pause;
  /** Why it does not go on just now. */
  waiting?: { code: string; reason: string };
  plan?: Plan;
  steps: StepView[];
  /** When it has ended well, or is unsatisfied. */
  result?:
    | {
        alreadySatisfied: InstalledRef[];
        installed: InstalledRef[];
        removed: InstalledRef[];
        /** What is there still and was changed. */
        updated?: InstalledRef[];
        wires: Wire[];
        /** Id of the snapshot that an export has made. */
        snapshot?: string;
      }
    | { unsatisfied: Unsatisfied[] };
  cause?: Cause;
  /** What a person must look after. */
  left?: LeftBehind[];
  /** Log position of its newest event. */
  position: string;
}

/** A storage, a database or an instance, as the log knows it. */
export interface ResourceView {
  /** `<environment>.<name>`. */
  id: string;
  kind: ResourceKind;
  environment: string;
  name: string;
  status: 'making' | 'present' | 'failed' | 'destroying' | 'destroyed';
  generation: number;
  location: string;
  driver: string;
  /** Where it was made and by whom, as the configuration calls them; once the request that made it has ended. */
  guestLocation?: string;
  provisioner?: string;
  definition: DefinitionRef;
  ownerId?: string;
  /** The instance it was made for. */
  instanceId?: string;
  /** Request that touched it last. */
  requestId: string;
  outputs: JsonObject;
  observed: JsonObject;
  /** Path at which it is called; of an instance whose definition or provisioner says one. */
  resourceUri?: string;
  /** Its address and that path: where `/instances/{id}/resource` leads. */
  resourceUrl?: string;
  /** Whether it is to run; of what runs. */
  desired?: DesiredState;
  health?: Health;
  healthReason?: string;
  restarts?: number;
  /** Of an instance: how long it is wanted; then it is given back by itself. */
  until?: Instant;
  /** Its secrets made anew: the newest time. */
  rotation?: { id: string; state: 'rotating' | 'rotated' | 'failed'; cause?: Cause };
  createdAt: Instant;
  updatedAt: Instant;
  cause?: Cause;
  position: string;
}

export interface EnvironmentView {
  name: string;
  paused: boolean;
  /** Since when, by whom and why; while it is paused. */
  pause?: Pause;
  instances: number;
  storages: number;
  databases: number;
  /** Names that are claimed, and by which request while one works on it. */
  names: { name: string; ownerId: string; requestId?: string; until?: Instant }[];
  updatedAt: Instant;
  position: string;
}

/** Something that is installed in an environment. What it gives, and how it is doing, its kind's own list says. */
export interface InstalledView {
  environment: string;
  /** `storage/shop-data` */
  key: string;
  kind: ResourceKind;
  name: string;
  generation: number;
  definition: DefinitionRef;
  driver: string;
  location: string;
  guestLocation: string;
  provisioner?: string;
  /** The instance it was made for; none where it is shared. */
  instanceId?: string;
  owner: Owner;
  offerings?: JsonObject;
  /** An update of it was given up half done: it may be other than this says. */
  uncertain?: true;
  /** Requests that made it, and that made it what it is. */
  madeBy: string;
  requestId: string;
  installedAt: Instant;
  updatedAt: Instant;
  position: string;
}

/** What something installed offers to others: as it was resolved, and the service of an instance while it is healthy. */
export interface InstalledCapabilityView extends Omit<OfferedCapability, 'attributes'> {
  environment: string;
  /** Key of what has it. */
  resource: string;
  definition: DefinitionRef;
  attributes: JsonObject;
  since: Instant;
  position: string;
}

/** What something installed needs, as it was resolved, and what it is wired to for it. */
export interface InstalledRequirementView extends Needed {
  environment: string;
  /** Key of what needs it. */
  resource: string;
  definition: DefinitionRef;
  /** Keys; none of an optional requirement that nothing satisfied. */
  wiredTo: string[];
  since: Instant;
  position: string;
}

/** What answers a requirement of something installed. */
export interface InstalledWireView extends Wire {
  environment: string;
  /** Of the requirement; of what earlier releases installed it is not known. */
  namespace?: string;
  /** The request that wired it so. */
  requestId: string;
  since: Instant;
  position: string;
}

/** Why something is in an environment, and who needs it. */
export interface WhyView {
  environment: string;
  /** As it was asked for: a key, a name, or a definition's. */
  what: string;
  /** What that means, by key. */
  items: WhyItem[];
  /** It means more than is told. */
  more?: true;
  position: string;
}

/** Why one thing is there. */
export interface WhyItem {
  resource: InstalledView;
  /** The request that made it; left out where it is older than what is kept. */
  madeBy?: WhyRequest;
  /** From what was asked for by itself down to it: all ways, the shortest first. */
  chains: WhyChain[];
  neededBy: {
    directly: { key: string; requirement: string }[];
    /** Keys of those that need what needs it. */
    further: string[];
  };
  /** There are more chains, or more that need it, than are told. */
  more?: true;
}

/** From what was asked for by itself to what it needs. */
export interface WhyChain {
  /** Key of what was asked for. */
  root: string;
  /** The instance that was asked for, and by which request that was made, as far as that is kept. */
  instanceId?: string;
  request?: WhyRequest;
  /** None where it was asked for itself. */
  links: WhyLink[];
}

export interface WhyLink extends Wire {
  /** What it needs there; of what earlier releases installed it is not known. */
  need?: Needed;
}

/** Who asked for something, when. */
export interface WhyRequest {
  id: string;
  job: JobKind;
  instanceId: string;
  definition?: string;
  owner: Owner;
  actor: Actor;
  acceptedAt: Instant;
}

/** A provisioner of the configuration, and what of it is there. */
export interface ProvisionerView {
  name: string;
  title?: string;
  /** It provisions where neither a job nor its guest location names anybody. */
  default: boolean;
  /** The npm package that brings its drivers. */
  package?: string;
  /** Path at an instance where it is called, where its definition says none. */
  resourceUri?: string;
  /** Guest locations where it provisions unless a job names another one. */
  guestLocations: string[];
  provides: Provided[];
  /** What is configured and must be there, and is not: a sentence each. */
  absent: string[];
}

/** One way in which a provisioner makes a kind of thing somewhere. */
export interface Provided {
  kind: ResourceKind;
  driver: string;
  guestLocation: string;
  location: string;
  /** Whether a replica announces that driver there. */
  present: boolean;
  /** What the driver can; nothing while it is not there. */
  verbs: DriverVerb[];
  /** Media types of data that it can begin with, of one that is portable. */
  accepts?: string[];
}

/** What opens an instance, and what it is wired to. */
export interface CredentialsView {
  generation: number;
  credentials: Credentials[];
  /** Log position of the record that they were read. */
  position: string;
}

/** Answer to the rotation of an instance's secrets: 202. */
export interface RotationView {
  /** The instance's `rotation.id` from then on. */
  rotation: string;
  position: string;
}

/** The archive that an export made, or that came from elsewhere. */
export interface SnapshotView {
  id: string;
  status: 'kept' | 'deleted';
  /** `taken`: by an export here, whose request has the same id. `received`: it came from elsewhere. */
  origin: 'taken' | 'received';
  /** Environment and instance that it was taken of, where it was taken. */
  environment: string;
  instanceId: string;
  /** Name of the mesh that it was taken in. */
  mesh: string;
  owner: Owner;
  definition: DefinitionRef;
  offerings?: JsonObject;
  takenAt: Instant;
  /** When it was recorded here. */
  createdAt: Instant;
  updatedAt: Instant;
  /** Of all parts, as they are stored. */
  bytes: number;
  /** Of all parts, uncompressed. */
  contentBytes: number;
  /** In a list none of a snapshot that has very many. */
  parts: SnapshotPart[];
  /** Where a copy of the archive was written to, or read from. */
  copy?: SnapshotCopy;
  position: string;
}

/** A page of a list. */
export interface Page<T> {
  items: T[];
  /** Give it as `cursor` to get the next page, of the same moment as the first. */
  next?: string;
  /** Log position the page was read at. */
  position: string;
}

/** Answer to a job: 202. */
export interface Accepted {
  requestId: string;
  /** Log position of what was recorded. */
  position: string;
  /** An earlier call with the same idempotency key was answered the same. */
  repeated?: boolean;
}

/** Answer of `/info`. */
export interface Info {
  name: 'slipway';
  version: string;
  mesh: string;
  profile: string;
  eventLog: { kind: 'sqlite' | 'kurrentdb' | 'memory'; logId: string; position: string };
  environment: string;
  defaultDefinition?: string;
  /** Guest locations by cluster; a job that names none means the first of its cluster, or of `default`. */
  clusters: Record<string, string[]>;
  /** Where the data are, on one machine. */
  dataFolder: string;
  startedAt: Instant;
}

/** Answer of `/health/ready`; 503 unless `ready`. */
export interface Readiness {
  ready: boolean;
  checks: { name: string; ready: boolean; reason?: string }[];
}

/** How a gateway's read models stand. */
export interface ViewsState {
  /** Up to which all have been brought, but for those that have stopped. */
  position: string;
  /** `live`: whether there are older rows to be read meanwhile. */
  building: { view: string; live: boolean; position: string }[];
  /** Where it stopped at an event, that event can be skipped by hand. */
  stopped: { view: string; reason: string; eventId?: string }[];
}

/** A handler: what it listens to, and what of it waits for a person. */
export interface HandlerView {
  name: string;
  /** As configured: a file or a package; none when it is no longer configured and only what it has parked is left. */
  file?: string;
  /** What it listens to; empty while it cannot be loaded. */
  names: string[];
  /** Replica that works on it. */
  replica?: string;
  /** Why it does not work, or what it is trying again just now. */
  problem?: string;
  /** How many events are parked. */
  parkedCount: number;
  /** The oldest of them: of one handler at most 100, in the list of all at most 5 each. */
  parked: ParkedEvent[];
}

/** An event that a handler has failed at. */
export interface ParkedEvent {
  eventId: string;
  /** Under which of the handler's names it came. */
  name: string;
  stream: string;
  revision: number;
  parkedAt: Instant;
  /** How often it was tried. */
  tries: number;
  /** Why the last try failed. */
  cause: Cause;
  /** Somebody has asked for it to be handled again, and it was not yet. */
  retrying: boolean;
}

/** All handlers, those that are configured first. */
export interface HandlerList {
  items: HandlerView[];
}

/** RFC 9457 problem details, with our code and hint. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: Cause['code'];
  hint: string;
  requestId: string;
  /** For `bad-input`. */
  fields?: { field: string; reason: string }[];
  details?: JsonObject;
}
