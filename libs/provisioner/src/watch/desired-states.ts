import {
  SlipwayError,
  resourceStream,
  type Desired,
  type RequestContext,
  type ResourceRef,
  type SetDesiredCommand,
} from '@slipway/contracts';
import { wanted } from '../lifecycle/resource.js';
import { callMetadata, type Loaded, type ResourceStreams } from '../lifecycle/stream.js';
import { driverAt } from '../place/driver-at.js';
import { sleep, type Ports } from '../ports.js';
import type { Lane, Lanes } from '../step/lane.js';

/** How long a look is waited for that gives way, in ms: the answer is wanted within a second. */
const GIVE_WAY = 400;

/**
 * Whether something is to run, as somebody wants it: recorded here, carried out by the watch, of this replica at once and of
 * every other one of the place as soon as it has heard of it.
 */
export class DesiredStates {
  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
    private readonly lanes: Lanes,
    /** Something else is wanted from now on. */
    private readonly changed: (ref: ResourceRef, loaded: Loaded) => void,
  ) {}

  /** Throws `not-found`, `too-busy`, `not-possible` where nothing of it runs, `wrong-location`. */
  async set({ resource: ref, change, reason }: SetDesiredCommand, context: RequestContext): Promise<Desired> {
    return this.lanes.in(resourceStream(ref), async (lane) => {
      const before = await this.streams.load(ref);
      this.#assertRuns(ref, before);
      await this.#giveWay(lane);
      const { loaded, events } = await this.streams.record(
        ref,
        { type: 'Desire', change, ...(reason !== undefined && { reason }) },
        callMetadata(context, ref, before),
      );
      if (events.length > 0) this.changed(ref, loaded);
      return { generation: wanted(loaded.state)!.generation, desired: loaded.state.desired, position: loaded.position! };
    });
  }

  #assertRuns(ref: ResourceRef, { state }: Loaded): void {
    const present = wanted(state);
    if (!present) {
      if (state.running) return;
      throw new SlipwayError('not-found', `There is no ${ref.kind} ${ref.environment}.${ref.name} that was made and is to stay`);
    }
    const { observe, stop } = driverAt(this.ports, ref, present.location, present.driver);
    if (observe && stop) return;
    throw new SlipwayError('not-possible', `Nothing of a ${ref.kind} of the driver ${present.driver} runs that could be stopped`);
  }

  /** A look that is under way may be about to start what is not to run any more. */
  async #giveWay({ work }: Lane): Promise<void> {
    if (!work || work.step) return;
    work.abort(new SlipwayError('step-cancelled'));
    await Promise.race([work.done, sleep(this.ports.clock, GIVE_WAY)]);
  }
}
