import type { ResourceRef } from '@slipway/contracts';
import type { Driver, DriverContext, Mark } from '../driver.js';
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

  async strays(): Promise<Stray[]> {
    const strays: Stray[] = [];
    for (const location of this.ports.locations) {
      for (const [name, driver] of this.ports.drivers) {
        const context = await driverContext(this.ports, { location, driver: name }, new AbortController().signal);
        for (const mark of await this.#marks(driver, context)) {
          const reason = await this.#strange(mark.resource, mark.generation);
          if (reason) strays.push({ ...mark, location, driver: name, reason });
        }
      }
    }
    return strays;
  }

  /** Where a driver can't look, because its engine or its server is away, the others still can. */
  async #marks(driver: Driver, context: DriverContext): Promise<Mark[]> {
    try {
      return await driver.marks(context);
    } catch (error) {
      this.ports.reports.warn({ err: error, driver: driver.name }, 'What carries our mark could not be looked for');
      return [];
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
