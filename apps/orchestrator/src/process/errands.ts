import {
  ERRORS,
  SlipwayError,
  VERBS,
  causeOf,
  type Cause,
  type EnsureCommand,
  type InspectAnswer,
  type RequestContext,
  type ResourceRef,
  type StepAccepted,
  type StepAction,
  type StepCancelAnswer,
  type StepCommand,
  type UpdateCommand,
  type Owner,
} from '@slipway/contracts';
import type { Ports } from '../ports.js';
import { isStopping, type RequestCommand, type RequestState, type StepOutcome } from '../request/state.js';
import type { ActiveTry, StepState } from '../request/step.js';
import { findOutcome, type Found } from './outcomes.js';

/** Before a command is sent again that nobody answered, in ms; doubles up to the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** How long an outcome that stands in the log may take to arrive before it is looked up, in ms. */
const ARRIVES_WITHIN = 250;
/** Between two reminders of a step that runs, in ms: its sub-provisioner may have changed hands. */
const REMIND_EVERY = 15_000;
/** How long a cancelled step may take to end before it is asked again, in ms. */
const ENDS_WITHIN = 2_000;

/**
 * What a try under way needs of us: `begin` sends its command, `end` cancels it because nobody wants it any more, `settle`
 * finds out what became of it after its deadline.
 */
type Purpose = 'begin' | 'end' | 'settle';

/** What a sub-provisioner is asked in the course of a try. */
type StepVerb = (typeof VERBS)[StepAction | 'cancelStep' | 'inspect'];

interface Errand {
  purpose: Purpose;
  step: StepState;
  active: ActiveTry;
  /** The request's owner. */
  owner: Owner;
  /** When it is run (again), in ms since the epoch. */
  at: number;
  running: boolean;
  failures: number;
  /** The outcome may stand in the log already: it is looked up first. */
  lookFirst: boolean;
}

/** Whom an errand tells what it found. */
export interface Principal {
  readonly id: string;
  readonly context: RequestContext;
  /** Applies a command to the request, after all that is going on with it. */
  tell(command: WithoutSetting): void;
  /** An errand has ended or has a new time. */
  look(): void;
}
type WithoutSetting =
  | Extract<RequestCommand, { type: 'HoldStep' }>
  | Omit<Extract<RequestCommand, { type: 'Settle' }>, 'setting'>;

/**
 * What is sent for one request's steps. A courier may lose, double or delay it: every errand is repeated until the request's
 * own stream says that it is done, and nothing that is repeated does anything twice (decisions 4 and 5).
 *
 * E1. A command is sent after its StepRequested is durable, and again at every start while there is no outcome.
 * E2. With no server it waits, with its reason, until its deadline.
 * E3. After the deadline an outcome is taken from the log, else from a cancelled step, else from an inspection. Only when the
 *     location has no server and nothing was ever begun there does it fail without either.
 */
export class Errands {
  readonly #errands = new Map<string, Errand>();

  constructor(
    private readonly ports: Pick<Ports, 'store' | 'bus' | 'clock'>,
    private readonly principal: Principal,
    private readonly environment: string,
  ) {}

  /** Begins what the state asks for and forgets what it does not. `anew`: something may have happened while we were away. */
  run(state: RequestState, anew: boolean): void {
    const wanted = new Set<string>();
    for (const step of Object.values(state.steps)) {
      const purpose = purposeOf(state, step);
      if (!purpose) continue;
      const { active } = step;
      const key = `${purpose} ${step.plan.id} ${active!.action} ${active!.try}`;
      wanted.add(key);
      const known = this.#errands.get(key);
      if (known) Object.assign(known, { step, active });
      else {
        const { owner } = state.accepted!;
        const begun = { purpose, step, active: active!, owner, at: 0, running: false, failures: 0 };
        this.#errands.set(key, { ...begun, lookFirst: anew || purpose !== 'begin' });
      }
    }
    for (const key of this.#errands.keys()) if (!wanted.has(key)) this.#errands.delete(key);
    const now = this.ports.clock.now();
    for (const errand of this.#errands.values()) if (!errand.running && errand.at <= now) void this.#go(errand);
  }

  /** When the next one is due; `Infinity` when none is. */
  get next(): number {
    let next = Infinity;
    for (const { running, at } of this.#errands.values()) if (!running) next = Math.min(next, at);
    return next;
  }

  async #go(errand: Errand): Promise<void> {
    errand.running = true;
    const { clock } = this.ports;
    try {
      errand.at = clock.now() + (await this.#perform(errand));
    } catch (error) {
      errand.failures += 1;
      errand.at = clock.now() + Math.min(FIRST_PAUSE * 2 ** (errand.failures - 1), LONGEST_PAUSE);
      if (errand.purpose === 'begin') this.#hold(errand, causeOf(error));
    }
    errand.running = false;
    this.principal.look();
  }

  /** How long until it is run again, in ms. Throws what may be mended by waiting. */
  async #perform(errand: Errand): Promise<number> {
    if (errand.lookFirst) {
      const { outcome } = await this.#find(errand);
      errand.lookFirst = errand.purpose !== 'begin';
      if (outcome) return this.#settle(errand, outcome);
    }
    switch (errand.purpose) {
      case 'begin':
        return this.#begin(errand);
      case 'end':
      case 'settle':
        return this.#end(errand);
    }
  }

  async #begin(errand: Errand): Promise<number> {
    const { plan } = errand.step;
    const { action, try: tryNumber, deadline, inputs } = errand.active;
    const { generation, driver, location, from } = plan;
    const shared = plan.shared ? { shared: true as const } : {};
    const owner = plan.belongs?.owner ?? errand.owner;
    // What is changed back becomes what it was.
    const { definition, spec } = errand.active.undo && plan.before ? plan.before : plan;
    const identity = { requestId: this.principal.id, stepId: plan.id, try: tryNumber };
    const resource = this.#resource(errand);
    const command: StepCommand = { ...identity, resource, generation, driver, location, definition, deadline, owner, ...shared };
    const body = bodyOf(action, command, { spec, inputs, ...(from && { from }) });
    let answer: StepAccepted;
    try {
      answer = await this.#ask<StepAccepted>(errand, VERBS[action], body);
    } catch (error) {
      const cause = causeOf(error);
      if (ERRORS[cause.code].advice !== 'refuse') throw error;
      return this.#settle(errand, { kind: 'failed', cause: notStarted(cause) });
    }
    errand.failures = 0;
    errand.lookFirst = true;
    return answer.status === 'settled' ? ARRIVES_WITHIN : REMIND_EVERY;
  }

  /** Ends a try, or finds that it has ended, or that it never began. */
  async #end(errand: Errand): Promise<number> {
    const resource = this.#resource(errand);
    const { plan } = errand.step;
    try {
      const body = { requestId: this.principal.id, stepId: plan.id, resource };
      const { cancelled } = await this.#ask<StepCancelAnswer>(errand, VERBS.cancelStep, body);
      // It ends now; the outcome comes through the log.
      if (cancelled) return ENDS_WITHIN;
      const { outcome } = await this.#find(errand);
      if (outcome) return this.#settle(errand, outcome);
      // Should its command still be on its way: what is undone now refuses it when it arrives.
      return this.#settle(errand, await this.#inspected(errand));
    } catch (error) {
      if (causeOf(error).code !== 'no-server') throw error;
      const { outcome, started } = await this.#find(errand);
      if (outcome) return this.#settle(errand, outcome);
      if (started || (errand.purpose === 'end' && errand.active.held !== 'no-server')) throw error;
      const why = errand.purpose === 'end' ? new SlipwayError('step-cancelled') : (error as SlipwayError);
      return this.#settle(errand, { kind: 'failed', cause: notStarted(causeOf(why)) });
    }
  }

  /** What exists at the place says how a try ended that nobody works on and that has no outcome. */
  async #inspected(errand: Errand): Promise<StepOutcome> {
    const { generation, driver, location } = errand.step.plan;
    const query = { resource: this.#resource(errand), generation, driver, location };
    const { state } = await this.#ask<InspectAnswer>(errand, VERBS.inspect, query);
    const gone = state === 'absent' || state === 'destroyed';
    if (errand.active.action === 'destroy' && gone) return { kind: 'succeeded', outputs: {} };
    const code = errand.purpose === 'end' ? 'step-cancelled' : 'step-timed-out';
    return { kind: 'failed', cause: new SlipwayError(code, undefined, { found: state }).toCause() };
  }

  #ask<Answer>({ step: { plan } }: Errand, verb: StepVerb, body: object): Promise<Answer> {
    return this.ports.bus.request<Answer>(plan.kind, verb, body, { location: plan.location, context: this.principal.context });
  }

  #find(errand: Errand): Promise<Found> {
    const { action, try: tryNumber } = errand.active;
    const wanted = { requestId: this.principal.id, stepId: errand.step.plan.id, action, try: tryNumber };
    return findOutcome(this.ports.store, this.#resource(errand), wanted);
  }

  #settle({ step, active }: Errand, outcome: StepOutcome): number {
    const { action, try: tryNumber } = active;
    this.principal.tell({ type: 'Settle', stepId: step.plan.id, action, try: tryNumber, outcome });
    return LONGEST_PAUSE;
  }

  #hold({ step, active }: Errand, { code, message }: Cause): void {
    const { action, try: tryNumber } = active;
    this.principal.tell({ type: 'HoldStep', stepId: step.plan.id, action, try: tryNumber, code, reason: message });
  }

  #resource({ step: { plan } }: Errand): ResourceRef {
    return { environment: this.environment, kind: plan.kind, name: plan.name };
  }
}

function purposeOf(state: RequestState, { active }: StepState): Purpose | undefined {
  if (!active || active.phase === 'waiting' || (state.phase !== 'running' && state.phase !== 'undoing')) return undefined;
  if (active.phase === 'uncertain') return 'settle';
  const unwanted = !active.undo && isStopping(state) && (state.cancel !== undefined || !state.accepted!.keepOnFailure);
  return unwanted ? 'end' : 'begin';
}

/** Only what makes or changes something is told how that is to be. */
function bodyOf(
  action: StepAction,
  command: StepCommand,
  { from, ...made }: Pick<EnsureCommand, 'spec' | 'inputs' | 'from'>,
): EnsureCommand | UpdateCommand | StepCommand {
  if (action === 'ensure') return { ...command, ...made, ...(from && { from }) };
  return action === 'update' ? { ...command, ...made } : command;
}

/** Marks a failure as one after which nothing can be there. */
const notStarted = (cause: Cause): Cause => ({ ...cause, details: { ...cause.details, started: false } });
