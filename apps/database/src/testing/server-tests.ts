import { expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ContractPlace } from '@slipway/provisioner/testing';
import { LONG, type Databases } from './databases.js';

/** Schemas that must be refused: what is wrong with them, they themselves, and what the server says. */
export function refusesSchemas(
  { driver, context, target, ensure }: Databases,
  asking: (outputs: JsonObject, sql: string) => Promise<string>,
  schemas: [what: string, schema: string, reason: RegExp][],
): void {
  test.each(schemas)(
    'a schema with %s is refused by name, and nothing of it stands',
    async (what, schema, reason) => {
      const name = what.replaceAll(/[^a-z]+/gi, '-').toLowerCase();
      await expect(ensure(name, { schema })).rejects.toMatchObject({
        code: 'spec-invalid',
        details: { fields: [{ field: 'schema', reason: expect.stringMatching(reason) }] },
      });
      expect((await driver.inspect(target(name), await context())).state).toBe('partial');
      const { effect, outputs } = await ensure(name, { schema: 'CREATE TABLE a (x text)' });
      expect(effect).toBe('made');
      expect(await asking(outputs, 'SELECT count(*) FROM a')).toBe('0');
    },
    LONG,
  );
}

/** The way out: what to install, or to configure. */
export function namesMissingPrograms({ driver, target }: Databases, way: RegExp): void {
  test(
    'missing programs are named with their package',
    async () => {
      const empty = await ContractPlace.make();
      const context = await empty.context();
      const nothing = { ...context.filesystem, list: async () => [], stat: async () => null };
      await expect(driver.ensure(target('shop'), {}, {}, { ...context, filesystem: nothing })).rejects.toMatchObject({
        code: 'driver-unavailable',
        message: expect.stringMatching(way),
      });
      await empty.remove();
    },
    LONG,
  );
}
