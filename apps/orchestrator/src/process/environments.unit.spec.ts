import { describe, expect, jest, test } from '@jest/globals';
import type { Snapshot } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import type { Cache, KnownEnvironments } from '../ports.js';
import { ADA, World, job } from '../testing/world.js';

jest.setTimeout(60_000);
const MINUTE = 60_000;

/** A cache that outlives a life. */
class KeptCache implements Cache {
  readonly #snapshots = new Map<string, Snapshot>();
  known: KnownEnvironments | undefined;
  readonly snapshots: Cache['snapshots'] = {
    get: (stream) => this.#snapshots.get(stream) ?? null,
    put: (stream, _version, snapshot) => void this.#snapshots.set(stream, structuredClone(snapshot)),
  };
  readonly environments: Cache['environments'] = {
    read: () => this.known,
    write: (known) => {
      this.known = structuredClone(known);
    },
  };
}

/** A world in which many requests have ended and one has not, and its last life's cache. */
async function longHistory() {
  const world = new World();
  const cache = new KeptCache();
  const { orchestrator } = world.live({ cache });
  await orchestrator.start();
  for (let n = 0; n < 60; n += 1) await orchestrator.accept(job(`shop-${n}`, { environment: `env-${n % 5}` }), ADA);
  await world.clock.until(() => world.quiet, MINUTE);
  world.provisioners.instance.leave();
  const { requestId } = await orchestrator.accept(job('late', { environment: 'env-0' }), ADA);
  await world.clock.pass(1_000);
  const stopped = orchestrator.stop();
  await world.clock.pass(1_000);
  await stopped;
  return { world, cache, requestId };
}

/** How many events a start reads. */
async function readAtStart(world: World, cache: Cache | undefined): Promise<number> {
  let read = 0;
  const counted = jest.spyOn(MemoryEventLog.prototype, 'as').mockImplementation(function as(this: MemoryEventLog, service) {
    counted.mockRestore();
    const store = this.as(service);
    const { read: readStream, readAll } = store;
    store.read = async (...given) => {
      const events = await readStream.apply(store, given);
      read += events.length;
      return events;
    };
    store.readAll = async (...given) => {
      const page = await readAll.apply(store, given);
      read += page.events.length;
      return page;
    };
    return store;
  });
  const { orchestrator, crash } = world.live({ ...(cache && { cache }) });
  await orchestrator.start();
  await world.clock.pass(10);
  crash();
  return read;
}

describe('a start', () => {
  test('with its cache reads what came since, not the whole log; without it finds the same', async () => {
    const { world, cache, requestId } = await longHistory();
    const all = world.events().length;
    const withCache = await readAtStart(world, cache);
    const without = await readAtStart(world, undefined);
    expect(all).toBeGreaterThan(700);
    expect(withCache).toBeLessThan(60);
    expect(without).toBeGreaterThan(3 * withCache);
    world.provisioners.instance.come();
    const { orchestrator } = world.live({ cache });
    await orchestrator.start();
    expect(orchestrator.underWay).toBe(1);
    await world.clock.until(() => world.quiet, MINUTE);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });

  test.each<[string, (cache: KeptCache) => void]>([
    ['of another log', (cache) => (cache.known = { position: `other.0000000001.${'0'.repeat(20)}`, names: ['nowhere'] })],
    ['beyond the end of the log', (cache) => (cache.known!.position = cache.known!.position.slice(0, -20) + '9'.repeat(20))],
    ['that makes no sense', (cache) => (cache.known = { position: 'here', names: [] })],
  ])('with a cache %s reads the log', async (_what, spoil) => {
    const { world, cache, requestId } = await longHistory();
    spoil(cache);
    world.provisioners.instance.come();
    const { orchestrator } = world.live({ cache });
    await orchestrator.start();
    await world.clock.until(() => world.quiet, MINUTE);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
  });
});
