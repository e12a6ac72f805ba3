import {
  SlipwayError,
  cancellingSubject,
  causeOf,
  resourceStream,
  type DestroyCommand,
  type EnsureCommand,
  type ExportCommand,
  type InspectAnswer,
  type InspectQuery,
  type RequestContext,
  type ResourceRef,
  type StepAccepted,
  type StepCancelAnswer,
  type StepCancelCommand,
  type StepCommand,
  type StepLog,
  type StepLogQuery,
  type StopCommand,
  type UpdateCommand,
} from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import { asTheyStand } from './credentials/as-they-stand.js';
import type { Driver } from './driver.js';
import { assertHost } from './leased/leased-host.js';
import { isRunning, isSettled, placeOf, type Action, type Running } from './lifecycle/resource.js';
import { ResourceStreams, type Loaded } from './lifecycle/stream.js';
import { driverAt } from './place/driver-at.js';
import { TAKEOVER_AFTER, sleep, type Ports } from './ports.js';
import { driverContext } from './step/driver-context.js';
import { Lanes, type Lane } from './step/lane.js';
import { assertWithin, boundsOf } from './step/bounds.js';
import { assertPortable } from './step/portable.js';
import { assertSpec } from './step/spec.js';
import { assertUpdatable } from './step/updatable.js';
import { StepRun } from './step/step-run.js';

/** How long a new step waits for the one that it gives up, in ms. Together with two appends it stays below 2 s. */
const GIVE_WAY = 1_200;

/** How long what is under way may go on when the service stops, in ms. */
const FINISH_WITHIN = 8_000;

/** What is answered of a running step's log, in characters. */
const LOG_ANSWER = 256 * 1024;

/**
 * A sub-provisioner: commands in, drivers at work behind them, outcomes in the log.
 *
 * P1. `accepted` is answered when Started is durable, and nothing is done at the place before that (decision 5).
 * P2. All work on one resource runs in one lane: decisions one after the other, one driver at a time.
 * P3. A command with the identity of an earlier one is answered with what has become of it and does nothing twice.
 * P4. What an earlier life of this replica, or a replica that fell silent, left without an outcome is carried on under a
 *     higher epoch.
 * P5. Nothing is said of a place that is not ours: `wrong-location` (decision 6).
 * P6. What a step is given of something with secrets is what that gives out when the step begins, as its own stream tells it.
 */
export class Provisioner {
  readonly #lanes = new Lanes();
  readonly #streams: ResourceStreams;
  readonly #unsubscribe: (() => void)[];
  #stopping = false;

  constructor(private readonly ports: Ports) {
    this.#streams = new ResourceStreams(ports.store, ports.newId);
    this.#unsubscribe = [...ports.locations].map((location) =>
      ports.bus.subscribe(this.#cancelling(location), (body) => this.#cancel(body as StepCancelCommand)),
    );
  }

  get streams(): ResourceStreams {
    return this.#streams;
  }

  get lanes(): Lanes {
    return this.#lanes;
  }

  ensure(command: EnsureCommand, context: RequestContext): Promise<StepAccepted> {
    return this.#accept('ensure', command, context);
  }

  destroy(command: DestroyCommand, context: RequestContext): Promise<StepAccepted> {
    return this.#accept('destroy', bare(command), context);
  }

  stop(command: StopCommand, context: RequestContext): Promise<StepAccepted> {
    return this.#accept('stop', bare(command), context);
  }

  export(command: ExportCommand, context: RequestContext): Promise<StepAccepted> {
    return this.#accept('export', bare(command), context);
  }

  update(command: UpdateCommand, context: RequestContext): Promise<StepAccepted> {
    return this.#accept('update', command, context);
  }

  async inspect({ resource, generation, driver: name, location }: InspectQuery): Promise<InspectAnswer> {
    const driver = this.#driver(resource, location, name);
    const { epoch, standsOn } = (await this.#streams.load(resource)).state;
    const at = placeOf({ standsOn }, { location, driver: name, generation });
    const context = await driverContext(this.ports, at, new AbortController().signal);
    try {
      return await driver.inspect({ resource, generation, epoch }, context);
    } catch (error) {
      throw SlipwayError.from(causeOf(error, 'driver-failed'));
    }
  }

  /** Asks a running step to end, here or at another replica of the place. Its outcome comes through the log. */
  async cancelStep(command: StepCancelCommand): Promise<StepCancelAnswer> {
    const { running } = (await this.#streams.load(command.resource)).state;
    if (!running || running.requestId !== command.requestId || running.stepId !== command.stepId) return { cancelled: false };
    this.#cancel(command);
    this.ports.bus.publish(this.#cancelling(running.location), command);
    return { cancelled: true };
  }

  /** Its newest 256 Ki characters; empty when the step does not run here. */
  log({ resource, requestId, stepId }: StepLogQuery): StepLog {
    const work = this.#lanes.get(resourceStream(resource))?.work;
    const text = work?.step?.requestId === requestId && work.step.stepId === stepId ? (work.log?.text() ?? '') : '';
    return { text: text.slice(-LOG_ANSWER) };
  }

  /** Carries on a step that nobody works on any more. Nothing to do when somebody does, or when there is none (P4). */
  async carryOn(ref: ResourceRef): Promise<void> {
    if (this.#stopping || this.#lanes.get(resourceStream(ref))?.work?.step) return;
    await this.#lanes.in(resourceStream(ref), async (lane) => {
      const known = await this.#streams.load(ref);
      const { running } = known.state;
      if (!running || this.#stopping || !this.ports.locations.has(running.location) || this.#isWorkedOn(lane, running)) return;
      await this.#takeOver(lane, ref, known);
    });
  }

  /** Takes nothing new, waits for what is under way; what is not done then is carried on by the next start. */
  async shutDown(): Promise<void> {
    this.#stopping = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const work of this.#lanes.underWay()) if (!work.step) work.abort(new SlipwayError('shutting-down'));
    const ended = Promise.all(this.#lanes.underWay().map(({ done }) => done));
    await Promise.race([ended, sleep(this.ports.clock, FINISH_WITHIN)]);
    const left = this.#lanes.underWay();
    for (const work of left) work.abort(new SlipwayError('shutting-down'));
    await Promise.race([Promise.all(left.map(({ done }) => done)), sleep(this.ports.clock, GIVE_WAY)]);
  }

  async #accept(action: Action, command: EnsureCommand, context: RequestContext): Promise<StepAccepted> {
    const ref = command.resource;
    const driver = this.#driver(ref, command.location, command.driver);
    assertPortable(driver, action, command.from);
    if (action === 'ensure' || action === 'update') {
      assertSpec(this.ports.kind, command.spec);
      assertWithin({ bounds: boundsOf(driver) }, command.spec);
    }
    const step = { requestId: command.requestId, stepId: command.stepId, try: command.try, action };
    return this.#lanes.in(resourceStream(ref), async (lane) => {
      if (this.#stopping) throw new SlipwayError('shutting-down');
      let known = await this.#streams.load(ref);
      if (isSettled(known.state, step)) return { status: 'settled', epoch: known.state.epoch };
      const { running } = known.state;
      if (running && isRunning(known.state, step)) {
        if (!this.#isWorkedOn(lane, running)) known = await this.#takeOver(lane, ref, known);
        return { status: 'accepted', epoch: known.state.epoch };
      }
      const gaveWay = await this.#giveWay(lane, running, command);
      if (gaveWay) known = await this.#streams.load(ref);
      const { present } = known.state;
      if (action === 'update' && present) assertUpdatable(driver, present.spec, command.spec);
      const { generation, location, definition, spec, from, deadline } = command;
      const inputs = await asTheyStand(command.inputs, this.#streams);
      assertHost(spec, inputs);
      const { owner, shared } = command;
      const what = {
        ...{ generation, location, driver: command.driver, definition, spec, inputs, deadline },
        ...(from && { from }),
        ...(owner && { owner }),
        ...(shared && { shared }),
      };
      const { loaded, events } = await this.#streams.record(
        ref,
        {
          type: 'Start',
          step: { ...step, ...what, replica: this.ports.replica },
          ...(gaveWay && known.state.running && { supersede: new SlipwayError('step-cancelled').toCause() }),
        },
        metadataOf(context, command),
        known,
      );
      if (events.length) this.#begin(lane, ref, loaded);
      return { status: isSettled(loaded.state, step) ? 'settled' : 'accepted', epoch: loaded.state.epoch };
    });
  }

  /**
   * Ends what goes on in the lane, if it may be ended: a look always, a step for the sake of its own request. `true` when
   * the stream is to be read again.
   */
  async #giveWay(lane: Lane, running: Running | undefined, { requestId, resource }: EnsureCommand): Promise<boolean> {
    const { work } = lane;
    if (running && running.requestId !== requestId) return false;
    if (work) {
      work.abort(new SlipwayError('step-cancelled'));
      await Promise.race([work.done, sleep(this.ports.clock, GIVE_WAY)]);
      return true;
    }
    if (!running) return false;
    if (!this.#isWorkedOn(lane, running)) return true;
    const { stepId } = running;
    this.ports.bus.publish(this.#cancelling(running.location), { requestId, stepId, resource });
    return false;
  }

  #isWorkedOn(lane: Lane, running: Running): boolean {
    if (lane.work?.step && lane.work.epoch === running.epoch) return true;
    return running.replica !== this.ports.replica && this.ports.silentFor(running.replica) < TAKEOVER_AFTER;
  }

  async #takeOver(lane: Lane, ref: ResourceRef, known: Loaded): Promise<Loaded> {
    const { epoch } = known.state;
    const { metadata } = known.started!;
    this.#driver(ref, known.state.running!.location, known.state.running!.driver);
    const { loaded, events } = await this.#streams.record(
      ref,
      { type: 'TakeOver', epoch, replica: this.ports.replica },
      metadata,
      known,
    );
    if (events.length) this.#begin(lane, ref, loaded);
    return loaded;
  }

  #begin(lane: Lane, ref: ResourceRef, loaded: Loaded): void {
    const { running } = loaded.state;
    const driver = this.#driver(ref, running!.location, running!.driver);
    this.#lanes.begin(resourceStream(ref), lane, new StepRun(this.ports, this.#streams, driver, ref, loaded));
  }

  #driver(ref: ResourceRef, location: string, name: string): Driver {
    return driverAt(this.ports, ref, location, name);
  }

  #cancel({ resource, requestId, stepId }: StepCancelCommand): void {
    const work = this.#lanes.get(resourceStream(resource))?.work;
    if (work?.step?.requestId !== requestId || work.step.stepId !== stepId) return;
    work.abort(new SlipwayError('step-cancelled'));
  }

  /** Heard by every replica of the place, because any of them may be the one that works on the step. */
  #cancelling(location: string) {
    return cancellingSubject(this.ports.mesh, this.ports.kind, location);
  }
}

/** A command that only says which resource is meant. */
const bare = (command: StepCommand): EnsureCommand => ({ ...command, spec: {}, inputs: {} });

const metadataOf = (context: RequestContext, { requestId, resource, owner }: EnsureCommand): EventMetadata => ({
  requestId,
  correlationId: context.correlationId,
  actor: context.actor,
  environment: resource.environment,
  ...(owner && { ownerId: owner.id }),
  ...(context.trace !== undefined && { trace: context.trace }),
  ...(context.logToken !== undefined && { logToken: context.logToken }),
});
