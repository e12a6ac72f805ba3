import {
  SlipwayError,
  causeOf,
  hashOf,
  resourceKey,
  resourceStream,
  type AdoptCommand,
  type Adopted,
  type CompareQuery,
  type Comparison,
  type JsonObject,
  type RequestContext,
  type Strays,
  type StraysQuery,
} from '@slipway/contracts';
import { secretRefsIn } from '../credentials/secret-refs.js';
import type { Driver, DriverContext, Identity } from '../driver.js';
import type { Janitor } from '../janitor/janitor.js';
import { placeOf, wanted, type Present, type ResourceState } from '../lifecycle/resource.js';
import { callMetadata, type Loaded, type ResourceStreams } from '../lifecycle/stream.js';
import { assertServed, driverAt } from '../place/driver-at.js';
import type { Ports } from '../ports.js';
import { driverContext } from '../step/driver-context.js';
import type { Lanes } from '../step/lane.js';
import { areAmong, compare, repairOf, type Found } from './compare.js';

/** How long a driver may look, in ms; then nothing is known. */
const LOOK_WITHIN = 10_000;

/** How many strays are told at once. */
const MOST_STRAYS = 200;

/** What was found, and how it is other than recorded. */
interface Look extends Comparison {
  observed: JsonObject;
}

/**
 * Holds what is at the places against the streams.
 *
 * F1. To compare changes nothing, at the place and in the log: a driver is only asked to `inspect`.
 * F2. Nothing is said of what is being worked on, of another generation than what is there, or of what could not be looked at.
 * F3. No secret of the resource stands in what is said.
 * F4. What is taken into the log is what was shown, looked at once more; it is recorded with who and why, and nothing at the place changes.
 */
export class Drifts {
  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
    private readonly lanes: Lanes,
    private readonly janitor: Janitor,
  ) {}

  /** Throws `not-found` and `too-busy` (F2), `wrong-location`, `driver-unknown`, `timed-out`, and what the driver throws. */
  async compare(query: CompareQuery): Promise<Comparison> {
    const { observed: _observed, ...comparison } = await this.#look(query, await this.streams.load(query.resource));
    return comparison;
  }

  /** Throws `driver-failed` where a driver could not look: then nothing is known of all that may be there. */
  async strays({ environment, location }: StraysQuery): Promise<Strays> {
    assertServed(this.ports.locations, location);
    const { strays, problems } = await this.janitor.look([location]);
    if (problems.length > 0) throw new SlipwayError('driver-failed', problems.join('; '));
    const mine = strays.filter(({ resource }) => resource.environment === environment);
    return { items: mine.slice(0, MOST_STRAYS).map(({ location: _location, ...stray }) => stray) };
  }

  /** Throws as {@link compare} does, `plan-stale` when something else is there than was shown, `not-possible` for what cannot be taken. */
  async adopt(command: AdoptCommand, context: RequestContext): Promise<Adopted> {
    const { resource: ref, generation, seen, reason } = command;
    return this.lanes.in(resourceStream(ref), async () => {
      const before = await this.streams.load(ref);
      const look = await this.#look(command, before);
      if (look.seen !== seen)
        throw new SlipwayError('plan-stale', `${resourceKey(ref)} is other than it was shown`, { resource: resourceKey(ref) });
      if (look.drift && !look.adoptable) throw this.#notAdoptable(command, look);
      const { loaded } = await this.streams.record(
        ref,
        { type: 'Adopt', generation, observed: look.observed, ...(reason !== undefined && { reason }) },
        callMetadata(context, ref, before),
        before,
      );
      return { generation, position: loaded.position! };
    });
  }

  async #look({ resource: ref, generation, driver: name, location }: CompareQuery, { state }: Loaded): Promise<Look> {
    const driver = driverAt(this.ports, ref, location, name);
    const present = wanted(state);
    if (state.running ?? state.rotating) throw new SlipwayError('too-busy', 'Something is being done with it just now');
    if (present?.generation !== generation) {
      const there = present ? `generation ${present.generation} is` : 'nothing is';
      throw new SlipwayError('not-found', `Generation ${generation} is not what is there: ${there}`, { generation });
    }
    const found = await this.#inspect(driver, ref, present, state);
    const compared = compare({ ...present, runs: state.desired === 'running' }, found);
    const { drift, differences } = compared;
    const adoptable = drift === 'changed' && areAmong(differences, driver.adopts ?? []);
    const seen = hashOf({ ...found } as unknown as JsonObject);
    const repair = repairOf(driver, compared, found);
    return { ...(drift && { drift }), differences, seen, adoptable, ...(repair && { repair }), observed: found.observed };
  }

  /** With all secrets covered that it gives out or is given, whether its driver reads them or not (F3). */
  async #inspect(driver: Driver, resource: CompareQuery['resource'], present: Present, state: ResourceState): Promise<Found> {
    const controller = new AbortController();
    const { signal } = controller;
    const late = new SlipwayError('timed-out', `Its driver ${driver.name} has not looked within ${LOOK_WITHIN / 1_000} s`);
    let stopTimer = () => {};
    const overdue = new Promise<never>((_resolve, reject) => {
      stopTimer = this.ports.clock.after(LOOK_WITHIN, () => {
        controller.abort(late);
        reject(late);
      });
    });
    const context = await driverContext(this.ports, placeOf(state, present), signal);
    const changing = async (what: string) => {
      throw new SlipwayError('internal', `To look changes nothing, and the driver ${driver.name} would: ${what}`);
    };
    try {
      for (const ref of secretRefsIn([present.outputs, present.inputs])) await context.secrets.read(ref).catch(() => undefined);
      const target = { resource, generation: present.generation, epoch: state.epoch };
      const found = await Promise.race([lookAt(driver, target, { ...context, changing }), overdue]);
      return context.secrets.coverJson(found as unknown as JsonObject) as unknown as Found;
    } catch (error) {
      throw SlipwayError.from(context.secrets.coverJson(causeOf(error, 'driver-failed') as never) as never);
    } finally {
      stopTimer();
    }
  }

  #notAdoptable({ resource, driver }: AdoptCommand, { drift, differences }: Look): SlipwayError {
    const adopts = this.ports.drivers.get(driver)?.adopts ?? [];
    const fields = differences.map(({ field }) => field).filter((field) => !adopts.includes(field.split('.')[0]!));
    const what =
      drift === 'changed'
        ? `Its driver ${driver} lets only ${adopts.join(', ') || 'nothing'} be taken as found, not ${fields.join(', ')}`
        : `It is ${drift}`;
    return new SlipwayError('not-possible', `${resourceKey(resource)} cannot be taken into the log: ${what}. Repair it instead`, {
      resource: resourceKey(resource),
      fields,
    });
  }
}

async function lookAt(driver: Driver, target: Identity, context: DriverContext): Promise<Found> {
  const found = await driver.inspect(target, context);
  if (!driver.gives || found.state !== 'present') return found;
  return { ...found, outputs: await driver.gives(target, context) };
}
