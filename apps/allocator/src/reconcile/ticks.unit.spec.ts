import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keptTick } from '../lease/kept-tick.js';
import { Running, blueprint } from '../testing/running.js';

const MINUTE = 60_000;

describe('what time it is, kept for the next start', () => {
  let world: Running;
  let folder: string;
  beforeEach(() => {
    world = new Running();
    folder = mkdtempSync(join(tmpdir(), 'slipway-tick-'));
  });
  afterEach(async () => {
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  /** An allocator with a lease, after as many minutes in which nothing was recorded. */
  const afterQuiet = async (minutes: number) => {
    const allocator = await world.start([blueprint()]);
    await world.until(allocator, await world.ask(allocator), 'active');
    const { length } = world.disk.events;
    await world.clock.pass(minutes * MINUTE);
    expect(world.disk.events).toHaveLength(length);
    return allocator;
  };

  test('a start after hours in which nothing was recorded takes no clock for wrong, also when the allocator was killed', async () => {
    await afterQuiet(65);
    const killed = world.tick.read();
    expect(killed).toBeGreaterThan(world.clock.now() - 2 * MINUTE);
    const again = await world.start([blueprint()], { tick: { read: () => killed, write: () => {} } });
    // Long enough to be the one that ends leases.
    await world.clock.pass(20_000);
    expect(again.reasons()).toEqual([]);
  });

  test('a clock that was set back to what is still after the last event holds all leases', async () => {
    await world.end(await afterQuiet(65));
    world.wallOff = -30 * MINUTE;
    const back = await world.start([blueprint()]);
    expect(back.reasons()).toEqual([expect.stringContaining('is behind the last known time')]);
  });

  test('a clock far ahead is not kept while it is held to be wrong: it is told again by the next start', async () => {
    await world.end(await afterQuiet(1));
    world.wallOff = 120 * MINUTE;
    const ahead = expect.stringContaining('minutes ahead of the last known time');
    const first = await world.start([blueprint()]);
    expect(first.reasons()).toEqual([ahead]);
    await world.clock.pass(3 * MINUTE);
    await world.end(first);
    const second = await world.start([blueprint()]);
    expect(second.reasons()).toEqual([ahead]);
    await world.clock.pass(11 * MINUTE);
    await world.end(second);
    expect((await world.start([blueprint()])).reasons()).toEqual([]);
  });

  test('that cannot be kept keeps nobody from working', async () => {
    const warned: string[] = [];
    const full = () => {
      throw new Error('No space left');
    };
    const reports = { info: () => {}, warn: (_about: object, message: string) => void warned.push(message) };
    const allocator = await world.start([blueprint()], { tick: { read: () => undefined, write: full }, reports });
    await world.until(allocator, await world.ask(allocator), 'active');
    expect(warned).toContain('What time it is could not be kept for the next start');
  });

  test('is read as it was kept; a file that is not there, or not whole, is none', () => {
    const file = join(folder, 'tick.json');
    expect(keptTick(file).read()).toBeUndefined();
    keptTick(file).write(1_000);
    keptTick(file).write(2_000);
    expect(keptTick(file).read()).toBe(2_000);
    for (const torn of ['', '{"at":', '{"at":"2000"}', 'null']) {
      writeFileSync(file, torn);
      expect(keptTick(file).read()).toBeUndefined();
    }
  });
});
