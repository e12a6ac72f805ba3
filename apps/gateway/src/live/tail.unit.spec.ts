import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { NO_STREAM, type EventStore } from '@slipway/event-store';
import { LiveTail } from './tail.js';

const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};
let ids = 0;
const append = (store: EventStore, size = 10) =>
  store.append(`environment-e${ids}`, NO_STREAM, [
    {
      id: `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
      type: 'DispatchPaused',
      data: { reason: 'x'.repeat(size) },
      metadata: { actor: { id: 'a', type: 'user' } },
    },
  ]);

describe('the tail', () => {
  it('holds what came since somebody listens (T1), and nothing while nobody does (T2)', async () => {
    const store = new MemoryEventLog().as('orchestrator');
    const { position: first } = await append(store);
    const tail = await LiveTail.open(store);
    expect(tail.after(first)).toEqual([]);
    const { position: unheard } = await append(store);
    await turns();
    expect(tail.position).toBe(unheard);
    expect(tail.after(first)).toBeNull();

    let calls = 0;
    const stop = tail.onAdvance(() => calls++);
    const { position: second } = await append(store);
    const { position: third } = await append(store);
    await turns();
    expect(calls).toBeGreaterThan(0);
    expect(tail.after(unheard)!.map(({ event }) => event.position)).toEqual([second, third]);
    expect(tail.after(second)!.map(({ event }) => event.position)).toEqual([third]);
    expect(tail.after(third)).toEqual([]);
    stop();
    expect(tail.after(second)).toBeNull();
    await tail.stop();
  });

  it('is bounded: what no longer fits is in the log only', async () => {
    const store = new MemoryEventLog().as('orchestrator');
    const tail = await LiveTail.open(store, 10_000);
    tail.onAdvance(() => {});
    const { position: start } = await append(store);
    for (let n = 0; n < 50; n++) await append(store, 1_000);
    await turns();
    expect(tail.after(start)).toBeNull();
    const last = (await store.readAll()).events.slice(-5);
    expect(tail.after(last[0]!.position)!.map(({ event }) => event.id)).toEqual(last.slice(1).map(({ id }) => id));
    await tail.stop();
  });
});
