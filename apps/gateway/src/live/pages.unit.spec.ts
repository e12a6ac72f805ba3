import { describe, expect, it } from '@jest/globals';
import { NO_STREAM, type EventStore, type Position } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { LivePages } from './pages.js';

/** A log of so many events, and how often it was read. */
async function logOf(events: number) {
  const store = new MemoryEventLog().as('orchestrator');
  for (let n = 0; n < events; n++)
    await store.append(`environment-e${n}`, NO_STREAM, [
      {
        id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
        type: 'DispatchPaused',
        data: { reason: 'x'.repeat(100) },
        metadata: { actor: { id: 'a', type: 'user' } },
      },
    ]);
  const reads: (Position | undefined)[] = [];
  const counted: Pick<EventStore, 'readAll'> = {
    readAll: (options) => {
      reads.push(options?.after);
      return store.readAll(options);
    },
  };
  return { store, reads, counted };
}

/** All that somebody gets who begins at the beginning; `resting` before each page. */
async function catchUp(pages: LivePages, resting = async () => {}): Promise<Position[]> {
  const got: Position[] = [];
  for (let position: Position | undefined; ;) {
    await resting();
    const page = await pages.after(position, {});
    got.push(...page.entries.map((entry) => entry.position));
    if (page.entries.length === 0) return got;
    position = page.position;
  }
}

describe('pages', () => {
  it('are read once for all who catch up at the same time', async () => {
    const { store, reads, counted } = await logOf(2_000);
    const pages = new LivePages(counted);
    const all = (await store.readAll({ limit: 5_000 })).events.map(({ position }) => position);
    const rest = () => new Promise<void>((resolve) => setImmediate(resolve));
    for (const got of await Promise.all([catchUp(pages), catchUp(pages, rest), catchUp(pages), catchUp(pages, rest)])) {
      expect(got).toEqual(all);
    }
    // Four full pages; the last one is empty and not kept.
    expect(reads.slice(0, 4)).toEqual([undefined, all[499], all[999], all[1_499]]);
    expect(reads.filter((after) => after !== all.at(-1))).toHaveLength(4);
  });

  it('are bounded: the one that was used longest ago goes first', async () => {
    const { reads, counted } = await logOf(1_500);
    const [page] = [await new LivePages(counted).after(undefined, {})];
    reads.length = 0;
    const size = page.entries.reduce((sum, { json }) => sum + json.length, 0);
    const pages = new LivePages(counted, 2.5 * size);
    const first = await pages.after(undefined, {});
    const second = await pages.after(first.position, {});
    await pages.after(undefined, {});
    await pages.after(second.position, {});
    expect(reads).toHaveLength(3);
    await pages.after(undefined, {});
    expect(reads).toHaveLength(3);
    await pages.after(first.position, {});
    expect(reads).toHaveLength(4);
  });

  it('are another filter’s own, and one that failed or is not full is read again', async () => {
    const { reads, counted, store } = await logOf(10);
    let broken = true;
    const pages = new LivePages({
      readAll: (options) => (broken ? Promise.reject(new Error('away')) : counted.readAll(options)),
    });
    await expect(pages.after(undefined, {})).rejects.toThrow('away');
    broken = false;
    expect((await pages.after(undefined, { types: ['Nothing'] })).entries).toEqual([]);
    expect((await pages.after(undefined, {})).entries).toHaveLength(10);
    await store.append('environment-late', NO_STREAM, [
      {
        id: '00000000-0000-4000-9000-000000000000',
        type: 'DispatchPaused',
        data: {},
        metadata: { actor: { id: 'a', type: 'user' } },
      },
    ]);
    expect((await pages.after(undefined, {})).entries).toHaveLength(11);
    expect(reads).toHaveLength(3);
  });
});
