import { describe, expect, it } from '@jest/globals';
import { newEvent, refusal } from './contract-setting.js';
import { MemoryDisk, MemoryEventLog, type AppendPoint } from './index.js';

describe('the log for simulations', () => {
  it('lets a process die before and after each append', async () => {
    const disk = new MemoryDisk();
    const points: AppendPoint[] = [];
    let dieAt: AppendPoint['when'] | undefined;
    const open = () =>
      new MemoryEventLog({
        disk,
        onAppend(point) {
          points.push(point);
          if (point.when === dieAt) throw new Error('killed');
        },
      }).as('orchestrator');
    const event = newEvent();
    dieAt = 'before';
    await expect(open().append('request-1', -1, [event])).rejects.toThrow('killed');
    expect(disk.events).toEqual([]);
    dieAt = 'after';
    await expect(open().append('request-1', -1, [event])).rejects.toThrow('killed');
    expect(disk.events).toHaveLength(1);
    dieAt = undefined;
    expect((await open().append('request-1', -1, [event])).repeated).toBe(true);
    expect(points.map((point) => point.when)).toEqual(['before', 'before', 'after', 'before', 'after']);
    expect(points[0]).toEqual({ when: 'before', stream: 'request-1', expected: -1, types: ['Happened'] });
  });

  it('forgets what came after a backup, and says so to those who were further', async () => {
    const disk = new MemoryDisk();
    const store = new MemoryEventLog({ disk }).as('orchestrator');
    const kept = await store.append('request-1', -1, [newEvent(), newEvent()]);
    const late = await store.append('request-1', 1, [newEvent()]);
    disk.restore(2, 0);
    expect(await refusal(store.readAll({ after: late.position }))).toMatchObject({ code: 'gone' });
    expect((await store.readAll({ after: kept.position })).end).toBe(true);
    expect((await store.append('request-1', 1, [newEvent()])).position > late.position).toBe(true);
  });
});
