import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { KeptState } from './kept-state.js';
import { Lane } from './lane.js';
import { SnapshotCache } from './snapshot-cache.js';
import { MemoryDisk, MemoryEventLog } from './testing/index.js';
import { hall, type Hall, type HallCommand } from './testing/hall.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STREAM = 'request-hall';
const metadata = { actor: { id: 'ada', type: 'user' as const } };
const sit = (who: string | number): HallCommand => ({ type: 'Sit', who: `${who}` });

/** Three of those who sit in each part. */
function* toParts(state: Hall): Generator<JsonObject> {
  yield { seated: state.length };
  for (let at = 0; at < state.length; at += 3) yield { some: state.slice(at, at + 3) as unknown as JsonObject[] };
}
const fromParts = ([first, ...others]: readonly JsonObject[]): Hall => {
  const all = others.flatMap(({ some }) => some) as unknown as Hall;
  if (all.length !== first!['seated']) throw new Error('Not whole');
  return all;
};

/** A lane whose state is kept in a file, and how many events it has read. */
function opened(disk: MemoryDisk, snapshots: SnapshotCache, more: Partial<KeptState<Hall>> = {}) {
  const store = new MemoryEventLog({ disk }).as('orchestrator');
  const read = store.read.bind(store);
  const counted = { events: 0 };
  store.read = async (stream, range) => {
    const events = await read(stream, range);
    counted.events += events.length;
    return events;
  };
  const warned: string[] = [];
  const kept = { snapshots, foldVersion: 1, toParts, fromParts, sizeOf: (state: Hall) => state.length, ...more };
  const decider = hall(10_000);
  const warn = (_about: object, message: string) => void warned.push(message);
  const lane = new Lane({ store, stream: STREAM, decider, idOf: () => randomUUID(), kept, warn });
  return { lane, counted, warned, seat: (who: string | number) => lane.decide(sit(who), metadata) };
}

const files = { made: 0 };
const newFile = () => join(folder, `${(files.made += 1)}.sqlite`);

describe('a kept state', () => {
  it('is what a start goes on from: it reads only what came after it', async () => {
    const [disk, file] = [new MemoryDisk(), newFile()];
    let snapshots = new SnapshotCache(file, 1);
    const first = opened(disk, snapshots);
    for (let who = 0; who < 20; who += 1) await first.seat(who);
    await first.lane.keep();
    await first.seat('late');
    snapshots.close();

    snapshots = new SnapshotCache(file, 1);
    const second = opened(disk, snapshots);
    await second.lane.ready();
    expect(second.lane.state).toEqual(first.lane.state);
    // The last that it was folded from, to see that it still stands there, and the late one.
    expect(second.counted.events).toBe(2);
    snapshots.close();
  });

  it('is kept by itself when the stream has grown by as much as it holds, and fewer parts leave nothing of more', async () => {
    const [disk, snapshots] = [new MemoryDisk(), new SnapshotCache(newFile(), 1)];
    const first = opened(disk, snapshots);
    await Promise.all(Array.from({ length: 1_100 }, (_, who) => first.seat(who)));
    while (snapshots.get(STREAM, 1) === null) await nextTurn();
    for (let who = 0; who < 1_095; who += 1) await first.lane.decide({ type: 'Leave', who: `${who}` }, metadata);
    await first.lane.keep();
    const second = opened(disk, snapshots);
    await second.lane.ready();
    expect(second.lane.state).toEqual(first.lane.state);
    expect(second.counted.events).toBe(1);
    expect(first.warned).toEqual([]);
    snapshots.close();
  });

  it('holds nobody up: what is asked for meanwhile is decided between two parts, and is not in what is kept', async () => {
    const [disk, snapshots] = [new MemoryDisk(), new SnapshotCache(newFile(), 1)];
    const decided: Promise<unknown>[] = [];
    let partsAfter = 0;
    const first = opened(disk, snapshots, {
      *toParts(state) {
        let late = false;
        for (const part of toParts(state)) {
          if (decided.length === 0) decided.push(first.seat('late').then(() => (late = true)));
          if (late) partsAfter += 1;
          yield part;
        }
      },
    });
    for (let who = 0; who < 90; who += 1) await first.seat(who);
    await first.lane.keep();
    await Promise.all(decided);
    expect(partsAfter).toBeGreaterThan(0);
    const second = opened(disk, snapshots);
    await second.lane.ready();
    expect(second.lane.state).toHaveLength(91);
    expect(second.counted.events).toBe(2);
    snapshots.close();
  });

  it('of whoever died, or failed, in the middle of keeping it is the one before (K2)', async () => {
    const [disk, snapshots] = [new MemoryDisk(), new SnapshotCache(newFile(), 1)];
    const first = opened(disk, snapshots);
    for (let who = 0; who < 20; who += 1) await first.seat(who);
    await first.lane.keep();
    await first.seat('late');
    let parts = 0;
    const failing = opened(disk, snapshots, {
      *toParts(state) {
        for (const part of toParts(state)) {
          if ((parts += 1) > 3) throw new Error('killed');
          yield part;
        }
      },
    });
    await failing.seat('later');
    await failing.lane.keep();
    expect(failing.warned).toEqual(['A state could not be kept for the next start']);
    const next = opened(disk, snapshots);
    await next.lane.ready();
    expect(next.lane.state).toEqual(failing.lane.state);
    expect(next.counted.events).toBe(3);
    await next.lane.keep();
    const last = opened(disk, snapshots);
    await last.lane.ready();
    expect(last.counted.events).toBe(1);
    snapshots.close();
  });

  it('that is not all there, is of an older fold, or in another form, is as good as none (K1)', async () => {
    const [disk, snapshots] = [new MemoryDisk(), new SnapshotCache(newFile(), 1)];
    const first = opened(disk, snapshots);
    for (let who = 0; who < 20; who += 1) await first.seat(who);
    const folded = async (more: Partial<KeptState<Hall>>) => {
      const next = opened(disk, snapshots, more);
      await next.lane.ready();
      expect(next.lane.state).toEqual(first.lane.state);
      return next.counted.events;
    };
    await first.lane.keep();
    const lacking = {
      put: snapshots.put,
      get: (row: string, version: number) => (row.endsWith('2') ? null : snapshots.get(row, version)),
    };
    expect(await folded({ snapshots: lacking })).toBe(20);
    expect(await folded({ foldVersion: 2 })).toBe(20);
    const { state, ...from } = snapshots.get(STREAM, 1)!;
    expect(state).toMatchObject({ parts: 8 });
    snapshots.put(STREAM, 1, { ...from, revision: from.revision - 1, state: { seated: 20 } });
    expect(await folded({})).toBe(20);
    snapshots.close();
  });
});
