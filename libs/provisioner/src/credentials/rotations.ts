import {
  ERRORS,
  SlipwayError,
  VERBS,
  causeOf,
  resourceKey,
  resourceStream,
  type Cause,
  type JsonObject,
  type RequestContext,
  type ResourceRef,
  type RotateCommand,
  type Rotation,
} from '@slipway/contracts';
import { runInContext, systemContext } from '@slipway/mesh';
import type { Driver } from '../driver.js';
import { placeOf, wanted, type Present, type Rotated } from '../lifecycle/resource.js';
import { callMetadata, ownMetadata, type Loaded, type ResourceStreams } from '../lifecycle/stream.js';
import { driverAt } from '../place/driver-at.js';
import { sleep, type Ports } from '../ports.js';
import { driverContext } from '../step/driver-context.js';
import type { Lane, Lanes } from '../step/lane.js';
import { ownerOf, secretRefsIn } from './secret-refs.js';

/** How long a look is waited for that gives way, in ms: the answer is wanted within a second. */
const GIVE_WAY = 400;

/** After this time a rotation is left as it is; whoever looks next carries it on, in ms. */
const ROTATE_WITHIN = 60_000;

/** How long another sub-provisioner may take to answer, and until it is asked again, in ms. */
const ASK_MS = 2_000;
const ASK_AGAIN = 250;

/**
 * Secrets made anew: those of a resource, and before them those of what was made for it.
 *
 * N1. Nothing begins that some driver on the way can't do: all are asked before anything is recorded.
 * N2. What was begun is carried on, also after a crash: by the watch where something runs, else by who asks again.
 * N3. What it is given and gives out refers to the new versions in one and the same event as its outcome.
 * N4. What is shared with others, or was asked for by itself, keeps its secrets: others would not get the new ones. Whose a thing is
 *     the environment knows: who asks tells it.
 */
export class Rotations {
  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
    private readonly lanes: Lanes,
    /** It is as `loaded` now. */
    private readonly ended: (ref: ResourceRef, loaded: Loaded) => void,
  ) {}

  /** Throws `not-found`, `too-busy`, `not-possible`, `wrong-location`, and why a rotation that has ended failed. */
  async rotate(command: RotateCommand, context: RequestContext): Promise<Rotation> {
    const { resource: ref, rotation, owned = [], check = false } = command;
    const before = await this.streams.load(ref);
    const { rotating, rotated } = before.state;
    if (rotating !== rotation && rotated?.rotation !== rotation) await this.#assertPossible(before, command, context);
    if (check) return { state: 'possible', position: before.position! };
    return this.lanes.in(resourceStream(ref), async (lane) => {
      if (lane.work && !lane.work.step && rotating === undefined) {
        lane.work.abort(new SlipwayError('step-cancelled'));
        await Promise.race([lane.work.done, sleep(this.ports.clock, GIVE_WAY)]);
      }
      const begin = { type: 'Rotate' as const, rotation, owned };
      const { loaded } = await this.streams.record(ref, begin, callMetadata(context, ref, before));
      const { state, position } = loaded;
      if (state.rotating === rotation) {
        if (!lane.work) this.begin(lane, ref, loaded);
        return { state: 'rotating', position: position! };
      }
      const cause = state.rotated?.cause;
      if (cause) throw SlipwayError.from(cause);
      return { state: 'rotated', outputs: wanted(state)?.outputs ?? {}, position: position! };
    });
  }

  /** Works on the rotation that is under way, in its lane. */
  begin(lane: Lane, ref: ResourceRef, loaded: Loaded): void {
    const controller = new AbortController();
    const abort = (reason: SlipwayError) => controller.abort(reason);
    const done = runInContext(systemContext(this.ports.kind), () => this.#run(ref, loaded, controller)).catch(
      (error: unknown) => {
        this.ports.reports.warn({ err: error, resource: ref }, 'Secrets are not made anew yet; it is tried again');
      },
    );
    this.lanes.begin(resourceStream(ref), lane, { epoch: loaded.state.epoch, abort, done });
  }

  async #run(ref: ResourceRef, loaded: Loaded, controller: AbortController): Promise<void> {
    const { signal } = controller;
    const giveUp = () => controller.abort(new SlipwayError('timed-out', `Not done within ${ROTATE_WITHIN / 1_000} s`));
    const stopTimer = this.ports.clock.after(ROTATE_WITHIN, giveUp);
    try {
      const outcome = await this.#outcome(ref, loaded, signal);
      const command = { type: 'EndRotation' as const, rotation: loaded.state.rotating!, outcome };
      const { loaded: after } = await this.streams.record(ref, command, ownMetadata(ref, loaded));
      this.ended(ref, await this.#startedAgain(ref, after));
    } finally {
      stopTimer();
    }
  }

  /** What runs is started with what it was given: until a look has seen it so, nobody knows it as healthy. */
  async #startedAgain(ref: ResourceRef, after: Loaded): Promise<Loaded> {
    const present = wanted(after.state);
    if (!present || !driverAt(this.ports, ref, present.location, present.driver).observe) return after;
    const { generation, restarts } = present;
    const seen = { health: 'starting' as const, reason: 'It is started with new secrets', restarts };
    const command = { type: 'Observe' as const, generation, ...seen };
    return (await this.streams.record(ref, command, ownMetadata(ref, after), after)).loaded;
  }

  /** Throws what passes by itself: then it is still under way. */
  async #outcome(ref: ResourceRef, { state }: Loaded, signal: AbortSignal): Promise<Rotated | { cause: Cause }> {
    const present = wanted(state)!;
    const { generation, definition, spec } = present;
    const driver = this.#rotating(ref, present);
    try {
      const inputs = await this.#rotateOwned(
        ref,
        present,
        { rotation: state.rotating!, owned: [...(state.rotatingWith ?? [])] },
        signal,
      );
      const context = await driverContext(this.ports, placeOf(state, present), signal);
      const target = { resource: ref, generation, epoch: state.epoch, definition };
      const { outputs } = await driver.rotate(target, spec, inputs, context).catch((error: unknown) => {
        throw SlipwayError.from(context.secrets.coverJson(causeOf(error, 'driver-failed') as never) as unknown as Cause);
      });
      return { outputs: context.secrets.coverJson(outputs), inputs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const cause = causeOf(error);
      if (ERRORS[cause.code].advice === 'retry' && cause.code !== 'driver-failed' && cause.code !== 'internal') throw error;
      return { cause };
    }
  }

  async #assertPossible({ state }: Loaded, command: RotateCommand, context: RequestContext): Promise<void> {
    const { resource: ref, rotation, owned = [] } = command;
    const present = wanted(state);
    if (!present) {
      if (state.running) return;
      throw new SlipwayError('not-found', `There is no ${ref.kind} ${ref.environment}.${ref.name} that was made and is to stay`);
    }
    this.#rotating(ref, present);
    const first = ownedBy(ref, present, owned);
    if (first.length === 0 && secretRefsIn(present.outputs).length === 0) {
      throw new SlipwayError('not-possible', `${ref.kind}/${ref.name} has no secrets that could be made anew`);
    }
    for (const { owner } of first) await this.#ask(owner, { rotation, owned, check: true }, context);
  }

  #rotating(ref: ResourceRef, { location, driver: name }: Present): Driver & Required<Pick<Driver, 'rotate'>> {
    const driver = driverAt(this.ports, ref, location, name);
    if (driver.rotate) return driver as Driver & Required<Pick<Driver, 'rotate'>>;
    throw new SlipwayError('not-possible', `The driver ${name} of ${ref.kind}/${ref.name} can't make secrets anew`);
  }

  /** What it is given, when the secrets of what was made for it are new. */
  async #rotateOwned(
    ref: ResourceRef,
    present: Present,
    what: Pick<RotateCommand, 'rotation' | 'owned'>,
    signal: AbortSignal,
  ): Promise<Record<string, JsonObject>> {
    const inputs = { ...present.inputs };
    for (const { input, owner } of ownedBy(ref, present, what.owned ?? [])) {
      for (;;) {
        signal.throwIfAborted();
        const { state, outputs } = await this.#ask(owner, what);
        if (state === 'rotated') {
          inputs[input] = { ...inputs[input], ...outputs };
          break;
        }
        await sleep(this.ports.clock, ASK_AGAIN);
      }
    }
    return inputs;
  }

  async #ask(resource: ResourceRef, what: Omit<RotateCommand, 'resource'>, context?: RequestContext): Promise<Rotation> {
    const location = (await this.streams.load(resource)).state.present?.location;
    if (location === undefined) throw new SlipwayError('not-found', `There is no ${resource.kind} ${resource.name} any more`);
    const options = { location, timeoutMs: ASK_MS, ...(context && { context }) };
    return this.ports.bus.request<Rotation>(resource.kind, VERBS.rotate, { resource, ...what }, options);
  }
}

/** What it is wired to that has secrets and was made for the same instance (N4). */
function ownedBy(
  { environment }: ResourceRef,
  { inputs }: Present,
  owned: readonly string[],
): { input: string; owner: ResourceRef }[] {
  return Object.entries(inputs).flatMap(([input, outputs]) => {
    const owner = secretRefsIn(outputs).map(ownerOf).find(Boolean);
    return owner?.environment === environment && owned.includes(resourceKey(owner)) ? [{ input, owner }] : [];
  });
}
