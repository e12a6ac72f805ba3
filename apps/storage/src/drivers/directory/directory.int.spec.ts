import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ContractPlace } from '@slipway/provisioner/testing';
import { directoryDriver } from './directory.js';

describe('a folder', () => {
  const driver = directoryDriver();
  let place: ContractPlace;
  beforeEach(async () => {
    place = await ContractPlace.make();
  });
  afterEach(() => place.remove());
  const root = process.getuid!() === 0;

  test('gets the mode and the owner that were asked for, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      const owner = root ? '12345:23456' : `${process.getuid!()}:${process.getgid!()}`;
      const { observed } = await driver.ensure(place.target('storage', 'a'), { mode: '0775', owner }, {}, await place.context());
      expect(observed).toEqual({ exists: true, mode: '0775', owner });
      const bare = await driver.ensure(place.target('storage', 'b'), {}, {}, await place.context());
      expect(bare.observed).toMatchObject({ mode: '0750', owner: `${process.getuid!()}:${process.getgid!()}` });
    } finally {
      process.umask(umask);
    }
  });

  test('that was changed since, or is gone, shows in inspect', async () => {
    const context = await place.context();
    const target = place.target('storage', 'a');
    const { outputs } = await driver.ensure(target, {}, {}, context);
    await context.filesystem.chmod(String(outputs['path']), 0o700);
    expect((await driver.inspect(target, context)).observed).toMatchObject({ mode: '0700' });
    await context.filesystem.remove(String(outputs['path']));
    expect(await driver.inspect(target, context)).toEqual({ state: 'present', observed: { exists: false } });
  });
});
