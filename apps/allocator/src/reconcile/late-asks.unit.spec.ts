import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { OPERATOR, Running, blueprint } from '../testing/running.js';

describe('a lease', () => {
  let world: Running;
  let orchestrator: EventStore;
  beforeEach(() => {
    world = new Running();
    orchestrator = new MemoryEventLog({ disk: world.disk, clock: world.clock }).as('orchestrator');
  });
  afterEach(() => world.stop());

  const append = (stream: string, revision: number, type: string, data: object) =>
    orchestrator.append(stream, revision, [{ id: randomUUID(), type, data: data as never, metadata: OPERATOR }]);
  const accept = (requestId: string, name: string) =>
    append(`request-${requestId}`, -1, 'RequestAccepted', { job: 'provision', environment: 'default', name, body: {} });
  const release = (revision: number, name: string) =>
    append('environment-default', revision, 'NameReleased', { name, requestId: 'whoever' });

  test('that is asked for when its request has ended already ends at once, and that of one that goes on does not', async () => {
    const allocator = await world.start([blueprint()]);
    // What had the name before is of no interest.
    await release(-1, 'blog');
    await accept('r1', 'shop');
    await accept('r2', 'blog');
    await release(0, 'shop');
    await world.clock.pass(1_000);
    const late = await world.ask(allocator, { requestId: 'r1' });
    const going = await world.ask(allocator, { requestId: 'r2' });
    await world.until(allocator, late, 'destroyed');
    await world.until(allocator, going, 'active');
    await world.clock.pass(10_000);
    expect(world.events('LeaseReleased')).toMatchObject([{ leaseId: late, because: 'request-ended' }]);
  });

  test('whose request cannot be looked at for a while ends afterwards', async () => {
    let isAway = false;
    const store = new MemoryEventLog({ disk: world.disk, clock: world.clock }).as('allocator');
    const readAll = store.readAll.bind(store);
    store.readAll = async (options) => {
      if (isAway) throw new SlipwayError('log-unavailable', 'The disk is gone');
      return readAll(options);
    };
    const allocator = await world.start([blueprint()], { store });
    await accept('r1', 'shop');
    await release(-1, 'shop');
    await world.clock.pass(1_000);
    isAway = true;
    const late = await world.ask(allocator, { requestId: 'r1' });
    await world.until(allocator, late, 'active');
    isAway = false;
    await world.until(allocator, late, 'destroyed');
  });

  test('for a request that nobody accepted is refused', async () => {
    const allocator = await world.start([blueprint()]);
    await expect(world.ask(allocator, { requestId: 'nobody' })).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no request nobody',
    });
    expect(world.events('LeaseRequested')).toEqual([]);
  });
});
