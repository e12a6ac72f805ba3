import { afterAll, beforeAll } from '@jest/globals';
import type { DatabaseSpec, JsonObject } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Target } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import type { Secrets } from '@slipway/secrets';

/** In milliseconds: a loaded machine may take its time over a server. */
export const LONG = 120_000;

/** One statement as somebody who has a database's outputs; what it gives back. */
export type Ask = (outputs: JsonObject, secrets: Secrets, sql: string) => Promise<string>;

/** Databases of one driver at a place of the suite's own. */
export interface Databases {
  driver: Driver<DatabaseSpec>;
  place(): ContractPlace;
  context(): Promise<DriverContext>;
  target(name: string): Target;
  ensure(name: string, spec?: DatabaseSpec): Promise<Ensured>;
}

/** To be called where a suite is described: the place is made before it, and gone with its server after it. */
export function databasesOf(driver: Driver<DatabaseSpec>): Databases {
  let place: ContractPlace;
  beforeAll(async () => {
    place = await ContractPlace.make();
  });
  afterAll(async () => {
    await driver.end!(await place.context());
    await place.remove();
  }, LONG);
  const target = (name: string) => place.target('database', name);
  const context = () => place.context();
  return {
    driver,
    place: () => place,
    context,
    target,
    ensure: async (name, spec = {}) => driver.ensure(target(name), spec, {}, await context()),
  };
}
