import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { AllocationEvent } from '@slipway/contracts';
import { evolve } from './evolve.js';
import { fromParts, toParts } from './snapshot.js';
import { initialState, type AllocationState } from './state.js';

/** What a history comes to: status, resource and token of each lease; status and load of each resource; what owners may. */
const outline = ({ leases, resources, blueprints, quotas }: AllocationState) => ({
  leases: Object.fromEntries(
    [...leases.entries()].map(([id, { status, granted }]) => [
      id,
      granted ? `${status} ${granted.resourceId} ${granted.token}` : status,
    ]),
  ),
  resources: Object.fromEntries(
    [...resources.entries()].map(([id, { status, load, capacity }]) => [id, `${status} ${load}/${capacity}`]),
  ),
  approved: Object.fromEntries([...blueprints].map(([name, { approved }]) => [name, [...approved].toSorted()])),
  quotas: Object.fromEntries(quotas),
});

/** Each type of event that there is: one that is added is missing here until a history has it. */
const SEEN: Record<AllocationEvent['type'], true> = {
  BlueprintApproved: true,
  BlueprintChanged: true,
  BlueprintRevoked: true,
  LeaseAcquired: true,
  LeaseActivated: true,
  LeaseBroken: true,
  LeaseDestroyed: true,
  LeaseIrrevocable: true,
  LeaseReleased: true,
  LeaseRenewed: true,
  LeaseRequested: true,
  LeaseRequeued: true,
  QuotaSet: true,
  ResourceBroken: true,
  ResourceChanged: true,
  ResourceCleared: true,
  ResourceClosed: true,
  ResourceDestroyed: true,
  ResourceDraining: true,
  ResourceEntered: true,
  ResourceFailed: true,
  ResourceOpened: true,
  ResourceRequested: true,
  ResourceStuck: true,
  ResourceUpdated: true,
};

describe('streams as they were written', () => {
  const folder = new URL('histories/', import.meta.url);
  const histories = readdirSync(folder).map((file) => {
    const { events, ...outcome } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { events: AllocationEvent[] };
    return { file, events, outcome };
  });

  test.each(histories)('$file is still understood, also from what was kept of it on the way', ({ events, outcome }) => {
    const read = events.reduce(evolve, initialState('default'));
    expect(outline(read)).toEqual(outcome);
    const resumed = events.reduce((state, event) => evolve(fromParts([...toParts(state, 1)]), event), initialState('default'));
    expect(outline(resumed)).toEqual(outcome);
  });

  test('every type of event stands in one of them', () => {
    expect([...new Set(histories.flatMap(({ events }) => events.map(({ type }) => type)))].toSorted()).toEqual(Object.keys(SEEN));
  });
});
