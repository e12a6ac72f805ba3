import { causeOf, type ResourceRef } from '@slipway/contracts';
import type { Driver, Mark } from '../driver.js';
import type { ResourceStreams } from '../lifecycle/stream.js';
import type { Ports } from '../ports.js';
import { driverContext } from '../step/driver-context.js';

/** Something at a place that carries our mark although no stream says that it should be there. */
export interface Stray extends Mark {
  location: string;
  driver: string;
  reason: string;
}

/** Looks through the places of this replica. Only tells; it never deletes by itself (decision 7). */
export class Janitor {
  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
  ) {}

  /** Those at all places of ours. Where a driver cannot look that is told by the kit's own reports. */
  async strays(): Promise<Stray[]> {
    const { strays } = await this.look(this.ports.locations);
    return strays;
  }

  /** Those at some of our places, and which drivers could not look. */
  async look(locations: Iterable<string>): Promise<{ strays: Stray[]; problems: string[] }> {
    const strays: Stray[] = [];
    const problems: string[] = [];
    for (const location of locations) {
      for (const [name, driver] of this.ports.drivers) {
        // Where it has no place it has left nothing.
        if (this.ports.worksAt?.(location, driver) === false) continue;
        const marks = await this.#marks(driver, location);
        if (typeof marks === 'string') problems.push(marks);
        else strays.push(...(await this.#among(marks, location, name)));
      }
    }
    return { strays, problems };
  }

  async #among(marks: readonly Mark[], location: string, driver: string): Promise<Stray[]> {
    const strays: Stray[] = [];
    for (const mark of marks) {
      const reason = await this.#strange(mark.resource, mark.generation);
      if (reason) strays.push({ ...mark, location, driver, reason });
    }
    return strays;
  }

  /** Where a driver can't look, because its engine or its server is away, the others still can; a text says why. */
  async #marks(driver: Driver, location: string): Promise<Mark[] | string> {
    try {
      const context = await driverContext(this.ports, { location, driver: driver.name }, new AbortController().signal);
      return await driver.marks(context);
    } catch (error) {
      this.ports.reports.warn({ err: error, driver: driver.name }, 'What carries our mark could not be looked for');
      return `The driver ${driver.name} could not look for what carries our mark: ${causeOf(error).message}`;
    }
  }

  async #strange(ref: ResourceRef, generation: number): Promise<string | undefined> {
    if (ref.kind !== this.ports.kind) return `it is marked as ${ref.kind}`;
    const { state } = await this.streams.load(ref);
    if (!state.begun.includes(generation)) return 'no stream knows of it';
    if (generation <= state.destroyed) return 'it was given back, and is still there';
    return undefined;
  }
}
