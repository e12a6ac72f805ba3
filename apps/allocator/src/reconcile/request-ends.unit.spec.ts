import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { VirtualClock } from '@slipway/mesh/testing';
import { Allocations } from '../allocation/allocations.js';
import { T0, ada, asking, declared } from '../testing/world.js';
import { RequestEnds } from './request-ends.js';
import { ALLOCATOR } from './system.js';

describe('what is known of requests that hold leases', () => {
  it('goes with the last of these; one that there is not is looked for once', async () => {
    const clock = new VirtualClock(T0);
    const log = new MemoryEventLog({ disk: new MemoryDisk(), clock });
    const orchestrator = log.as('orchestrator');
    const append = (stream: string, revision: number, type: string, data: object) =>
      orchestrator.append(stream, revision, [{ id: randomUUID(), type, data: data as never, metadata: { actor: ALLOCATOR } }]);
    let revision = -2;
    const released = () =>
      append('environment-default', (revision += 1), 'NameReleased', { name: 'other', requestId: 'whoever' });
    let reads = 0;
    const store = log.as('allocator');
    const read = store.read.bind(store);
    store.read = (stream, ...rest) => {
      if (stream.startsWith('request-')) reads += 1;
      return read(stream, ...rest);
    };
    const catalogue = new Map([['RackHost', declared()]]);
    const warn = () => {};
    const allocations = new Allocations({ store, catalogue, ids: randomUUID, clock, warn, recorded: () => {} });
    const decide = (command: object) => allocations.decide('default', { ...command, now: T0 } as never, { actor: ALLOCATOR });
    await decide({ type: 'Approve', blueprint: 'RackHost', owner: ada, actor: ada });
    await append('request-r1', -1, 'RequestAccepted', { environment: 'default', name: 'shop' });
    for (const requestId of ['r1', 'r2']) await decide({ type: 'Ask', ask: asking({ requestId }), wait: true });
    const time = { now: () => T0 } as never;
    const ends = new RequestEnds({ store, allocations, time, clock, warn });
    await ends.start();
    for (let times = 5; times > 0; times -= 1) await released();
    await clock.pass(1_000);
    expect([ends.known, reads]).toEqual([2, 2]);
    for (const [leaseId] of [...allocations.of('default').state.leases.entries()])
      await decide({ type: 'Release', leaseId, actor: ada });
    await released();
    await clock.pass(1_000);
    expect(ends.known).toBe(0);
    await ends.stop();
  });
  it('is heard again after a while in which it could not be, and nothing is said of that any more', async () => {
    const clock = new VirtualClock(T0);
    const log = new MemoryEventLog({ disk: new MemoryDisk(), clock });
    const [store, orchestrator] = [log.as('allocator'), log.as('orchestrator')];
    const append = (stream: string, type: string, data: object) =>
      orchestrator.append(stream, -1, [{ id: randomUUID(), type, data: data as never, metadata: { actor: ALLOCATOR } }]);
    const [catalogue, warn] = [new Map([['RackHost', declared()]]), () => {}];
    const allocations = new Allocations({ store, catalogue, ids: randomUUID, clock, warn, recorded: () => {} });
    const decide = (command: object) => allocations.decide('default', { ...command, now: T0 } as never, { actor: ALLOCATOR });
    await decide({ type: 'Approve', blueprint: 'RackHost', owner: ada, actor: ada });
    await append('request-r1', 'RequestAccepted', { environment: 'default', name: 'shop' });
    await decide({ type: 'Ask', ask: asking({ requestId: 'r1' }), wait: true });
    const ends = new RequestEnds({ store, allocations, time: { now: () => T0 } as never, clock, warn });
    await ends.start();
    const decideThere = allocations.decide.bind(allocations);
    allocations.decide = () => Promise.reject(new SlipwayError('log-unavailable', 'The disk is gone'));
    await append('environment-default', 'NameReleased', { name: 'shop', requestId: 'r1' });
    await clock.pass(1_000);
    expect(ends.problem).toMatch(/not heard just now.*The disk is gone/);
    allocations.decide = decideThere;
    await clock.pass(10_000);
    expect(ends.problem).toBeUndefined();
    expect([...allocations.of('default').state.requests.entries()]).toEqual([]);
    await ends.stop();
  });
});
