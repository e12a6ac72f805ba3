import {
  ERRORS,
  SlipwayError,
  causeOf,
  type Cause,
  type JsonObject,
  type Plan,
  type RequestAccepted,
  type RequestEvent,
} from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import { runInContext } from '@slipway/mesh';
import { Drifts } from '../drift/drifts.js';
import { repairsOf } from '../drift/repairs.js';
import type { EnvironmentLane } from '../environment/environment.lane.js';
import { ownerKey, ownerOf, whereIs, type Settle } from '../environment/state.js';
import { guestLocationOf } from '../place.js';
import type { Ports } from '../ports.js';
import { GRACE } from '../request/decide.js';
import { isReady } from '../request/exactly.js';
import { MOST_AT_ONCE } from '../request/follow.js';
import { settlement } from '../request/result.js';
import { isEnded, isReadOut, type RequestCommand, type Setting } from '../request/state.js';
import { goesForward } from '../request/step.js';
import { Keeping, type Kept } from '../snapshot/keeping.js';
import type { Snapshots } from '../snapshot/snapshots.js';
import type { Sources } from '../snapshot/sources.js';
import type { Admissions, Candidate, WaitReason } from './admissions.js';
import { Errands } from './errands.js';
import type { Outcome } from './outcomes.js';
import type { Planner } from './planner.js';
import { Planning, type Planned, type Where } from './planning.js';
import { SYSTEM, type RequestStream } from './request-stream.js';
import { Trouble } from './trouble.js';

/** After this time (ms) a claim whose request never came is given back. */
export const VOID_AFTER = 10_000;
/** Between two tries of what needs attention, in ms. */
export const ATTENTION_EVERY = 300_000;

/** What a request's process works with. */
export interface Surroundings {
  ports: Ports;
  lane: EnvironmentLane;
  admissions: Admissions;
  planner: Planner;
  snapshots: Snapshots;
  sources: Sources;
  /** Wakes it at a time (ms since the epoch); `Infinity`: not. */
  wakeAt(id: string, at: number): void;
  /** It has ended, and its environment knows. */
  ended(process: RequestProcess): void;
}

/** A command as it comes from elsewhere: what it rests on is added when its turn comes. */
export type Told = RequestCommand extends infer C ? (C extends { setting: Setting } ? Omit<C, 'setting'> : C) : never;

/**
 * The process manager of one request: what is recorded comes in, what follows goes out. Its stream is its only memory.
 *
 * M1. All that happens to the request here happens one after another, in its lane.
 * M2. What fails here stays here: it is told in health and tried again, and no other request notices.
 * M3. The end is told to the environment until that has recorded it; only then is the request forgotten.
 */
export class RequestProcess implements Candidate {
  readonly #errands: Errands;
  #lane: Promise<void> = Promise.resolve();
  #since: number;
  #closed = false;
  /** Something may have happened that nobody told us. */
  #anew: boolean;
  readonly #planning: Planning;
  readonly #keeping: Keeping;
  readonly #trouble = new Trouble();
  #attentionSince: number | undefined;

  constructor(
    readonly stream: RequestStream,
    private readonly around: Surroundings,
  ) {
    this.#since = around.ports.clock.now();
    this.#anew = stream.revision < 0;
    this.#errands = new Errands(around.ports, this, around.lane.name);
    const drifts = new Drifts(around.ports);
    const repairs = (body: JsonObject) => repairsOf(body, drifts, around.lane.state);
    this.#planning = new Planning(around.ports, around.planner, around.sources, stream.id, repairs);
    this.#keeping = new Keeping(around.ports, around.snapshots);
  }

  get id(): string {
    return this.stream.id;
  }

  get environment(): string {
    return this.around.lane.name;
  }

  /** Why it does not go on, when something failed that is not a step. */
  get trouble(): string | undefined {
    return this.#trouble.reason;
  }

  /** Begins, or goes on where an earlier life left it. */
  start(): void {
    this.#run(async () => {});
  }

  /** Nothing more is begun; resolves when what is under way in the lane has ended. */
  close(): Promise<void> {
    this.#closed = true;
    this.around.wakeAt(this.id, Infinity);
    this.around.admissions.remove(this.id);
    return this.#lane;
  }

  /** Somebody else may have appended to its stream. */
  noticed(revision: number): void {
    if (revision <= this.stream.revision) return;
    this.#run(async () => {
      if (revision > this.stream.revision) await this.#read();
    });
  }

  settled({ stepId, action, try: tryNumber, outcome }: Outcome): void {
    this.tell({ type: 'Settle', stepId, action, try: tryNumber, outcome });
  }

  tell(command: Told): void {
    this.#run(() => this.#apply(command));
  }

  look(): void {
    this.#run(async () => {});
  }

  /** A caller's command, on the newest state, also after it was closed; throws what it throws. */
  command(command: Told, metadata: EventMetadata, before: () => Promise<void> = async () => {}): Promise<void> {
    const obey = async () => {
      await this.#readAnew();
      await before();
      await this.#apply(command, metadata);
    };
    const done = this.#lane.then(obey);
    this.#lane = done.catch(() => {});
    this.look();
    return done;
  }

  // As a candidate for admission.

  get accepted(): RequestAccepted {
    return this.stream.state.accepted!;
  }

  get plan(): Plan {
    return this.stream.state.plan!;
  }

  get metadata(): EventMetadata {
    return this.stream.metadata;
  }

  get context() {
    return this.stream.context;
  }

  get priority(): number {
    return this.accepted.priority;
  }

  get owner(): string {
    return ownerKey(this.accepted.owner);
  }

  get order(): string {
    return this.stream.acceptedAt ?? '';
  }

  admitted(planHash: string): void {
    this.tell({ type: 'Admit', planHash });
  }

  mustWait({ code, reason }: WaitReason): void {
    this.tell({ type: 'Wait', code, reason });
  }

  mustBePlannedAnew(): void {
    this.#run(async () => {
      this.#planning.stale = true;
    });
  }

  refused(cause: Cause): void {
    this.tell({ type: 'Refuse', cause });
  }

  failed(error: unknown): void {
    this.#run(async () => {
      throw error;
    });
  }

  /** One after another; then what the new state asks for. */
  #run(work: () => Promise<void>): void {
    this.#lane = this.#lane.then(() => this.#turn(work));
  }

  async #turn(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#anew) await this.#readAnew();
      await work();
      await this.#drive();
      this.#trouble.succeeded(this.around.ports.clock.now(), this.stream.revision);
    } catch (error) {
      this.#failed(error);
    }
    if (!this.#closed) this.around.wakeAt(this.id, this.#next());
  }

  #failed(error: unknown): void {
    const { clock, reports } = this.around.ports;
    const nextTryMs = this.#trouble.failed(error, clock.now(), this.stream.revision);
    this.#anew = true;
    const about = { requestId: this.id, err: error, nextTryMs };
    runInContext(this.context, () => {
      if (this.trouble) reports.error(about, 'A request is parked: it could not be carried on; it is tried again');
      else reports.warn(about, 'A request could not be carried on; it is tried again');
    });
  }

  /** Reads what others recorded. What they did to the steps is looked up. */
  async #read(): Promise<void> {
    if (await this.stream.refresh()) this.#anew = true;
  }

  /** When it begins here, and after something failed. What runs rests on what is installed: that has to be known. */
  async #readAnew(): Promise<void> {
    await this.#read();
    const { lane } = this.around;
    if (this.stream.state.phase === 'queued') await lane.ready();
    else await lane.refresh();
  }

  async #apply(command: Told, metadata?: EventMetadata): Promise<void> {
    for (let told: Told | undefined = command; told;) {
      const whole = 'setting' in told ? told : { ...told, setting: this.#setting() };
      const events: RequestEvent[] = await this.stream.apply(whole as RequestCommand, metadata);
      // More steps are due than one append takes.
      const more = events.filter(({ type }) => type === 'StepRequested').length >= MOST_AT_ONCE;
      told = more ? { type: 'Tick' } : undefined;
    }
  }

  #setting(): Setting {
    const { ports, lane } = this.around;
    const { plan, steps } = this.stream.state;
    // What a step was wired to before counts too: undoing it gives that back.
    const before = Object.values(steps).flatMap(({ plan: { before: former } }) => former?.wires ?? []);
    const outside = [...(plan?.wires.filter(({ from }) => steps[from]) ?? []), ...before];
    return {
      now: ports.clock.now(),
      policies: ports.config.steps,
      installed: Object.fromEntries(outside.map(({ to }) => [to, lane.state.installed.get(to)?.outputs ?? {}])),
    };
  }

  /** What the state asks for. */
  async #drive(): Promise<void> {
    const anew = this.#anew;
    this.#anew = false;
    const { state } = this.stream;
    if (isEnded(state) || state.phase === 'voided') return this.#end();
    switch (state.phase) {
      case 'none':
        return this.#awaitAcceptance();
      case 'queued':
        return this.#queue();
      case 'attention':
        return this.#attend();
      default:
        this.#attentionSince = undefined;
        await this.#apply({ type: 'Tick' });
        if (isEnded(this.stream.state)) return this.#end();
        this.#errands.run(this.stream.state, anew);
        if (isReadOut(this.stream.state))
          this.#keeping.run(this.id, this.stream.state, (kept) => this.#run(() => this.#keep(kept)));
    }
  }

  /** What an export has read out becomes a snapshot before it has succeeded; or it has failed. */
  async #keep(kept: Kept): Promise<void> {
    if (!isReadOut(this.stream.state)) return;
    if (kept.kind === 'later') {
      const about = { requestId: this.id, cause: kept.cause };
      const tell = () => this.around.ports.reports.warn(about, 'An archive could not be written; it is tried again');
      return runInContext(this.context, tell);
    }
    if (kept.kind === 'lost') return this.#apply({ type: 'Lose', cause: kept.cause });
    try {
      await this.around.snapshots.record({ type: 'Take', holder: this.id, ...kept.ready }, this.metadata);
    } catch (error) {
      const cause = causeOf(error);
      if (ERRORS[cause.code].advice === 'retry') throw error;
      return this.#apply({ type: 'Lose', cause });
    }
    await this.#apply({ type: 'Keep', snapshot: this.id });
  }

  async #end(): Promise<void> {
    await this.settleEnvironment();
    const { phase, accepted } = this.stream.state;
    const about = { requestId: this.id, job: accepted?.job, name: accepted?.name, status: phase };
    runInContext(this.context, () => this.around.ports.reports.info(about, 'A request has ended'));
    this.#closed = true;
    this.around.wakeAt(this.id, Infinity);
    this.around.admissions.remove(this.id);
    this.around.ended(this);
  }

  /** Removes what an export has read out, or an import read in, unless a snapshot has it. */
  async #tidy(): Promise<void> {
    const { snapshots } = this.around;
    const { phase, accepted } = this.stream.state;
    if (accepted?.job !== 'export' && accepted?.job !== 'import') return;
    if (accepted.job === 'export' && phase !== 'succeeded') {
      await this.#keeping.discard(this.id, this.stream.state);
      await snapshots.discard(this.id, { ...this.metadata, actor: SYSTEM });
    }
    await snapshots.release(this.id);
  }

  /** Tells the environment how the request has ended; nothing when it knows. */
  async settleEnvironment(): Promise<void> {
    const { lane, ports, admissions } = this.around;
    const { accepted } = this.stream.state;
    await this.#tidy();
    const nothing = { installed: [], removed: [], wires: [] };
    const name = lane.state.held.get(this.id);
    const told: Omit<Settle, 'type' | 'requestId'> | undefined = accepted
      ? settlement(this.stream.state, this.#where() ?? madeAt(ports.config, accepted))
      : name === undefined
        ? undefined
        : { ...nothing, name, outcome: 'undone' };
    if (!told) return;
    const until = accepted?.until === undefined ? {} : { until: accepted.until };
    await lane.decide({ type: 'Settle', requestId: this.id, ...told, ...until }, this.metadata);
    admissions.look();
  }

  /** The claim stands and its request has not come: it may still. */
  async #awaitAcceptance(): Promise<void> {
    const { lane, ports } = this.around;
    const name = lane.state.held.get(this.id);
    if (ports.clock.now() < this.#since + VOID_AFTER) return;
    if (name !== undefined) {
      const ownerId = ownerOf(lane.state, this.id)!.id;
      await this.#apply({ type: 'Void', environment: lane.name, name }, { ...this.metadata, environment: lane.name, ownerId });
    }
    // It may have come in the last moment.
    if (this.stream.state.phase === 'queued') return this.#queue();
    return this.#end();
  }

  async #queue(): Promise<void> {
    const { admissions, ports } = this.around;
    const { paused, plan } = this.stream.state;
    const { notBefore } = this.accepted;
    if (paused) return admissions.remove(this.id);
    if (notBefore !== undefined && notBefore > ports.clock.now()) {
      const reason = `It does not start before ${new Date(notBefore).toISOString()}`;
      return this.#apply({ type: 'Wait', code: 'not-before', reason });
    }
    if (!plan || this.#planning.stale || !isReady(plan)) return this.#makePlan();
    const obstacle = admissions.add(this);
    if (obstacle) await this.#apply({ type: 'Wait', ...obstacle });
  }

  #makePlan(): void {
    const { acceptedAt } = this.stream;
    const atLeast = [acceptedAt, this.around.lane.position]
      .filter((position) => position !== undefined)
      .toSorted()
      .at(-1);
    this.#planning.ask(this.accepted, this.metadata, this.context, atLeast, this.#where(), (planned) => this.#planned(planned));
  }

  /** Of an update or a repair: where what it changes stands. */
  #where(): Where | undefined {
    const { accepted } = this.stream.state;
    return accepted?.job === 'update' || accepted?.job === 'repair' ? whereIs(this.around.lane.state, accepted.name) : undefined;
  }

  #planned(planned: Planned): void {
    this.#run(() => {
      if (planned.kind === 'plan') this.#planning.stale = false;
      return this.#apply(toldOf(planned));
    });
  }

  /** What can't be undone, or taken away, is tried again slowly; what was kept on purpose is not. */
  async #attend(): Promise<void> {
    const { clock } = this.around.ports;
    this.#attentionSince ??= clock.now();
    if (this.#isKept() || clock.now() < this.#attentionSince + ATTENTION_EVERY) return;
    this.#attentionSince = undefined;
    await this.#apply({ type: 'Retry', actor: SYSTEM, reason: 'What needs attention is tried again at intervals' });
    this.#errands.run(this.stream.state, false);
  }

  #isKept(): boolean {
    const { accepted, undoing } = this.stream.state;
    return accepted!.job !== 'deprovision' && !undoing && !goesForward(Object.values(this.stream.state.steps));
  }

  /** When it has to be looked at again. */
  #next(): number {
    return Math.min(this.#trouble.againAt, this.#nextByState());
  }

  #nextByState(): number {
    const { state } = this.stream;
    switch (state.phase) {
      case 'none':
        return this.#since + VOID_AFTER;
      case 'queued': {
        const notBefore = this.accepted.notBefore ?? 0;
        if (state.paused) return Infinity;
        if (notBefore > this.around.ports.clock.now()) return notBefore;
        return this.#planning.next;
      }
      case 'attention':
        return this.#isKept() || this.#attentionSince === undefined ? Infinity : this.#attentionSince + ATTENTION_EVERY;
      default:
        return Math.min(
          this.#errands.next,
          this.#keeping.next,
          ...Object.values(state.steps).map(({ active }) => dueAt(active, state.paused)),
        );
    }
  }
}

/** Where what is made stands, and by whom. */
const madeAt = (config: Ports['config'], { body, provisioner }: RequestAccepted) => ({
  guestLocation: guestLocationOf(config, body) ?? '',
  provisioner: provisioner?.name,
});

function toldOf(planned: Planned): Told {
  if (planned.kind === 'plan') return { type: 'Plan', plan: planned.plan };
  const { cause } = planned;
  if (planned.kind === 'refused') return { type: 'Refuse', cause };
  return { type: 'Wait', code: cause.code, reason: `No plan can be made just now: ${cause.message}` };
}

function dueAt(active: { phase: string; at: number; deadline: number } | undefined, paused: boolean): number {
  if (active?.phase === 'running') return active.deadline + GRACE;
  return active?.phase === 'waiting' && !paused ? active.at : Infinity;
}

/** A request that is asked for and does not exist. */
export const noSuchRequest = (id: string): SlipwayError =>
  new SlipwayError('not-found', `There is no request ${id}`, { requestId: id });
