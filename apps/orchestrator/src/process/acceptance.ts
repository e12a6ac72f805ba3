import { v5 as uuidv5 } from 'uuid';
import {
  SlipwayError,
  hashOf,
  type AcceptCommand,
  type JobKind,
  type JsonObject,
  type Owner,
  type Plan,
  type RequestAccepted,
  type RequestContext,
  type RequestEvent,
} from '@slipway/contracts';
import { DeprovisionJob, ExportJob, ImportJob, ProvisionJob, RepairJob, UpdateJob, type Accepted } from '@slipway/contracts/http';
import type { EventMetadata } from '@slipway/event-store';
import { badInput, runInContext, validated } from '@slipway/mesh';
import { whereIs } from '../environment/state.js';
import { environmentOf, pickProvisioner, placeOf } from '../place.js';
import type { Ports } from '../ports.js';
import { destinationOf, sourceOf } from '../snapshot/stores.js';
import { changedNow } from '../request/exactly.js';
import { Choices } from './choices.js';
import { makes, queryOf } from './planning.js';
import type { Preview } from './preview.js';
import type { Processes } from './processes.js';
import { RequestStream } from './request-stream.js';

const BODIES = {
  provision: ProvisionJob,
  deprovision: DeprovisionJob,
  import: ImportJob,
  export: ExportJob,
  update: UpdateJob,
  repair: RepairJob,
} as const satisfies Record<JobKind, unknown>;
/** Namespace of our name-based UUIDs (RFC 9562 §5.5). Written into logs that exist: it never changes. */
const NAMESPACE = 'b2f6a1de-6a0c-5c0e-9d54-4f7a1c1f7a10';

/**
 * The id of the request that a key stands for: the same key of the same caller is the same request (decision 3). A request
 * that was voided stays so; its key then stands for the next `attempt`.
 */
export const requestIdOf = (mesh: string, { type, id }: RequestContext['actor'], key: string, attempt = 0): string =>
  uuidv5(`${type}/${id}/${key}${attempt > 0 ? `#${attempt}` : ''}`, uuidv5(mesh, NAMESPACE));

/**
 * Takes jobs in (decisions 2 and 3). What is answered is durable: first the name, then the request.
 */
export class Acceptance {
  /** Acceptances of the same request, one after another. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #choices: Choices;

  constructor(
    private readonly ports: Ports,
    private readonly processes: Processes,
    private readonly preview: Preview,
  ) {
    this.#choices = new Choices(ports);
  }

  /**
   * Throws `bad-input`, `key-reused`, `name-taken` (details: holder), `not-found` (nothing to give back, export or update, no such
   * snapshot), `archive-invalid`, `too-busy`, `plan-changed` (details: the plan as it would be now), and the
   * log's errors; with the same key it can then be tried again. `until`: of an instance that is given back because its time is over,
   * that time; where it is another one by then: `not-possible`.
   */
  async accept({ job, body, key }: AcceptCommand, context: RequestContext, until?: number): Promise<Accepted> {
    const checked: Checked = validated<DeprovisionJob>(BODIES[job], body);
    placeOf(this.ports.config, body);
    const named = checked.definition ?? checked.requirements ?? this.ports.config.defaultDefinition;
    if (checked.ifChanged !== undefined && checked.planHash === undefined)
      throw badInput([{ field: 'ifChanged', reason: 'goes with planHash: the plan that may have changed' }]);
    if (job === 'provision' && named === undefined)
      throw badInput([{ field: 'definition', reason: 'is needed: the configuration has no default definition' }]);
    if (checked.destination !== undefined) destinationOf(this.ports.config, checked.destination);
    if (checked.snapshot !== undefined && !checked.snapshotId) sourceOf(this.ports.config, checked.snapshot);
    const id = requestIdOf(this.ports.config.mesh, context.actor, key);
    const before = this.#underWay.get(id) ?? Promise.resolve();
    const turn = before.then(() => this.#accept(key, job, body, checked, context, until));
    const settled = turn.catch(() => {});
    this.#underWay.set(id, settled);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(id) === settled) this.#underWay.delete(id);
    }
  }

  async #accept(
    key: string,
    job: JobKind,
    body: JsonObject,
    checked: Checked,
    context: RequestContext,
    until: number | undefined,
  ): Promise<Accepted> {
    const environment = environmentOf(body);
    const bodyHash = hashOf({ job, body });
    for (let attempt = 0; ; attempt += 1) {
      const id = requestIdOf(this.ports.config.mesh, context.actor, key, attempt);
      const stream = new RequestStream(id, this.ports);
      await stream.refresh();
      if (stream.state.accepted) return this.#repeated(stream, stream.state.accepted, bodyHash);
      const metadata = metadataOf(id, environment, context);
      if (stream.state.phase === 'none') {
        await this.#assertPossible(job, body, checked, environment, context);
        const plan = await this.#exactly(job, body, checked, context);
        const owner = await this.#claim(id, job, checked, environment, metadata, until);
        const asked = { ...requestOf(checked), job, environment, owner, actor: context.actor, body, bodyHash };
        const request = makes(job) ? { ...asked, provisioner: pickProvisioner(this.ports.config, body) } : asked;
        const events = await this.#record(stream, { request, ...(plan && { plan }) }, { ...metadata, ownerId: owner.id });
        if (stream.state.accepted) {
          this.processes.attend(id, environment, stream);
          const about = { requestId: id, job, name: request.name, environment };
          runInContext(stream.context, () => this.ports.reports.info(about, 'A request was accepted'));
          return { requestId: id, position: stream.acceptedAt!, ...(events.length === 0 && { repeated: true }) };
        }
      }
      await this.#giveBack(id, checked.instanceId, environment, metadata);
    }
  }

  /** What can be known before it is taken: of an import that there is such a snapshot, of what is chosen that it is offered. */
  async #assertPossible(
    job: JobKind,
    body: JsonObject,
    { instanceId, until }: Checked,
    environment: string,
    context: RequestContext,
  ): Promise<void> {
    if (job === 'update') return this.#assertUpdate(body, instanceId, environment, context);
    if (!makes(job)) return;
    if (until !== undefined && Date.parse(until) <= this.ports.clock.now())
      throw badInput([{ field: 'until', reason: 'must be in the future' }]);
    const manifest = job === 'import' ? await this.processes.sources.manifestOf(body) : undefined;
    const asked = { job, environment, instanceId, body, manifest, atLeast: undefined };
    await this.#choices.assertOffered(queryOf(this.ports, asked), context);
  }

  /** What is chosen anew is checked by planning it: only the resolver knows of what definition it is. */
  async #assertUpdate(body: JsonObject, instanceId: string, environment: string, context: RequestContext): Promise<void> {
    const { lane } = this.processes.environments.of(environment);
    await lane.refresh();
    const where = whereIs(lane.state, instanceId);
    if (!where || body['offerings'] === undefined) return;
    const asked = { job: 'update', environment, instanceId, body, manifest: undefined, where, atLeast: lane.position } as const;
    await this.#choices.assertPlanned(queryOf(this.ports, asked), context);
  }

  /**
   * The plan that was shown, where the job says which: it is recorded with the job, and carried out as it is. Nothing where another one
   * will do too. Throws `plan-changed`.
   */
  async #exactly(job: JobKind, body: JsonObject, checked: Checked, context: RequestContext): Promise<Plan | undefined> {
    const { planHash } = checked;
    if (planHash === undefined || !isExact(checked)) return undefined;
    const plan = await this.preview.plan(job, body, context);
    if (plan.hash !== planHash) throw changedNow(planHash, plan);
    return plan;
  }

  /** What was recorded; nothing when an earlier acceptance, or a void, stands there. */
  async #record(
    stream: RequestStream,
    what: { request: RequestAccepted; plan?: Plan },
    metadata: EventMetadata,
  ): Promise<RequestEvent[]> {
    try {
      return await stream.apply({ type: 'Accept', ...what }, metadata);
    } catch (error) {
      if (stream.state.phase === 'voided') return [];
      throw error;
    }
  }

  /** The name that a voided request holds still. */
  async #giveBack(requestId: string, name: string, environment: string, metadata: EventMetadata): Promise<void> {
    const nothing = { name, installed: [], removed: [], wires: [] };
    const { lane } = this.processes.environments.of(environment);
    await lane.decide({ type: 'Settle', requestId, outcome: 'undone', ...nothing }, metadata);
  }

  #repeated(stream: RequestStream, { bodyHash: before }: RequestAccepted, bodyHash: string): Accepted {
    if (before !== bodyHash) throw new SlipwayError('key-reused');
    return { requestId: stream.id, position: stream.acceptedAt!, repeated: true };
  }

  /** The name's owner. */
  async #claim(
    id: string,
    job: JobKind,
    checked: Checked,
    environment: string,
    metadata: EventMetadata,
    until: number | undefined,
  ): Promise<Owner> {
    const { instanceId: name, ownerId, ownerType = 'user' } = checked;
    const { queue } = this.ports.config.limits;
    const owner: Owner = { id: ownerId ?? '', type: ownerType };
    const { state } = await this.processes.claim(
      environment,
      { type: 'Claim', requestId: id, name, owner, job, queue, ...(until !== undefined && { until }) },
      metadata,
    );
    return state.names.get(name)?.owner ?? owner;
  }
}

/** A job's body: a deprovision, an export and an update have no owner of their own, it is their instance's. */
type Checked = DeprovisionJob & Partial<ImportJob> & Partial<ExportJob>;

const isExact = ({ planHash, ifChanged }: Checked): boolean => planHash !== undefined && ifChanged !== 'replan';

const requestOf = (checked: Checked) => {
  const { instanceId, priority = 0, notBefore, until, keepOnFailure = false, planHash } = checked;
  return {
    name: instanceId,
    priority,
    keepOnFailure,
    ...(planHash !== undefined && isExact(checked) && { exactly: planHash }),
    ...(notBefore !== undefined && { notBefore: Date.parse(notBefore) }),
    ...(until !== undefined && { until: Date.parse(until) }),
  };
};

const metadataOf = (
  requestId: string,
  environment: string,
  { actor, correlationId, causationId, trace, logToken }: RequestContext,
) => ({
  requestId,
  correlationId,
  actor,
  environment,
  ...(causationId !== undefined && { causationId }),
  ...(trace !== undefined && { trace }),
  ...(logToken !== undefined && { logToken }),
});
