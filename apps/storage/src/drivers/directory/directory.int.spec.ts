import { randomUUID } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TAR, type Part } from '@slipway/contracts';
import { ContractPlace, dataOf, readOut, streamed } from '@slipway/provisioner/testing';
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

  test('that has no room for what it begins with is refused by name, and nothing of it is written', async () => {
    const contentBytes = 2 ** 60;
    const unread = () => Promise.reject(new Error('nobody reads it'));
    const context = await place.context();
    const from = streamed({ mediaType: TAR, contentBytes, open: unread }, context.filesystem);
    const made = driver.ensure(place.target('storage', 'a'), {}, {}, { ...context, from });
    await expect(made).rejects.toMatchObject({ code: 'no-space', details: { bytes: contentBytes } });
  });

  test('with hundreds of megabytes is exported and imported in the same little memory, and told by bytes and rate', async () => {
    const MIB = 1024 * 1024;
    const { outputs } = await driver.ensure(place.target('storage', 'big'), {}, {}, await place.context());
    const noise = randomBytes(MIB);
    const file = await open(join(String(outputs['path']), 'file'), 'w');
    for (let piece = 0; piece < 300; piece += 1) {
      noise.writeUInt32BE(piece, piece);
      await file.writeFile(noise.subarray(piece));
      await file.writeFile(noise.subarray(0, piece));
    }
    await file.close();
    const idle = process.memoryUsage();
    let grown = 0;
    const watching = setInterval(() => {
      const { heapUsed, external } = process.memoryUsage();
      grown = Math.max(grown, heapUsed + external - idle.heapUsed - idle.external);
    }, 20);
    const context = await place.context();
    let part: Part;
    try {
      part = await readOut(driver.portable!, place.target('storage', 'big'), {}, context, randomUUID());
      await driver.ensure(place.target('storage', 'copy'), {}, {}, { ...context, from: dataOf(part, context) });
    } finally {
      clearInterval(watching);
    }
    expect(part).toMatchObject({ mediaType: 'application/x-tar', contentBytes: 300 * MIB + 1_536 });
    expect(grown).toBeLessThan(150 * MIB);
    const told = context.said.progress.map(({ message }) => message);
    expect(told).toContainEqual(expect.stringMatching(/^300\.0 MiB read, [\d.]+ \w+\/s$/));
    expect(told).toContainEqual(expect.stringMatching(/^300\.0 MiB of 300\.0 MiB restored, [\d.]+ \w+\/s$/));
  }, 300_000);
});
