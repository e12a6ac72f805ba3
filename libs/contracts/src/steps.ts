import type { Owner } from './context.js';
import type { JsonObject } from './json.js';
import type { DefinitionRef, Part } from './plan.js';
import type { AnnouncedDriver, ResourceKind, ResourceRef } from './services.js';

/**
 * A command to a sub-provisioner. Its identity is (requestId, stepId, try): the same one again is answered with what has
 * become of it and does nothing twice.
 */
export interface StepCommand {
  requestId: string;
  stepId: string;
  /** Grows with each retry of the step; the first is 1. */
  try: number;
  resource: ResourceRef;
  generation: number;
  driver: string;
  location: string;
  definition: DefinitionRef;
  /** Milliseconds since the epoch after which the step counts as uncertain. */
  deadline: number;
  /** Of what is made: his id goes into the metadata of all that is recorded of it. */
  owner?: Owner;
  /** Of one that whoever needs it shares: it does not end with the name that the request has claimed. */
  shared?: true;
}

/** Makes the resource so that it is as `spec` says, or finds it so. */
export interface EnsureCommand extends StepCommand {
  spec: JsonObject;
  /** Outputs of what it is wired to, by the requirement's name: `{data: {path: '/…'}}`. */
  inputs: Record<string, JsonObject>;
  /** Data that it begins with, when it is not there yet. */
  from?: Part;
}

/** Changes what is there, of this generation, to what `spec` says; all data are kept. What is not to run stays so. */
export type UpdateCommand = Omit<EnsureCommand, 'from'>;

/** Takes the resource away and leaves a tombstone for this generation. */
export type DestroyCommand = StepCommand;

/** Ends what runs of the resource and keeps all it has; it stays so until it is ensured again. */
export type StopCommand = StepCommand;

/** Reads out all data of the resource as they are at one moment. Nothing at the place changes; the outcome names the {@link Part}. */
export type ExportCommand = StepCommand;

/**
 * Answer to a step's command, at most 2 s later: `accepted` once `Started` is durable, `settled` when this try's outcome
 * stands in the log already. The outcome itself comes through the log only.
 */
export interface StepAccepted {
  status: 'accepted' | 'settled';
  epoch: number;
}

/** Asks what exists at the place. */
export interface InspectQuery {
  resource: ResourceRef;
  generation: number;
  driver: string;
  location: string;
}

/** What exists. `absent` is said only by a replica of the resource's own location. */
export interface InspectAnswer {
  state: 'absent' | 'present' | 'partial' | 'destroyed';
  /**
   * Normalised and comparable: drift is a comparison. `exists: false` says that its mark stands and what it marks is gone, `running`
   * whether what runs does.
   */
  observed: JsonObject;
}

/** Ends a running step, if it runs. Its outcome (`step-cancelled`, or success when it was too late) comes through the log. */
export interface StepCancelCommand {
  requestId: string;
  stepId: string;
  resource: ResourceRef;
}

/** Answer to {@link StepCancelCommand}: whether the step ran. */
export interface StepCancelAnswer {
  cancelled: boolean;
}

/** Progress of a running step, published and forgotten. */
export interface StepProgress {
  requestId: string;
  stepId: string;
  /** From 0 to 1; left out where nobody knows. */
  fraction?: number;
  message: string;
}

/** A step's log, kept as a blob when the step has ended. */
export interface BlobRef {
  sha256: string;
  bytes: number;
}

/** Asks for the log of a step that is still running. */
export interface StepLogQuery {
  requestId: string;
  stepId: string;
  resource: ResourceRef;
}

/** Answer to {@link StepLogQuery}: its lines so far, the newest 256 KiB of them. */
export interface StepLog {
  text: string;
}

/** A service's word on itself, for the gateway's readiness. */
export interface HealthReport {
  service: string;
  replica: string;
  ready: boolean;
  /** What it provides, and where. */
  locations?: { location: string; kind: ResourceKind; drivers: AnnouncedDriver[] }[];
  /** Of an allocator: locations at which it makes and keeps leased resources. */
  worksAt?: string[];
  /** Why it is not ready, or what a person should know. */
  reasons: string[];
}

/** Asks every process of the mesh but the asker (`from`) for its figures. */
export interface MetricsQuery {
  id: string;
  from: string;
}

/** A process's figures, as Prometheus text. */
export interface MetricsText {
  text: string;
}
