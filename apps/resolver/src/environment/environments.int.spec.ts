import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { systemClock, type JsonObject } from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { pino } from 'pino';
import { Environments } from './environments.js';
import { KeptEnvironments } from './kept-environments.js';

describe('environments over restarts', () => {
  let folder: string;
  let cache: KeptEnvironments;
  let disk: MemoryDisk;
  let log: MemoryEventLog;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-environments-'));
    cache = openCache();
    disk = new MemoryDisk();
    log = new MemoryEventLog({ disk });
  });
  afterEach(async () => {
    cache.close();
    await rm(folder, { recursive: true });
  });

  const openCache = () => new KeptEnvironments(join(folder, 'environments.sqlite'), pino({ level: 'silent' }));

  /** Records that plans with these generations of `storage/data` were admitted. */
  async function record(...generations: number[]) {
    const store = log.as('orchestrator');
    const { length } = await store.read('environment-default');
    const events = generations.map((generation) => ({
      id: crypto.randomUUID(),
      type: 'PlanAdmitted',
      data: { reads: [], writes: [{ key: 'storage/data', generation }] } as unknown as JsonObject,
      metadata: { actor: { id: 'ada', type: 'user' as const } },
    }));
    await store.append('environment-default', length - 1, events);
  }

  function open() {
    const reads: number[] = [];
    const store = log.as('resolver');
    const environments = new Environments({
      store: {
        head: () => store.head(),
        info: () => store.info(),
        read: async (stream, options) => {
          const events = await store.read(stream, options);
          reads.push(events.length);
          return events;
        },
      },
      blobs: new MemoryBlobs(),
      clock: systemClock,
      cache,
    });
    const generation = () => environments.with('default', (environment) => environment.generation('storage/data'));
    return { environments, reads, generation };
  }

  test('a new process begins where the one before ended in order', async () => {
    const one = open();
    await record(...Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await one.generation()).toBe(100);
    one.environments.keep();
    await record(101);
    const next = open();
    expect(await next.generation()).toBe(101);
    expect(next.reads).toEqual([2]);
  });

  test('a process that was killed has kept what it folded, but for the newest', async () => {
    const one = open();
    for (let batch = 0; batch < 12; batch++) {
      await record(...Array.from({ length: 100 }, (_, index) => batch * 100 + index + 1));
      await one.generation();
    }
    const next = open();
    expect(await next.generation()).toBe(1200);
    expect(next.reads[0]).toBeLessThan(250);
  });

  test('what was kept of another life of the log is not believed', async () => {
    const one = open();
    await record(1, 2, 9);
    expect(await one.generation()).toBe(9);
    one.environments.keep();
    log.disk.restore(2, 0);
    await record(3);
    const next = open();
    expect(await next.generation()).toBe(3);
    expect(next.reads).toEqual([1, 3]);
  });

  test('after a restore, generations begin above all that were used before it, whatever the log has forgotten', async () => {
    await record(1, 2);
    const before = await open().generation();
    await record(3);
    disk.restore(1, Date.UTC(2026, 0, 1));
    log = new MemoryEventLog({ disk });
    expect(await open().generation()).toBeGreaterThan(3);
    expect(before).toBe(2);
    await record(Date.UTC(2027, 0, 1) / 1_000);
    expect(await open().generation()).toBe(Date.UTC(2027, 0, 1) / 1_000);
  });

  test('a cache that is no cache any more is thrown away', async () => {
    await record(1, 2, 3);
    cache.close();
    for (const content of ['not a database at all, but long enough to look at as one', '']) {
      await writeFile(join(folder, 'environments.sqlite'), content);
      cache = openCache();
      const one = open();
      expect(await one.generation()).toBe(3);
      one.environments.keep();
      cache.close();
      cache = openCache();
      const next = open();
      expect(await next.generation()).toBe(3);
      expect(next.reads).toEqual([1]);
      cache.close();
    }
    cache = openCache();
  });
});
