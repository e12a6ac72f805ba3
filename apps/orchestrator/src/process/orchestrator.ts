import {
  SlipwayError,
  instant,
  isTime,
  type AcceptCommand,
  type ControlCommand,
  type DeleteSnapshotCommand,
  type DispatchCommand,
  type Drift,
  type DriftQuery,
  type ExtendCommand,
  type Extended,
  type HealthReport,
  type JobKind,
  type Offerings,
  type OfferingsQuery,
  type Plan,
  type PlanQuery,
  type ReceiveSnapshotCommand,
  type RequestContext,
  type SnapshotRecorded,
} from '@slipway/contracts';
import { PlanJob, type Accepted } from '@slipway/contracts/http';
import type { EventMetadata } from '@slipway/event-store';
import { badInput, validated } from '@slipway/mesh';
import { MANIFEST_BYTES, parseManifest } from '@slipway/snapshots';
import { Drifts } from '../drift/drifts.js';
import { assertFree, assertOwn } from '../environment/environment.js';
import { environmentOf } from '../place.js';
import type { Ports } from '../ports.js';
import { Acceptance } from './acceptance.js';
import { Choices } from './choices.js';
import { Controls } from './controls.js';
import { Expiries } from './expiries.js';
import { Planner } from './planner.js';
import { Preview } from './preview.js';
import { Processes } from './processes.js';

/** Verbs that do something to one request. */
export type ControlVerb = 'cancel' | 'retry' | 'abandon' | 'pause' | 'resume';

/** Jobs on what is there already. */
const NEEDS_NAME: readonly JobKind[] = ['deprovision', 'export', 'update', 'repair'];

/** The Provisioning Management System: takes jobs in and carries each to its end. */
export class Orchestrator {
  readonly #processes: Processes;
  readonly #acceptance: Acceptance;
  readonly #controls: Controls;
  readonly #preview: Preview;
  readonly #expiries: Expiries;
  readonly #choices: Choices;
  readonly #drifts: Drifts;
  #running = false;

  /** `stopped`: told when it has stopped. */
  constructor(
    private readonly ports: Ports,
    private readonly stopped: () => void = () => {},
  ) {
    this.#processes = new Processes(ports);
    this.#preview = new Preview(ports, this.#processes, new Planner(ports));
    this.#acceptance = new Acceptance(ports, this.#processes, this.#preview);
    this.#controls = new Controls(ports, this.#processes);
    this.#expiries = new Expiries(ports, this.#processes, this.#acceptance);
    this.#choices = new Choices(ports);
    this.#drifts = new Drifts(ports);
  }

  /** Finds what is unfinished and goes on with it. Throws the log's errors. */
  async start(): Promise<void> {
    await this.#processes.start();
    this.#expiries.start();
    this.#running = true;
  }

  /** Takes nothing new, ends what is being recorded, and releases its partitions. What is unfinished goes on elsewhere, or later. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#expiries.stop();
    await this.#processes.stop();
    this.stopped();
  }

  /** Takes a job in; what is answered is durable. See {@link Acceptance.accept} for what it throws. */
  async accept(command: AcceptCommand, context: RequestContext): Promise<Accepted> {
    this.#assertRunning();
    return this.#acceptance.accept(command, context);
  }

  /** See {@link Controls}. */
  async control(verb: ControlVerb, command: ControlCommand, context: RequestContext): Promise<Accepted> {
    this.#assertRunning();
    return this.#controls[verb](command, context);
  }

  /**
   * What a job would do; changes nothing. With an owner given, a name that is another owner's is refused as the job would be;
   * without one it is planned for whoever has the name. That a request works on the name just now is no obstacle: it will have
   * ended when the plan is carried out. Throws `bad-input`, `not-found`, `name-taken`,
   * `driver-unknown`, `not-portable`, `not-updatable` and the resolver's errors.
   */
  async plan({ body }: PlanQuery, context: RequestContext): Promise<Plan> {
    const {
      job = 'provision',
      instanceId,
      definition,
      requirements,
      ownerId,
      ownerType = 'user',
      snapshot,
    } = validated(PlanJob, body);
    const { config } = this.ports;
    const environment = environmentOf(body);
    const { lane } = this.#processes.environments.of(environment);
    await lane.refresh();
    if (NEEDS_NAME.includes(job) && !lane.state.names.has(instanceId))
      throw new SlipwayError('not-found', `There is no instance ${instanceId} in ${environment}`, { name: instanceId });
    if (job === 'import') assertFree(lane.state, instanceId);
    if (job === 'import' && snapshot === undefined)
      throw badInput([{ field: 'snapshot', reason: 'is needed: an import begins with one' }]);
    if (job === 'provision' && ownerId !== undefined) assertOwn(lane.state, instanceId, { id: ownerId, type: ownerType });
    if (job === 'provision' && (definition ?? requirements ?? config.defaultDefinition) === undefined)
      throw badInput([{ field: 'definition', reason: 'is needed: the configuration has no default definition' }]);
    return this.#preview.plan(job, body, context);
  }

  /** How an environment is other than the log says; changes nothing. See {@link Drifts}. */
  async drift(query: DriftQuery): Promise<Drift> {
    const { lane } = this.#processes.environments.of(query.environment);
    await lane.refresh();
    return this.#drifts.of(query, lane.state);
  }

  /** Keeps a snapshot that `holder` has. Throws `archive-invalid`, `blob-missing` and the log's errors. */
  async receiveSnapshot({ holder, manifest: ref }: ReceiveSnapshotCommand, context: RequestContext): Promise<SnapshotRecorded> {
    this.#assertRunning();
    const text = await this.ports.blobs.of(holder).read(ref.sha256, MANIFEST_BYTES);
    const command = { type: 'Receive', holder, manifest: parseManifest(text.toString()), actor: context.actor } as const;
    return this.#processes.snapshots.receive(command, metadataOf(context));
  }

  /** Forgets a snapshot; its parts are removed afterwards. Throws `not-found` and the log's errors. */
  async deleteSnapshot({ snapshotId, reason }: DeleteSnapshotCommand, context: RequestContext): Promise<SnapshotRecorded> {
    this.#assertRunning();
    const command = { type: 'Delete', actor: context.actor, ...(reason !== undefined && { reason }) } as const;
    return this.#processes.snapshots.delete(snapshotId, command, metadataOf(context));
  }

  /** What can be chosen by a job that names the same. See {@link Choices}; of a snapshot throws as an import does. */
  async offerings(query: OfferingsQuery, context: RequestContext): Promise<Offerings> {
    const { snapshot, snapshotId = false } = query;
    const manifest = snapshot === undefined ? undefined : await this.#processes.sources.manifestOf({ snapshot, snapshotId });
    return this.#choices.offered(query, context, manifest);
  }

  /** Wants an instance for longer. Throws `not-found`, `not-possible`, `bad-input` and the log's errors. */
  async extend({ environment, name, until, reason }: ExtendCommand, context: RequestContext): Promise<Extended> {
    this.#assertRunning();
    if (!isTime(until)) throw badInput([{ field: 'until', reason: 'must be a time in ISO 8601, with a zone' }]);
    const { lane } = this.#processes.environments.of(environment);
    const at = Date.parse(until);
    const why = reason === undefined ? {} : { reason };
    const command = { type: 'Extend', name, until: at, now: this.ports.clock.now(), actor: context.actor, ...why } as const;
    const { position } = await lane.decide(command, metadataOf(context));
    return { environment, name, until: instant(at), position: position! };
  }

  /** Admits no further plan in an environment until it is resumed; what runs goes on. */
  pauseDispatch(command: DispatchCommand, context: RequestContext): Promise<Accepted> {
    return this.#dispatch(command, context, 'PauseDispatch');
  }

  resumeDispatch(command: DispatchCommand, context: RequestContext): Promise<Accepted> {
    return this.#dispatch(command, context, 'ResumeDispatch');
  }

  async health(): Promise<HealthReport> {
    const { bus, replica } = this.ports;
    const reasons = [...(bus.connected() ? [] : ['There is no connection to NATS']), ...this.#processes.problems()];
    const ready = this.#running && bus.connected() && this.#processes.following;
    return { service: 'orchestrator', replica, ready, reasons };
  }

  /** Requests that are worked on here. */
  get underWay(): number {
    return this.#processes.size;
  }

  async #dispatch(
    { environment, reason }: DispatchCommand,
    context: RequestContext,
    type: 'PauseDispatch' | 'ResumeDispatch',
  ): Promise<Accepted> {
    this.#assertRunning();
    const { lane, admissions } = this.#processes.environments.of(environment);
    const { actor } = context;
    const command = { type, actor, ...(type === 'PauseDispatch' && reason !== undefined && { reason }) };
    const { position } = await lane.decide(command, metadataOf(context));
    admissions.look();
    return { requestId: context.correlationId, position: position ?? (await this.ports.store.head()) };
  }

  #assertRunning(): void {
    if (!this.#running) throw new SlipwayError('shutting-down', 'This replica does not take commands just now');
  }
}

/** Of what is recorded for a caller, without a request. */
const metadataOf = ({ actor, correlationId, trace, logToken }: RequestContext): EventMetadata => ({
  actor,
  correlationId,
  ...(trace !== undefined && { trace }),
  ...(logToken !== undefined && { logToken }),
});
