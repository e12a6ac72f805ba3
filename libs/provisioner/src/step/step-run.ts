import {
  ERRORS,
  SlipwayError,
  causeOf,
  progressSubject,
  type BlobRef,
  type Cause,
  type JsonObject,
  type ResourceRef,
} from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import { runInContext, systemContext } from '@slipway/mesh';
import type { Driver, Target } from '../driver.js';
import { standsThere } from '../leased/leased-host.js';
import { placeOf, staysStopped, type ResourceCommand, type Running, type StepIdentity } from '../lifecycle/resource.js';
import type { Loaded, ResourceStreams } from '../lifecycle/stream.js';
import { sleep, type Ports } from '../ports.js';
import { dataOf, readOut } from './data.js';
import { driverContext, secretPrefix } from './driver-context.js';
import type { Work } from './lane.js';
import { portableOf } from './portable.js';
import type { RedactingSecrets } from './redaction.js';
import { updatableOf } from './updatable.js';
import { RunningLog } from './running-log.js';

/** What a step works with: a driver's context, and what is the kit's own. */
type StepContext = Awaited<ReturnType<typeof driverContext>>;

type Outcome = Extract<ResourceCommand, { type: 'Settle' }>['outcome'];

/** How long a driver may take to end after it was asked to, in ms; then it is left to itself and the step has failed. */
const ABANDON_AFTER = 1_000;

/** Longest time that a timer takes (setTimeout's 2^31-1 ms). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * One try of one step: the driver under way, from its durable Started to its durable outcome.
 *
 * S1. The outcome is appended until it is through: a log that is away for a while delays it and loses nothing.
 * S2. Success is recorded only when the driver said so, also when it said so after it was asked to end.
 * S3. A driver that does not end when it is asked to is left to itself: the step fails, and what it still does is void here
 *     (older epoch) and harmless at the place (D2, D3).
 * S4. When the service stops, the step has no outcome: the next start carries it on.
 */
export class StepRun implements Work {
  readonly step: StepIdentity;
  readonly epoch: number;
  readonly log: RunningLog;
  readonly done: Promise<void>;
  readonly #controller = new AbortController();
  readonly #running: Running;
  readonly #metadata: EventMetadata;

  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
    private readonly driver: Driver,
    private readonly ref: ResourceRef,
    private readonly loaded: Loaded,
  ) {
    const { running } = loaded.state;
    const { id, metadata } = loaded.started!;
    this.#running = running!;
    this.#metadata = { ...metadata, causationId: id };
    this.step = this.#running;
    this.epoch = this.#running.epoch;
    this.log = new RunningLog(ports.clock);
    this.done = runInContext(contextOf(ports.kind, metadata), () => this.#run()).catch((error: unknown) => {
      ports.reports.error(
        { err: error, resource: ref },
        'A step could not be brought to its end; it is carried on at the next start',
      );
    });
  }

  abort(reason: SlipwayError): void {
    this.#controller.abort(reason);
  }

  get #stopping(): boolean {
    const { reason, aborted } = this.#controller.signal;
    return aborted && (reason as SlipwayError).code === 'shutting-down';
  }

  async #run(): Promise<void> {
    const { clock } = this.ports;
    const left = Math.min(this.#running.deadline - clock.now(), LONGEST_TIMER);
    const timeOut = () => this.abort(new SlipwayError('step-timed-out'));
    if (left <= 0) timeOut();
    const stopTimer = clock.after(Math.max(0, left), timeOut);
    const began = clock.now();
    const outcome = await Promise.race([this.#drive(), this.#abandoned()]).finally(stopTimer);
    if (!outcome) return;
    await this.#settle(outcome);
    const { action } = this.#running;
    this.ports.reports.settled({ action, outcome: outcome.type, ms: clock.now() - began });
  }

  /** The driver's work as an outcome; `undefined` when the service stops before there is one. */
  async #drive(): Promise<Outcome | undefined> {
    let secrets: RedactingSecrets | undefined;
    try {
      const { signal } = this.#controller;
      const at = placeOf(this.loaded.state, this.#running);
      const context = await driverContext(this.ports, at, signal, {
        log: (line) => this.log.add(line),
        progress: (fraction, message) => this.#progress(fraction, message),
      });
      const { requestId, owner, shared } = this.#running;
      context.request = { ...(shared ? {} : { id: requestId }), ...(owner && { owner }) };
      ({ secrets } = context);
      if (signal.aborted) throw signal.reason;
      return await this.#perform(context);
    } catch (error) {
      if (this.#stopping) return undefined;
      if (this.#wentWithItsLease(error)) return await this.#destroyed('absent');
      return this.#failed(covered(this.#causeOf(error), secrets));
    }
  }

  async #perform(context: StepContext): Promise<Outcome> {
    const { generation, epoch, definition, action } = this.#running;
    const target: Target = { resource: this.ref, generation, epoch, definition };
    const identity = this.#identity();
    switch (action) {
      case 'ensure':
        return this.#ensure(target, context);
      case 'destroy': {
        return this.#destroyed(await this.driver.destroy(target, context));
      }
      case 'stop':
        // Where nothing runs there is nothing to end.
        await this.driver.stop?.(target, context);
        return { type: 'Stopped', data: identity };
      case 'update':
        return this.#update(target, context);
      case 'export': {
        const { spec } = this.loaded.state.present!;
        // It is the snapshot's, whose id is the request's.
        const part = await readOut(portableOf(this.driver), target, spec, context, this.#running.requestId, context.transfers);
        return { type: 'Exported', data: { ...identity, part } };
      }
    }
  }

  async #destroyed(effect: 'destroyed' | 'absent'): Promise<Outcome> {
    await this.ports.secrets.empty(secretPrefix({ resource: this.ref, generation: this.#running.generation }));
    return { type: 'Destroyed', data: { ...this.#identity(), effect } };
  }

  /** What stands on a leased host is taken away with the lease, by the allocator; nothing is left for a driver. */
  #wentWithItsLease(error: unknown): boolean {
    const { action, generation } = this.#running;
    const leased = this.loaded.state.standsOn[generation] !== undefined;
    return action === 'destroy' && leased && causeOf(error).code === 'lease-not-active';
  }

  async #ensure(target: Target, context: StepContext): Promise<Outcome> {
    const { spec, inputs, from } = this.#running;
    const { state } = this.loaded;
    if (staysStopped(state, this.#running)) {
      const { observed } = await this.driver.inspect(target, context);
      const found = { effect: 'found' as const, outputs: state.present!.outputs, observed, stopped: true as const };
      return { type: 'Provisioned', data: { ...this.#identity(), ...found } };
    }
    const begun = { ...context, ...(from && { from: dataOf(from, context, context.transfers) }) };
    const { effect, outputs, observed } = await this.driver.ensure(target, spec, inputs, begun);
    const { secrets } = context;
    const said = { outputs: this.#outputs(outputs, secrets), observed: secrets.coverJson(observed) };
    return { type: 'Provisioned', data: { ...this.#identity(), effect, ...said } };
  }

  async #update(target: Target, context: StepContext): Promise<Outcome> {
    const { spec, inputs } = this.#running;
    const around = { ...context, ...(this.loaded.state.desired === 'stopped' && { stopped: true as const }) };
    const { outputs, observed } = await updatableOf(this.driver).update(target, spec, inputs, around);
    const { secrets } = context;
    return {
      type: 'Updated',
      data: { ...this.#identity(), outputs: this.#outputs(outputs, secrets), observed: secrets.coverJson(observed) },
    };
  }

  #outputs(given: JsonObject, secrets: RedactingSecrets): JsonObject {
    return { ...secrets.coverJson(given), ...standsThere(this.loaded.state.standsOn[this.#running.generation]) };
  }

  /** What became of it when the driver does not end although it was asked to. */
  #abandoned(): Promise<Outcome | undefined> {
    const { signal } = this.#controller;
    return new Promise((resolve) => {
      const abandon = () => resolve(this.#stopping ? undefined : this.#failed(causeOf(signal.reason)));
      signal.addEventListener('abort', () => void this.ports.clock.after(ABANDON_AFTER, abandon), { once: true });
    });
  }

  async #settle(outcome: Outcome): Promise<void> {
    const log = await this.#storeLog(outcome);
    let settled = { ...outcome, data: { ...outcome.data, ...(log && { log }) } } as Outcome;
    let known: Loaded | undefined = this.loaded;
    for (let wait = 50; !this.#stopping; wait = Math.min(2 * wait, 1_000)) {
      try {
        await this.streams.record(this.ref, { type: 'Settle', outcome: settled }, this.#metadata, known);
        return;
      } catch (error) {
        known = undefined;
        const cause = causeOf(error);
        if (ERRORS[cause.code].advice === 'pause') throw error;
        if (ERRORS[cause.code].advice === 'refuse' && settled.type !== 'Failed') {
          settled = this.#failed({
            ...cause,
            code: 'driver-failed',
            message: `What the driver gave back cannot be recorded: ${cause.message}`,
          });
          continue;
        }
        this.ports.reports.warn({ err: error, resource: this.ref, stepId: this.step.stepId }, 'An outcome is not recorded yet');
        await sleep(this.ports.clock, wait);
      }
    }
  }

  /** The log as a blob. A step's outcome does not hang on it. */
  async #storeLog(outcome: Outcome): Promise<BlobRef | undefined> {
    if (outcome.type === 'Failed') this.log.add(`failed: ${outcome.data.cause.message}`);
    if (this.log.empty) return undefined;
    try {
      return await this.ports.blobs.put(this.log.text());
    } catch (error) {
      this.ports.reports.warn({ err: error, resource: this.ref }, 'The log of a step could not be kept');
      return undefined;
    }
  }

  #progress(fraction: number | undefined, message: string): void {
    const { requestId, stepId } = this.step;
    const told = { requestId, stepId, ...(fraction !== undefined && { fraction }), message };
    this.ports.bus.publish(progressSubject(this.ports.mesh, requestId), told);
  }

  #identity() {
    const { requestId, stepId, generation, epoch } = this.#running;
    return { requestId, stepId, try: this.#running.try, generation, epoch };
  }

  #failed(cause: Cause): Outcome {
    return { type: 'Failed', data: { ...this.#identity(), action: this.#running.action, cause } };
  }

  /** Whatever a driver throws once it was asked to end: that is why. */
  #causeOf(error: unknown): Cause {
    const { signal } = this.#controller;
    const own = error instanceof SlipwayError && error.code !== 'driver-failed';
    return signal.aborted && !own ? causeOf(signal.reason) : causeOf(error, isFull(error) ? 'no-space' : 'driver-failed');
  }
}

/** Whether a place had no room for what was written, disk or quota (write(2)): found in the middle as well as beforehand. */
const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');

const covered = (cause: Cause, secrets: RedactingSecrets | undefined): Cause =>
  secrets ? (secrets.coverJson(cause as never) as unknown as Cause) : cause;

/** The context of the call that started the step, without its deadline: nobody waits for an answer any more. */
const contextOf = (kind: string, { actor, correlationId, requestId, trace, logToken }: EventMetadata) =>
  systemContext(kind, {
    actor,
    ...(correlationId !== undefined && { correlationId }),
    ...(requestId !== undefined && { requestId }),
    ...(trace !== undefined && { trace }),
    ...(logToken !== undefined && { logToken }),
  });
