import { causeOf } from '@slipway/contracts';
import type { Driver, DriverContext } from '../driver.js';
import type { Ports } from '../ports.js';
import { driverContext } from '../step/driver-context.js';

/** How often it is looked at, in ms. */
export const KEEP_EVERY = 5_000;

/** What drivers run at our places for all that they make there: brought back when it does not run, ended with the mesh. */
export class Kept {
  /** What could not be brought back, and why. */
  problems: string[] = [];

  constructor(
    private readonly ports: Pick<
      Ports,
      'drivers' | 'locations' | 'place' | 'secrets' | 'blobs' | 'clock' | 'reports' | 'worksAt'
    >,
  ) {}

  async keep(): Promise<void> {
    const problems = await this.#each('keep');
    for (const problem of problems) if (!this.problems.includes(problem)) this.ports.reports.warn({}, problem);
    this.problems = problems;
  }

  async end(): Promise<void> {
    for (const problem of await this.#each('end')) this.ports.reports.warn({}, problem);
  }

  /** What went wrong. */
  async #each(verb: 'keep' | 'end'): Promise<string[]> {
    const all = [...this.ports.locations].flatMap((location) =>
      [...this.ports.drivers.values()].map((driver) => this.#one(verb, driver, location)),
    );
    return (await Promise.all(all)).flatMap((problem) => problem ?? []);
  }

  async #one(verb: 'keep' | 'end', driver: Driver, location: string): Promise<string | undefined> {
    if (!driver[verb] || this.ports.worksAt?.(location, driver) === false) return undefined;
    try {
      await driver[verb](await this.#context(driver.name, location));
      return undefined;
    } catch (error) {
      return `${driver.name} at ${location}: ${causeOf(error).message}`;
    }
  }

  #context(driver: string, location: string): Promise<DriverContext> {
    return driverContext(this.ports, { location, driver }, new AbortController().signal);
  }
}
