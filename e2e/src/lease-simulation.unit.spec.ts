import { describe, expect, test } from '@jest/globals';
import { VERBS, type AllocationEvent, type LeaseRecorded } from '@slipway/contracts';
import { seedOf } from '@slipway/event-store/testing';
import { randomFaults } from '@slipway/mesh/testing';
import { explore, type Scenario, type SimulatedMesh } from '@slipway/testing/simulation';
import { LeasePlace, OPERATOR, runAllocator } from './simulation/leases.js';

const STREAM = 'allocation-default';
const ada = { id: 'ada', type: 'user' };

const recorded = (mesh: SimulatedMesh): AllocationEvent[] =>
  mesh.events(STREAM).map(({ type, data }) => ({ type, data }) as unknown as AllocationEvent);
const has = (mesh: SimulatedMesh, type: AllocationEvent['type'], leaseId: string): boolean =>
  recorded(mesh).some((event) => event.type === type && 'leaseId' in event.data && event.data.leaseId === leaseId);

/** Three on a machine that takes two, one on a copy that needs a machine itself; one ends by its time, the others are given back. */
async function play(mesh: SimulatedMesh): Promise<void> {
  const ask = <T>(verb: string, body: object) => mesh.ask<T>('allocator', verb, body, OPERATOR);
  for (const name of ['Machine', 'Copy']) await ask(VERBS.approveBlueprint, { environment: 'default', name, owner: ada });
  const lease = async (type: string, key: string, more: object = {}): Promise<string> => {
    const body = { environment: 'default', type, owner: ada, wait: true, key, ...more };
    return (await ask<LeaseRecorded>(VERBS.askLease, body)).leaseId;
  };
  const copy = await lease('copy', 'a');
  const timed = await lease('machine', 'b', { until: new Date(mesh.clock.now() + 60_000).toISOString() });
  const waiting = await lease('machine', 'c');
  await mesh.when(() => has(mesh, 'LeaseActivated', copy));
  // The machine has one for the copy and one that ends by its time: then the one that waits has it.
  await mesh.when(() => has(mesh, 'LeaseActivated', waiting));
  if (!has(mesh, 'LeaseDestroyed', timed)) throw new Error(`${waiting} was granted while ${timed} was there`);
  for (const leaseId of [waiting, copy]) await ask(VERBS.releaseLease, { leaseId });
  await mesh.when(() => open(recorded(mesh)).size === 0);
}

/** Leases and resources that are not destroyed. */
function open(events: readonly AllocationEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const { type, data } of events) {
    if (type === 'LeaseRequested') ids.add(data.leaseId);
    else if (type === 'ResourceRequested') ids.add(data.resourceId);
    else if (type === 'LeaseDestroyed') ids.delete(data.leaseId);
    else if (type === 'ResourceDestroyed') ids.delete(data.resourceId);
  }
  return ids;
}

/** What must hold of any history, told from the events alone. */
function wrongIn(events: readonly AllocationEvent[]): string[] {
  const wrong: string[] = [];
  const on = new Map<string, Set<string>>();
  const capacity = new Map<string, number>();
  const count = new Map<string, number>();
  let lastToken = 0;
  for (const { type, data } of events) {
    if (type === 'ResourceRequested') capacity.set(data.resourceId, data.capacity);
    if (type === 'LeaseAcquired') {
      if (data.token <= lastToken) wrong.push(`Token ${data.token} follows on ${lastToken}`);
      lastToken = data.token;
      const there = on.get(data.resourceId) ?? new Set();
      on.set(data.resourceId, there.add(data.leaseId));
      if (there.size > capacity.get(data.resourceId)!)
        wrong.push(`${data.resourceId} was granted to ${[...there].join(', ')} at once`);
    }
    if (type === 'LeaseDestroyed' || type === 'LeaseRequeued') for (const there of on.values()) there.delete(data.leaseId);
    if ('leaseId' in data && ['LeaseRequested', 'LeaseReleased', 'LeaseDestroyed'].includes(type)) {
      const key = `${type} ${data.leaseId}`;
      count.set(key, (count.get(key) ?? 0) + 1);
    }
    if (type === 'ResourceFailed' || type === 'ResourceBroken' || type === 'LeaseBroken') wrong.push(`${type}: ${data.reason}`);
  }
  return [
    ...wrong,
    ...[...count].filter(([, times]) => times > 1).map(([what, times]) => `${what} was recorded ${times} times`),
    ...[...open(events)].map((id) => `${id} is left`),
  ];
}

const scenario = (replicas: number): Scenario<LeasePlace> => ({
  name: `leases, ${replicas} replicas`,
  compose(mesh) {
    const place = new LeasePlace();
    for (let replica = 1; replica <= replicas; replica += 1) runAllocator(mesh, `allocator-${replica}`, place);
    return place;
  },
  play,
  wrong: (mesh, place) => [
    ...wrongIn(recorded(mesh)),
    ...place.wrong,
    ...[...place.standing].map((id) => `${id} still stands`),
    ...[...place.out].map((one) => `${one} is still handed out`),
    ...(recorded(mesh).filter(({ type }) => type === 'LeaseRequested').length === 4 ? [] : ['Somebody was asked for twice']),
  ],
});

describe('the allocator that is killed before and after each append, each effect and each answer', () => {
  const seed = seedOf(7);

  test(`leaves nothing, grants nothing twice, and ends every lease (SLIPWAY_SEED=${seed})`, async () => {
    const { points, runs } = await explore(scenario(1), { seed });
    expect(points).toBeGreaterThan(60);
    expect(runs).toBe(process.env['SLIPWAY_POINT'] ? 1 : points);
  }, 120_000);

  test(`also where another replica goes on in its place (SLIPWAY_SEED=${seed})`, async () => {
    await explore(scenario(2), { seed, points: 20, awayMs: 40_000 });
  }, 120_000);

  test(`also when it dies three times, and messages are lost, doubled and late (SLIPWAY_SEED=${seed})`, async () => {
    const faults = randomFaults({ drop: 0.2, double: 0.3, delayMs: 400 });
    await explore({ ...scenario(1), faults }, { seed, points: 20, deaths: 3 });
  }, 120_000);
});
