import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { DatabaseSync } from 'node:sqlite';
import type { Decider } from './decider.js';
import { foldStream } from './fold.js';
import { handle } from './handle.js';
import { SnapshotCache } from './snapshot-cache.js';
import { given, MemoryEventLog } from './testing/index.js';
import { newEvent, refusal } from './testing/contract-setting.js';

type Event = { type: 'Put'; data: { amount: number } } | { type: 'Taken'; data: { amount: number } };
type Command = { put: number } | { take: number };
interface Jar {
  amount: number;
  folded: number;
}

/** A jar of coins. */
const jar: Decider<Jar, Command, Event> = {
  initialState: () => ({ amount: 0, folded: 0 }),
  decide(state, command) {
    if ('put' in command) return command.put === 0 ? [] : [{ type: 'Put', data: { amount: command.put } }];
    if (command.take > state.amount) throw new SlipwayError('not-possible', `There are only ${state.amount}`);
    return [{ type: 'Taken', data: { amount: command.take } }];
  },
  evolve: (state, event) => ({
    amount: state.amount + (event.type === 'Put' ? event.data.amount : -event.data.amount),
    folded: state.folded + 1,
  }),
};
const metadata = { actor: { id: 'ada', type: 'user' as const }, requestId: 'r' };

describe('given, when, then', () => {
  it('says what a command decides, refuses, and leads to', () => {
    given(jar, [{ type: 'Put', data: { amount: 3 } }])
      .when({ take: 2 })
      .then([{ type: 'Taken', data: { amount: 2 } }]);
    given(jar).when({ put: 0 }).then([]);
    given(jar).when({ put: 2 }, { take: 1 }).thenState({ amount: 1, folded: 2 });
    given(jar).when({ put: 2 }, { take: 3 }).thenRefuses('not-possible');
  });

  it('fails when it is not so', () => {
    expect(() => given(jar).when({ put: 1 }).then([])).toThrow();
    expect(() => given(jar).when({ put: 1 }).thenState({ amount: 2, folded: 1 })).toThrow();
    expect(() => given(jar).when({ put: 1 }).thenRefuses('not-possible')).toThrow('but it decided');
    expect(() => given(jar).when({ take: 1 }).thenRefuses('gone')).toThrow();
  });
});

describe('handle', () => {
  it('reads, folds, decides and appends', async () => {
    const store = new MemoryEventLog().as('orchestrator');
    await handle(store, jar, 'request-1', { put: 5 }, { metadata });
    const handled = await handle(store, jar, 'request-1', { take: 2 }, { metadata });
    expect(handled).toEqual({
      state: { amount: 3, folded: 2 },
      events: [{ type: 'Taken', data: { amount: 2 } }],
      revision: 1,
      position: await store.head(),
    });
    expect((await store.read('request-1')).map((event) => event.metadata)).toEqual([metadata, metadata]);
  });

  it('appends nothing when nothing needs to be recorded, and passes on what decide throws', async () => {
    const store = new MemoryEventLog().as('orchestrator');
    expect(await handle(store, jar, 'request-1', { put: 0 }, { metadata })).toEqual({
      state: { amount: 0, folded: 0 },
      events: [],
      revision: -1,
      position: null,
    });
    expect(await refusal(handle(store, jar, 'request-1', { take: 1 }, { metadata }))).toMatchObject({ code: 'not-possible' });
    expect(await store.read('request-1')).toEqual([]);
  });

  it('decides anew when somebody else came first: no lost update among many', async () => {
    const store = new MemoryEventLog().as('orchestrator');
    await handle(store, jar, 'request-1', { put: 10 }, { metadata });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => handle(store, jar, 'request-1', { take: 1 }, { metadata, tries: 100 })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    expect((await foldStream(store, jar, 'request-1')).state.amount).toBe(0);
  });

  it('gives up after so many tries', async () => {
    let tries = 0;
    const log = new MemoryEventLog({
      async onAppend({ when, stream }) {
        if (when === 'after' || stream !== 'request-1') return;
        tries += 1;
        const { revision } = await foldStream(rival, jar, 'request-1');
        await new MemoryEventLog({ disk: log.disk })
          .as('orchestrator')
          .append('request-1', revision, [newEvent('Put', { amount: 1 })]);
      },
    });
    const rival = log.as(null);
    expect(await refusal(handle(log.as('orchestrator'), jar, 'request-1', { put: 5 }, { metadata, tries: 4 }))).toMatchObject({
      code: 'wrong-revision',
    });
    expect(tries).toBe(4);
  });
});

describe('the snapshot cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-cache-'));
  const file = join(folder, 'cache.sqlite');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('saves the fold of what was folded before, and is never more than a cache', async () => {
    const log = new MemoryEventLog();
    const store = log.as('orchestrator');
    let cache = new SnapshotCache(file, 3);
    const reads: number[] = [];
    const counted = {
      read(...asked: Parameters<typeof store.read>) {
        reads.push(asked[1]?.from ?? 0);
        return store.read(...asked);
      },
    };
    const fold = (foldVersion = 1) => foldStream(counted, jar, 'request-1', { cache, foldVersion });

    await store.append(
      'request-1',
      -1,
      Array.from({ length: 5 }, () => newEvent('Put', { amount: 1 })),
    );
    const first = await fold();
    expect(first).toMatchObject({ state: { amount: 5, folded: 5 }, revision: 4, position: await store.head() });
    expect(await fold()).toEqual(first);
    expect(reads).toEqual([0, 4]);

    await store.append('request-1', 4, [newEvent('Put', { amount: 1 })]);
    expect((await fold()).state).toEqual({ amount: 6, folded: 6 });
    expect(reads.at(-1)).toBe(4);

    expect((await fold(2)).state).toEqual({ amount: 6, folded: 6 });
    expect(reads.at(-1)).toBe(0);

    cache.close();
    const db = new DatabaseSync(file);
    db.exec(`UPDATE snapshots SET state = replace(state, '6', '9')`);
    db.close();
    cache = new SnapshotCache(file, 3);
    expect((await fold(2)).state).toEqual({ amount: 6, folded: 6 });

    log.disk.restore(2, 0);
    await store.append(
      'request-1',
      1,
      Array.from({ length: 4 }, () => newEvent('Taken', { amount: 0 })),
    );
    expect((await fold(2)).state).toEqual({ amount: 2, folded: 6 });
    cache.close();
  });
});
