import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog, type AppendPoint } from '@slipway/event-store/testing';
import type { Snapshot } from '@slipway/event-store';
import { EnvironmentLane } from './environment.lane.js';
import { toJson } from './snapshot.js';

const ADA = { id: 'ada', type: 'user' as const };
const metadata = { actor: ADA };
const claim = (n: number | string) =>
  ({ type: 'Claim', requestId: `request-${n}`, name: `name-${n}`, owner: ADA, job: 'provision', queue: 10_000 }) as const;

class Snapshots {
  readonly kept = new Map<string, Snapshot>();
  get(stream: string): Snapshot | null {
    return this.kept.get(stream) ?? null;
  }
  put(stream: string, _version: number, snapshot: Snapshot): void {
    this.kept.set(stream, structuredClone(snapshot));
  }
}

function opened(disk = new MemoryDisk(), options: { onAppend?: (point: AppendPoint) => void; snapshots?: Snapshots } = {}) {
  const appends: string[][] = [];
  const log = new MemoryEventLog({
    disk,
    onAppend: (point) => {
      if (point.when === 'before') appends.push(point.types);
      return options.onAppend?.(point);
    },
  });
  let reads = 0;
  const store = log.as('orchestrator');
  const read = store.read.bind(store);
  store.read = async (stream, range) => {
    const events = await read(stream, range);
    reads += events.length;
    return events;
  };
  const reports = { info: () => {}, warn: () => {}, error: () => {} };
  const cache = options.snapshots && {
    cache: { snapshots: options.snapshots, environments: { read: () => undefined, write: () => {} } },
  };
  const lane = new EnvironmentLane('default', { store, blobs: new MemoryBlobs(), ids: randomUUID, reports, ...cache });
  return { lane, appends, disk, reads: () => reads };
}

describe('a lane', () => {
  test('L1: what waits is decided and appended together, at most 32 commands at once', async () => {
    const { lane, appends } = opened();
    await lane.decide(claim('first'), metadata);
    await Promise.all(Array.from({ length: 64 }, (_, n) => lane.decide(claim(n), metadata)));
    const sizes = appends.map(({ length }) => length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(65);
    expect(sizes.length).toBeLessThanOrEqual(4);
    expect(Math.max(...sizes)).toBe(32);
  });

  test('each caller is told of its own: a refusal touches nobody else', async () => {
    const { lane } = opened();
    const twice = { ...claim('other'), name: 'name-1' };
    const answers = await Promise.allSettled([claim(1), twice, claim(2)].map((command) => lane.decide(command, metadata)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(lane.state.names.size).toBe(2);
  });

  test('conflicts arise only between replicas: read again, decided again', async () => {
    const disk = new MemoryDisk();
    const [one, two] = [opened(disk), opened(disk)];
    const all = Array.from({ length: 50 }, (_, n) => (n % 2 ? one : two).lane.decide(claim(n), metadata));
    const same = await Promise.allSettled(
      [one, two].map(({ lane }, n) => lane.decide({ ...claim(`x${n}`), name: 'both' }, metadata)),
    );
    await Promise.all(all);
    expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.all([one.lane.refresh(), two.lane.refresh()]);
    expect(toJson(one.lane.state)).toEqual(toJson(two.lane.state));
    expect(one.lane.state.names.size).toBe(51);
  });

  test('L2: a refusal rests on the newest state, not on what was known', async () => {
    const disk = new MemoryDisk();
    const [one, two] = [opened(disk), opened(disk)];
    await one.lane.decide(claim('a'), metadata);
    await two.lane.ready();
    const nothing = { name: 'name-a', installed: [], removed: [], wires: [] };
    await one.lane.decide({ type: 'Settle', requestId: 'request-a', outcome: 'undone', ...nothing }, metadata);
    await expect(two.lane.decide({ ...claim('b'), name: 'name-a' }, metadata)).resolves.toMatchObject({
      events: [{ type: 'NameClaimed' }],
    });
  });

  test.each(['before', 'after'] as const)(
    'L3: after a failed append (%s it was recorded) the stream is read first',
    async (when) => {
      let fails = true;
      const { lane, disk } = opened(undefined, {
        onAppend: (point) => {
          if (fails && point.when === when) throw new SlipwayError('log-unavailable');
        },
      });
      await expect(lane.decide(claim(1), metadata)).rejects.toMatchObject({ code: 'log-unavailable' });
      fails = false;
      await lane.decide(claim(1), metadata);
      await lane.decide(claim(2), metadata);
      expect(disk.events.map(({ type, data }) => [type, data['requestId']])).toEqual([
        ['NameClaimed', 'request-1'],
        ['NameClaimed', 'request-2'],
      ]);
    },
  );

  test('an append stays below what the log takes', async () => {
    const { lane } = opened();
    const wires = (n: number) =>
      Array.from({ length: 1_000 }, (_, at) => ({ from: `instance/${n}`, requirement: 'r'.repeat(60), to: `storage/${at}` }));
    await Promise.all(Array.from({ length: 20 }, (_, n) => lane.decide(claim(n), metadata)));
    const settled = Array.from({ length: 20 }, (_, n) =>
      lane.decide(
        {
          type: 'Settle',
          requestId: `request-${n}`,
          name: `name-${n}`,
          outcome: 'done',
          installed: [],
          removed: ['x/y'],
          wires: wires(n),
        },
        metadata,
      ),
    );
    await Promise.all(settled);
    expect(lane.state.held.size).toBe(0);
  });
});

describe('a kept state', () => {
  const grown = async (snapshots: Snapshots) => {
    const { lane, disk } = opened(undefined, { snapshots });
    for (let n = 0; n < 200; n += 1) await lane.decide(claim(n), metadata);
    await lane.keep();
    await lane.decide(claim('late'), metadata);
    return { disk, state: toJson(lane.state) };
  };

  test('a start reads only what came after it', async () => {
    const snapshots = new Snapshots();
    const { disk, state } = await grown(snapshots);
    const { lane, reads } = opened(disk, { snapshots });
    await lane.ready();
    expect(toJson(lane.state)).toEqual(state);
    expect(reads()).toBe(2);
    await lane.decide(claim('next'), metadata);
  });

  test('of another log, or left behind by a restore, it is as good as none', async () => {
    const snapshots = new Snapshots();
    const { disk } = await grown(snapshots);
    disk.restore(100, Date.now());
    const { lane } = opened(disk, { snapshots });
    await lane.ready();
    expect(lane.state.names.size).toBe(100);
    const other = opened(new MemoryDisk('another'), { snapshots });
    await other.lane.decide(claim(1), metadata);
    expect(other.lane.state.names.size).toBe(1);
  });

  test('one that cannot be kept or read stops nobody', async () => {
    const { lane } = opened(undefined, {
      snapshots: Object.assign(new Snapshots(), {
        put: () => {
          throw new Error('disk full');
        },
        get: () => {
          throw new Error('disk image is malformed');
        },
      }),
    });
    await lane.decide(claim(1), metadata);
    await lane.keep();
    await expect(lane.decide(claim(2), metadata)).resolves.toBeDefined();
  });
});

test('large lists of what was installed stand in a blob and are folded whole', async () => {
  const { lane, disk } = opened();
  await lane.decide(claim(1), metadata);
  const definition = { name: 'd', version: '1.0.0', hash: 'h'.repeat(64) };
  const place = {
    location: 'local',
    guestLocation: 'local',
    driver: 'x',
    owner: ADA,
    spec: { text: 'x'.repeat(200) } as JsonObject,
  };
  const installed = Array.from({ length: 300 }, (_, n) => {
    return { kind: 'storage' as const, name: `s${n}`, generation: 1, definition, ...place, instanceId: 'name-1', outputs: {} };
  });
  await lane.decide(
    { type: 'Settle', requestId: 'request-1', name: 'name-1', outcome: 'done', installed, removed: [], wires: [] },
    metadata,
  );
  expect(disk.events.at(-1)!.data).toMatchObject({ installed: [], installedBlob: { sha256: expect.any(String) } });
  expect(lane.state.installed.size).toBe(300);
});
