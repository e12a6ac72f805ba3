import {
  CATEGORY_OWNER,
  categoryOf,
  resourceEventType,
  resourceStream,
  streamName,
  type Category,
  type Cause,
  type EnvironmentEvent,
  type JsonObject,
  type Plan,
  type PlanStep,
  type RequestEvent,
  type ResourceEvent,
} from '@slipway/contracts';
import { NO_STREAM, type EventMetadata } from '@slipway/event-store';
import { seededRandom, type HistoryAppend } from '@slipway/event-store/testing';
import {
  CAUSE,
  accepted,
  cancelling,
  ended,
  outcome,
  outputsOf,
  pausing,
  planOf,
  requested,
  resuming,
  settled,
  started,
  type Job,
} from './simulated-events.js';

export interface HistoryOptions {
  /** Requests that are made, one after another and overlapping. */
  requests: number;
  /** Requests that are under way at once. */
  concurrent?: number;
  environments?: readonly string[];
  /** Share of steps that fail and of requests that take an unusual way, from 0 to 1. */
  trouble?: number;
}

type Append = Pick<HistoryAppend, 'stream' | 'events'>;

const OWNERS = ['ada', 'grace', 'linus', 'platform'];
/**
 * What a mesh may record while it works on requests: they succeed, fail and are undone, wait, are retried, paused,
 * cancelled, abandoned; instances change health and are given back. The same seed, the same history; every append succeeds
 * on an empty log.
 */
export function* plausibleHistory(seed: number, options: HistoryOptions): Generator<HistoryAppend> {
  const { requests, concurrent = 8, environments = ['default', 'blue'], trouble = 0.1 } = options;
  const mesh = new SimulatedMesh(seededRandom(seed), environments, trouble);
  const running: Generator<Append>[] = [];
  const revisions = new Map<string, number>();
  for (let made = 0; made < requests || running.length > 0;) {
    if (made < requests && running.length < concurrent) {
      running.push(mesh.request());
      made += 1;
    }
    const index = Math.floor(mesh.random() * running.length);
    const { value, done } = running[index]!.next();
    if (done) running.splice(index, 1);
    else {
      const expected = revisions.get(value.stream) ?? NO_STREAM;
      revisions.set(value.stream, expected + value.events.length);
      yield { ...value, expected, service: CATEGORY_OWNER[categoryOf(value.stream) as Category] };
    }
  }
}

class SimulatedMesh {
  private names = 0;
  private readonly present: { environment: string; name: string; owner: string; generation: number }[] = [];
  /** Names that were given back, to be taken again. */
  private readonly free: Pick<Job, 'environment' | 'name'>[] = [];
  private readonly generations = new Map<string, number>();

  constructor(
    readonly random: () => number,
    private readonly environments: readonly string[],
    private readonly trouble: number,
  ) {}

  /** One request from its claim to its end, append by append. */
  *request(): Generator<Append> {
    const back = this.chance(0.25) ? this.present.splice(Math.floor(this.random() * this.present.length), 1)[0] : undefined;
    const job: Job = back
      ? { id: this.uuid(), kind: 'deprovision', environment: back.environment, name: back.name, owner: back.owner }
      : {
          id: this.uuid(),
          kind: 'provision',
          environment: this.pick(this.environments),
          name: `app-${(this.names += 1)}`,
          owner: this.pick(OWNERS),
          ...(this.chance(0.5) && this.free.pop()),
        };
    if (this.chance(this.trouble / 4)) yield this.environment(job.environment, job, pausing);
    yield* this.work(job);
    if (this.chance(this.trouble / 4)) yield this.environment(job.environment, job, resuming);
  }

  private *work(job: Job): Generator<Append> {
    const { environment, name } = job;
    yield this.claimed(job);
    if (this.chance(this.trouble / 5)) {
      yield this.of(job, { type: 'RequestVoided', data: { environment, name } });
      return yield this.released(job);
    }
    yield this.of(job, accepted(job, Math.floor(this.random() * 5) - 2));
    if (this.chance(this.trouble)) {
      yield this.of(job, { type: 'RequestWaiting', data: { code: 'limit-reached', reason: 'in the queue' } });
    }
    if (this.chance(this.trouble / 4)) {
      const cause: Cause = { code: 'cancelled', message: 'ada cancelled it', hint: '' };
      yield this.of(job, cancelling, { type: 'RequestCancelled', data: { cause } });
      return yield this.released(job);
    }
    yield* this.attempt(job);
  }

  /** From the plan to the end. */
  private *attempt(job: Job): Generator<Append> {
    const { id, environment, name, kind } = job;
    let plan = this.plan(job);
    if (this.chance(this.trouble / 4)) {
      const unsatisfied = [
        { chain: ['guestbook'], requirement: 'database', reason: 'no-definition' as const, message: 'There is none' },
      ];
      yield this.of(job, { type: 'RequestUnsatisfied', data: { unsatisfied } });
      return yield this.released(job);
    }
    yield this.of(job, this.planMade(plan));
    if (this.chance(this.trouble / 2)) {
      plan = this.plan(job);
      yield this.of(job, this.planMade(plan));
    }
    yield this.environment(environment, job, {
      type: 'PlanAdmitted',
      data: { requestId: id, owner: { id: job.owner, type: 'user' }, planHash: plan.hash, reads: [], writes: [] },
    });
    const failed = yield* this.carryOut(job, plan);
    if (failed === null) {
      yield* this.succeed(job, plan);
      if (kind === 'provision') return yield* this.live(job, plan);
      yield this.released(job);
      this.free.push({ environment, name });
    } else yield* this.undo(job, failed);
  }

  /** Runs the steps in the plan's order; returns those to be undone when one has failed for good. */
  private *carryOut(job: Job, plan: Plan): Generator<Append, PlanStep[] | null> {
    let due: RequestEvent[] = [{ type: 'RequestAdmitted', data: { planHash: plan.hash } }];
    const done: PlanStep[] = [];
    for (const step of plan.steps) {
      let tries = 1;
      yield this.of(job, ...due, requested(step, tries, false));
      if (this.chance(this.trouble / 2)) yield* this.pause(job);
      if (this.chance(this.trouble / 2)) {
        const data = { stepId: step.id, try: tries, code: 'no-server', reason: 'nobody serves it' };
        yield this.of(job, { type: 'StepWaiting', data });
      }
      while (this.chance(this.trouble)) {
        yield this.resource(job, step, started(job, step, tries, step.action));
        yield this.resource(job, step, {
          type: 'Failed',
          data: { ...outcome(job, step, tries), action: step.action, cause: CAUSE },
        });
        if (job.kind === 'provision' && this.chance(0.4)) {
          yield this.of(job, { type: 'StepFailed', data: { stepId: step.id, try: tries, cause: CAUSE } });
          return done;
        }
        const at = Math.floor(this.random() * 2e12);
        yield this.of(job, {
          type: 'StepRetryScheduled',
          data: { stepId: step.id, try: tries, nextTry: tries + 1, at, cause: CAUSE },
        });
        tries += 1;
        yield this.of(job, requested(step, tries, false));
      }
      if (this.chance(this.trouble / 3)) yield this.of(job, { type: 'StepUncertain', data: { stepId: step.id, try: tries } });
      yield this.resource(job, step, started(job, step, tries, step.action));
      if (this.chance(this.trouble / 2)) {
        yield this.resource(job, step, { type: 'TakenOver', data: { generation: step.generation, epoch: 2, replica: 'other' } });
      }
      yield this.resource(job, step, ended(job, step, tries));
      due = [{ type: 'StepSucceeded', data: { stepId: step.id, try: tries, outputs: outputsOf(step) } }];
      done.push(step);
    }
    yield this.of(job, ...due);
    return null;
  }

  private *succeed(job: Job, plan: Plan): Generator<Append> {
    const refs = plan.steps.map(({ kind, name, generation, definition }) => ({ kind, name, generation, definition }));
    const [installed, removed] = job.kind === 'provision' ? [refs, []] : [[], refs];
    yield this.of(job, {
      type: 'RequestSucceeded',
      data: { alreadySatisfied: [], installed, removed, wires: plan.wires },
    });
    yield this.environment(job.environment, job, settled(job, 'done', plan.steps));
  }

  private *undo(job: Job, done: PlanStep[]): Generator<Append> {
    const actor = { id: 'ada', type: 'user' as const };
    yield this.of(job, { type: 'UndoStarted', data: { cause: CAUSE } });
    if (this.chance(this.trouble)) yield* this.pause(job);
    for (const step of done.toReversed()) {
      yield this.of(job, requested(step, 1, true));
      yield this.resource(job, step, started(job, step, 1, 'destroy'));
      if (this.chance(this.trouble)) {
        yield this.resource(job, step, { type: 'Failed', data: { ...outcome(job, step, 1), action: 'destroy', cause: CAUSE } });
        const left = [
          { resource: { ...job, kind: step.kind, name: step.name }, generation: 1, location: 'local', reason: 'busy' },
        ];
        yield this.of(
          job,
          { type: 'StepUndoFailed', data: { stepId: step.id, try: 1, cause: CAUSE } },
          { type: 'AttentionNeeded', data: { cause: CAUSE, left } },
        );
        if (this.chance(0.5)) {
          yield this.of(job, { type: 'RequestAbandoned', data: { actor, reason: 'enough', left } });
          yield this.environment(job.environment, job, settled(job, 'abandoned', []));
          return;
        }
        yield this.of(job, { type: 'RequestRetried', data: { actor } }, requested(step, 2, true));
      }
      yield this.resource(job, step, { type: 'Destroyed', data: { ...outcome(job, step, 1), effect: 'destroyed' } });
      yield this.of(job, { type: 'StepUndone', data: { stepId: step.id, try: 1 } });
    }
    yield this.of(job, { type: 'RequestFailed', data: { cause: CAUSE } });
    yield this.environment(job.environment, job, settled(job, 'undone', []));
    yield this.released(job);
    if (this.chance(0.3)) {
      yield this.claimed(job);
      yield this.of(job, { type: 'RequestRetried', data: { actor } });
      yield* this.attempt(job);
    } else this.free.push({ environment: job.environment, name: job.name });
  }

  /** What happens to an instance once it is there. */
  private *live(job: Job, plan: Plan): Generator<Append> {
    const step = plan.steps.at(-1)!;
    const { environment, name, owner } = job;
    this.present.push({ environment, name, owner, generation: step.generation });
    const change = (from: 'starting' | 'healthy' | 'unhealthy', to: 'healthy' | 'unhealthy'): ResourceEvent => ({
      type: 'HealthChanged',
      data: { generation: step.generation, from, to, reason: to === 'healthy' ? 'it answers' : 'no answer' },
    });
    yield this.resource(job, step, change('starting', 'healthy'));
    while (this.chance(this.trouble)) {
      yield this.resource(job, step, change('healthy', 'unhealthy'));
      const data = { generation: step.generation, restarts: 1, reason: 'exit code 1' };
      yield this.resource(job, step, { type: 'Restarted', data }, change('unhealthy', 'healthy'));
    }
  }

  private *pause(job: Job): Generator<Append> {
    yield this.of(job, { type: 'RequestPaused', data: { actor: { id: 'ada', type: 'user' } } });
    yield this.of(job, { type: 'RequestResumed', data: { actor: { id: 'ada', type: 'user' } } });
  }

  private plan(job: Job): Plan {
    return planOf(job, (id) => {
      const key = `${job.environment} ${id}`;
      if (job.kind === 'provision') this.generations.set(key, (this.generations.get(key) ?? 0) + 1);
      return this.generations.get(key) ?? 1;
    });
  }

  private planMade(plan: Plan): RequestEvent {
    const inline = !this.chance(this.trouble / 2);
    const data = { planHash: plan.hash, ...(inline ? { plan } : { planBlob: { sha256: plan.hash, bytes: 99 } }) };
    return { type: 'PlanMade', data };
  }

  private claimed(job: Job): Append {
    const { id: requestId, name, kind } = job;
    const data = { kind: 'instance' as const, name, requestId, owner: { id: job.owner, type: 'user' as const }, job: kind };
    return this.environment(job.environment, job, { type: 'NameClaimed', data });
  }

  private released(job: Job): Append {
    return this.environment(job.environment, job, { type: 'NameReleased', data: { name: job.name, requestId: job.id } });
  }

  private of(job: Job, ...events: RequestEvent[]): Append {
    return this.append(streamName('request', job.id), job, events);
  }

  private environment(name: string, job: Job, ...events: EnvironmentEvent[]): Append {
    return this.append(streamName('environment', name), job, events);
  }

  private resource(job: Job, { kind, name }: PlanStep, ...events: ResourceEvent[]): Append {
    const named = events.map(({ type, data }) => ({ type: resourceEventType(kind, type), data }));
    return this.append(resourceStream({ environment: job.environment, kind, name }), job, named);
  }

  private append(stream: string, job: Job, events: { type: string; data: object }[]): Append {
    const metadata: EventMetadata = {
      requestId: job.id,
      actor: { id: job.owner, type: 'user' },
      environment: job.environment,
      ownerId: job.owner,
    };
    return {
      stream,
      events: events.map(({ type, data }) => ({ id: this.uuid(), type, data: data as JsonObject, metadata })),
    };
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }

  private uuid(): string {
    const hex = () =>
      Math.floor(this.random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    const digits = hex() + hex() + hex() + hex();
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
  }
}
