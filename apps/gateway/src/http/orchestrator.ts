import { Inject, Injectable } from '@nestjs/common';
import {
  SlipwayError,
  VERBS,
  type AcceptCommand,
  type ControlCommand,
  type DeleteSnapshotCommand,
  type DispatchCommand,
  type Drift,
  type DriftQuery,
  type ExtendCommand,
  type Extended,
  type JobKind,
  type JsonObject,
  type Offerings,
  type OfferingsQuery,
  type Plan,
  type ReceiveSnapshotCommand,
  type RequestContext,
  type SnapshotRecorded,
} from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import { BUS, type Bus } from '@slipway/mesh';

/** What changes something is answered within a second, if only with the reason why not. */
const COMMAND_MS = 900;
/** A plan changes nothing and may take its time: longer than the resolver's own limit, so that it says itself when it gives up. */
const PLAN_MS = 15_000;
/** Every driver is asked. */
const DRIFT_MS = 60_000;

export type ControlVerb = 'cancel' | 'retry' | 'abandon' | 'pause' | 'resume';
type DispatchVerb = 'pauseDispatch' | 'resumeDispatch';
type SnapshotVerb = 'receiveSnapshot' | 'deleteSnapshot';
type CommandVerb = (typeof VERBS)['accept' | ControlVerb | DispatchVerb | SnapshotVerb];

/** What the door passes on to the orchestrator. Errors are its own, `no-server`, `unreachable` and `timed-out`. */
@Injectable()
export class Orchestrator {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  accept(context: RequestContext, job: JobKind, body: object, key: string): Promise<Accepted> {
    const command: AcceptCommand = { job, body: body as JsonObject, key };
    // What is held against a plan that was shown is planned before it is answered.
    return this.#command(context, VERBS.accept, command, command.body['planHash'] === undefined ? COMMAND_MS : PLAN_MS);
  }

  control(context: RequestContext, verb: ControlVerb, command: ControlCommand): Promise<Accepted> {
    return this.#command({ ...context, requestId: command.requestId }, VERBS[verb], command);
  }

  dispatch(context: RequestContext, verb: DispatchVerb, command: DispatchCommand): Promise<Accepted> {
    return this.#command(context, VERBS[verb], command);
  }

  receiveSnapshot(context: RequestContext, command: ReceiveSnapshotCommand): Promise<SnapshotRecorded> {
    return this.#command(context, VERBS.receiveSnapshot, command);
  }

  deleteSnapshot(context: RequestContext, command: DeleteSnapshotCommand): Promise<SnapshotRecorded> {
    return this.#command(context, VERBS.deleteSnapshot, command);
  }

  plan(context: RequestContext, body: object): Promise<Plan> {
    const timeoutMs = 'job' in body && body.job === 'repair' ? DRIFT_MS : PLAN_MS;
    return this.bus.request('orchestrator', VERBS.plan, { body }, { context, timeoutMs });
  }

  drift(context: RequestContext, query: DriftQuery): Promise<Drift> {
    return this.bus.request('orchestrator', VERBS.drift, query, { context, timeoutMs: DRIFT_MS });
  }

  /** Throws what the orchestrator throws: {@link ExtendCommand}. */
  extend(context: RequestContext, command: ExtendCommand): Promise<Extended> {
    return this.bus.request('orchestrator', VERBS.extend, command, { context, timeoutMs: COMMAND_MS });
  }

  offerings(context: RequestContext, query: OfferingsQuery): Promise<Offerings> {
    return this.bus.request('orchestrator', VERBS.offerings, query, { context, timeoutMs: PLAN_MS });
  }

  async #command<Answer extends { position: string } = Accepted>(
    context: RequestContext,
    verb: CommandVerb,
    command: unknown,
    timeoutMs = COMMAND_MS,
  ): Promise<Answer> {
    const answer = await this.bus.request<Answer>('orchestrator', verb, command, { context, timeoutMs });
    // Never a 2xx without the proof that it was recorded.
    if (typeof answer?.position !== 'string') {
      throw new SlipwayError('internal', `The orchestrator answered ${verb} without a position`);
    }
    return answer;
  }
}
