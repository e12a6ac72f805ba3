import { causeOf, type Cause, type Plan, type RequestAccepted } from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import type { EnvironmentLane } from '../environment/environment.lane.js';
import type { Admit } from '../environment/state.js';
import type { LimitsConfig } from '@slipway/mesh';
import { Queue, type Waiter } from '../queue/queue.js';

/** Why a request does not go on, as it is recorded. */
export interface WaitReason {
  code: string;
  reason: string;
}

/** A request with a plan, on its way into the environment. */
export interface Candidate extends Waiter {
  readonly accepted: RequestAccepted;
  readonly plan: Plan;
  readonly metadata: EventMetadata;
  admitted(planHash: string): void;
  /** It stays in the queue. */
  mustWait(why: WaitReason): void;
  /** What the plan rests on has changed. */
  mustBePlannedAnew(): void;
  refused(cause: Cause): void;
  /** The log failed; it comes back by itself. */
  failed(error: unknown): void;
}

/** Why it waits, when dispatching is paused. */
const PAUSED = 'dispatch-paused';

/**
 * Who is let into one environment, and when. The environment's stream decides; here is only whose turn it is.
 *
 * A1. What is asked for at once is what the limits leave room for: a refusal is the exception, between replicas.
 * A2. Who is in the way of a plan is waited for; when it has ended the plan is made anew.
 */
export class Admissions {
  readonly #queue = new Queue<Candidate>();
  /** Being decided, by owner. */
  readonly #asked = new Map<string, number>();
  /** Candidates by the request that is in their way. */
  readonly #blocked = new Map<string, Map<string, Candidate>>();
  /** Being decided, or in somebody's way. */
  readonly #away = new Set<string>();
  #asking = 0;

  constructor(
    private readonly lane: EnvironmentLane,
    private readonly limits: LimitsConfig,
  ) {}

  get waiting(): number {
    return this.#queue.size;
  }

  /** Puts it into the queue; why it can't go on at once, if it can't. */
  add(candidate: Candidate): WaitReason | undefined {
    if (this.#away.has(candidate.id)) return undefined;
    this.#queue.add(candidate);
    this.look();
    return this.#queue.has(candidate.id) ? this.#obstacle(candidate) : undefined;
  }

  remove(id: string): void {
    this.#queue.remove(id);
    for (const candidates of this.#blocked.values()) if (candidates.delete(id)) this.#away.delete(id);
  }

  /** Something has changed: asks for all that there is room for. */
  look(): void {
    for (const [holder, candidates] of this.#blocked) {
      if (this.lane.state.admitted.has(holder)) continue;
      this.#blocked.delete(holder);
      for (const candidate of candidates.values()) {
        this.#away.delete(candidate.id);
        candidate.mustBePlannedAnew();
      }
    }
    while (this.#queue.size > 0 && this.#room() > 0) {
      const next = this.#queue.next((owner) => this.#roomOf(owner) > 0);
      if (!next) return;
      void this.#ask(next);
    }
  }

  #room(): number {
    const { paused, admitted } = this.lane.state;
    return paused ? 0 : this.limits.concurrent - admitted.size - this.#asking;
  }

  #roomOf(owner: string): number {
    return this.limits.perOwner - (this.lane.state.perOwner.get(owner) ?? 0) - (this.#asked.get(owner) ?? 0);
  }

  #obstacle({ owner }: Candidate): WaitReason {
    const { paused } = this.lane.state;
    const { concurrent, perOwner } = this.limits;
    const of = this.#room() > 0 ? `${perOwner} requests of ${owner}` : `${concurrent} requests`;
    if (paused) return { code: PAUSED, reason: `Dispatching is paused in the environment ${this.lane.name}` };
    return { code: 'limit-reached', reason: `${of} are being carried out, as many as are allowed at once` };
  }

  async #ask(candidate: Candidate): Promise<void> {
    const { owner, id, plan } = candidate;
    this.#away.add(id);
    this.#asking += 1;
    this.#asked.set(owner, (this.#asked.get(owner) ?? 0) + 1);
    try {
      await this.lane.decide(admitCommand(candidate, this.limits), candidate.metadata);
      candidate.admitted(plan.hash);
    } catch (error) {
      await this.#refused(candidate, error).catch((failure: unknown) => candidate.failed(failure));
    } finally {
      if (![...this.#blocked.values()].some((candidates) => candidates.has(id))) this.#away.delete(id);
      this.#asking -= 1;
      const left = this.#asked.get(owner)! - 1;
      if (left > 0) this.#asked.set(owner, left);
      else this.#asked.delete(owner);
    }
    if (!this.#queue.has(id)) this.look();
  }

  async #refused(candidate: Candidate, error: unknown): Promise<void> {
    const cause = causeOf(error);
    const holder = cause.details?.['holder'];
    switch (cause.code) {
      case 'limit-reached':
        this.#queue.add(candidate);
        candidate.mustWait({ code: cause.details?.['why'] === 'paused' ? PAUSED : cause.code, reason: cause.message });
        return;
      case 'plan-stale':
        if (holder === candidate.id) await this.#clearEarlierPlan(candidate);
        if (typeof holder !== 'string' || !this.lane.state.admitted.has(holder)) candidate.mustBePlannedAnew();
        else this.#block(holder, candidate, cause);
        return;
      case 'name-taken':
      case 'not-found':
        candidate.refused(cause);
        return;
      default:
        candidate.failed(error);
    }
  }

  #block(holder: string, candidate: Candidate, cause: Cause): void {
    const candidates = this.#blocked.get(holder) ?? new Map<string, Candidate>();
    this.#blocked.set(holder, candidates.set(candidate.id, candidate));
    candidate.mustWait({ code: cause.code, reason: cause.message });
  }

  /** A plan of its own first run is still admitted: it was retried before its end was told here. */
  async #clearEarlierPlan({ id, accepted, metadata }: Candidate): Promise<void> {
    const nothing = { name: accepted.name, installed: [], removed: [], wires: [] };
    await this.lane.decide({ type: 'Settle', requestId: id, outcome: 'undone', ...nothing }, metadata);
  }
}

function admitCommand({ id, accepted, plan }: Candidate, { concurrent, perOwner }: LimitsConfig): Admit {
  const { name, owner, job } = accepted;
  const written = new Set(plan.writes);
  const changed = plan.steps
    .filter((step) => written.has(step.id))
    .map((step) => ({ key: step.id, generation: step.generation, make: step.inverse === 'destroy' }));
  // Taking a turn is as making the next generation of something: one plan at a time, and none that was planned before the last one's.
  const writes = [...changed, ...(plan.turns ?? []).map((turn) => ({ ...turn, make: true }))];
  return {
    type: 'Admit',
    claim: { requestId: id, name, owner, job },
    planHash: plan.hash,
    reads: plan.reads,
    writes,
    ...(plan.along && { along: plan.along }),
    limits: { concurrent, perOwner },
  };
}
