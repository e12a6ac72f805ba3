import { describe, expect, it } from '@jest/globals';
import type { AllocationEvent, LeaseAsk } from '@slipway/contracts';
import { foldRows } from '@slipway/event-store/read-models';
import { leasedResources } from './leased-resources.js';
import { leases } from './leases.js';
import { quotas } from './quotas.js';
import { positionOf, recorded, secondOf } from './testing/recorded.js';

const ada = { id: 'ada', type: 'user' as const };
const operator = { id: 'operator', type: 'user' as const };
const T0 = Date.parse('2030-01-01T00:00:00.000Z');
const at = (second: number) => T0 + second * 1000;

const asked = (number: number, over: Partial<LeaseAsk> = {}): AllocationEvent => ({
  type: 'LeaseRequested',
  data: {
    ...{ leaseId: `default.lease-${number}`, type: 'host', owner: ada, actor: operator, attributes: {}, at: at(number) },
    ...{ amount: 1, slots: [], priority: 0, replace: false, ...over },
  },
});
const made: AllocationEvent = {
  type: 'ResourceRequested',
  data: {
    ...{ resourceId: 'default.host-9', type: 'host', name: 'host-9', blueprint: 'LocalHost', manual: false, location: 'local' },
    ...{ attributes: { memory: 2 }, capacity: 4, needs: { place: 'default.lease-8' }, at: at(1) },
  },
};
const opened: AllocationEvent = {
  type: 'ResourceOpened',
  data: { resourceId: 'default.host-9', outputs: { path: '/h' }, at: at(2) },
};
const of = (number: number) => ({ leaseId: `default.lease-${number}`, at: at(3) });
const acquired = (number: number, token = number): AllocationEvent => ({
  type: 'LeaseAcquired',
  data: { ...of(number), resourceId: 'default.host-9', token, until: at(60), latest: at(90) },
});
const active = (number: number): AllocationEvent => ({ type: 'LeaseActivated', data: of(number) });
const released = (number: number): AllocationEvent => ({
  type: 'LeaseReleased',
  data: { ...of(number), because: 'reclaim', reason: 'The rack is moved', actor: operator },
});
const destroyed = (number: number): AllocationEvent => ({ type: 'LeaseDestroyed', data: of(number) });

const told = (events: AllocationEvent[]) => recorded(events.map(({ type, data }) => ['allocation-default', type, data]));
const leaseOf = (...events: AllocationEvent[]) => foldRows(leases, told(events)).get('default.lease-1');
const resourceOf = (...events: AllocationEvent[]) => foldRows(leasedResources, told(events)).get('default.host-9');

describe('a lease', () => {
  it('is what was asked for, until it has a resource, and can be used', () => {
    const wanted = { attributes: { memory: 2 }, slots: ['port/8080'], until: at(60), latest: at(90), waitUntil: at(30) };
    expect(leaseOf(asked(1, { ...wanted, resourceId: 'default.host-9', key: { id: 'k', body: 'b' } }))).toEqual({
      ...{ id: 'default.lease-1', environment: 'default', type: 'host', status: 'pending', owner: ada, actor: operator },
      ...{ attributes: { memory: 2 }, amount: 1, slots: ['port/8080'], priority: 0, replace: false },
      ...{ wantedResourceId: 'default.host-9', until: '2030-01-01T00:01:00.000Z', latest: '2030-01-01T00:01:30.000Z' },
      ...{ waitUntil: '2030-01-01T00:00:30.000Z', createdAt: secondOf(1), updatedAt: secondOf(1), position: positionOf(1) },
    });
    expect(leaseOf(asked(1), made, acquired(1, 7), opened, active(1))).toMatchObject({
      ...{ status: 'active', resourceId: 'default.host-9', token: 7, acquiredAt: secondOf(3), activeAt: secondOf(3) },
      ...{ until: '2030-01-01T00:01:00.000Z', latest: '2030-01-01T00:01:30.000Z' },
      ...{ updatedAt: secondOf(5), position: positionOf(5) },
    });
  });

  it('is renewed, and ends for a reason, by somebody', () => {
    const renewed: AllocationEvent = {
      type: 'LeaseRenewed',
      data: { ...of(1), from: at(60), until: at(70), actor: operator },
    };
    expect(leaseOf(asked(1, { until: at(60) }), renewed)).toMatchObject({ until: '2030-01-01T00:01:10.000Z' });
    expect(leaseOf(asked(1), released(1))).toMatchObject({
      status: 'released',
      end: { because: 'reclaim', at: secondOf(3), reason: 'The rack is moved', by: operator },
    });
    expect(leaseOf(asked(1), released(1), destroyed(1))).toMatchObject({ status: 'destroyed' });
  });

  it('whose resource broke is told why, or waits again and has nothing', () => {
    const broken: AllocationEvent = { type: 'LeaseBroken', data: { ...of(1), reason: 'host-9 broke' } };
    expect(leaseOf(asked(1), made, acquired(1), broken)).toMatchObject({ status: 'broken', reason: 'host-9 broke', token: 1 });
    const requeued: AllocationEvent = { type: 'LeaseRequeued', data: { ...of(1), reason: 'host-9 broke' } };
    const waiting = leaseOf(asked(1), made, acquired(1), active(1), requeued)!;
    expect(waiting).toMatchObject({ status: 'pending', reason: 'host-9 broke' });
    expect([waiting.resourceId, waiting.token, waiting.acquiredAt, waiting.activeAt]).toEqual(Array(4).fill(undefined));
    expect(leaseOf(asked(1), made, acquired(1), requeued, acquired(1, 9))).toMatchObject({ status: 'acquired', token: 9 });
  });

  it('that cannot be taken back says so, and who has said that it is over', () => {
    const stuck: AllocationEvent = {
      type: 'LeaseIrrevocable',
      data: { ...of(1), reason: 'host-9 does not answer', tries: 2, retryAt: at(20) },
    };
    const irrevocable = { reason: 'host-9 does not answer', tries: 2, retryAt: secondOf(20) };
    expect(leaseOf(asked(1), released(1), stuck)).toMatchObject({ status: 'released', irrevocable });
    const forced: AllocationEvent = {
      type: 'LeaseDestroyed',
      data: { ...of(1), forced: { actor: operator, reason: 'It was sold' } },
    };
    const over = leaseOf(asked(1), released(1), stuck, forced)!;
    expect(over).toMatchObject({ status: 'destroyed', forced: { by: operator, reason: 'It was sold' } });
    expect(over.irrevocable).toBeUndefined();
  });
});

describe('a leased resource', () => {
  it('is being made, then open, with what it holds itself', () => {
    expect(resourceOf(made)).toEqual({
      ...{
        id: 'default.host-9',
        environment: 'default',
        type: 'host',
        name: 'host-9',
        status: 'pending',
        blueprint: 'LocalHost',
      },
      ...{ manual: false, location: 'local', attributes: { memory: 2 }, capacity: 4, load: 0, slots: [] },
      ...{ needs: { place: 'default.lease-8' }, createdAt: secondOf(1), updatedAt: secondOf(1), position: positionOf(1) },
    });
    expect(resourceOf(made, opened)).toMatchObject({ status: 'open', outputs: { path: '/h' } });
  });

  it('knows how much of it is leased, and who has which lock, until that was taken back', () => {
    const first = [asked(1, { amount: 2, slots: ['port/8080'] }), asked(2), made, acquired(1), acquired(2)];
    expect(resourceOf(...first)).toMatchObject({ load: 3, slots: [{ name: 'port/8080', leaseId: 'default.lease-1' }] });
    expect(resourceOf(...first, released(1))).toMatchObject({ load: 3, slots: [{ leaseId: 'default.lease-1' }] });
    expect(resourceOf(...first, released(1), destroyed(1))).toMatchObject({ load: 1, slots: [] });
    const requeued: AllocationEvent = { type: 'LeaseRequeued', data: { ...of(1), reason: 'broke' } };
    const again = [...first, requeued];
    expect(resourceOf(...again)).toMatchObject({ load: 1, slots: [] });
    // What waits again has given back already.
    expect(resourceOf(...again, destroyed(1))).toMatchObject({ load: 1 });
    expect(resourceOf(...again, acquired(1, 9))).toMatchObject({ load: 3, slots: [{ leaseId: 'default.lease-1' }] });
  });

  it('that was entered by hand is open at once, is changed, drains, and goes', () => {
    const { needs: _needs, ...facts } = (made as Extract<AllocationEvent, { type: 'ResourceRequested' }>).data;
    const entered: AllocationEvent = {
      type: 'ResourceEntered',
      data: { ...facts, name: 'rack-a', manual: true, owner: ada, actor: operator },
    };
    const on = { resourceId: 'default.host-9', at: at(4) };
    expect(resourceOf(entered)).toMatchObject({ status: 'open', manual: true, name: 'rack-a', owner: ada, needs: {} });
    const changed: AllocationEvent = { type: 'ResourceChanged', data: { ...on, attributes: { memory: 8 }, capacity: 2 } };
    expect(resourceOf(entered, changed)).toMatchObject({ attributes: { memory: 8 }, capacity: 2 });
    expect(resourceOf(entered, changed)!.behind).toBeUndefined();
    expect(resourceOf(made, opened, changed)).toMatchObject({ attributes: { memory: 8 }, behind: true });
    const updated: AllocationEvent = { type: 'ResourceUpdated', data: { ...on, attributes: { memory: 8 } } };
    expect(resourceOf(made, opened, changed, updated)!.behind).toBeUndefined();
    const moved: AllocationEvent = { ...updated, data: { ...updated.data, outputs: { path: '/i' } } } as AllocationEvent;
    expect([updated, moved].map((one) => resourceOf(made, opened, changed, one)!.outputs)).toEqual([
      { path: '/h' },
      { path: '/i' },
    ]);
    const broken: AllocationEvent = { type: 'ResourceBroken', data: { ...on, reason: 'no answer' } };
    expect(resourceOf(entered, broken)).toMatchObject({ status: 'broken', reason: 'no answer' });
    expect(resourceOf(entered, broken, opened)!.reason).toBeUndefined();
    const draining: AllocationEvent = { type: 'ResourceDraining', data: { ...on, reason: 'moved' } };
    const gone: AllocationEvent = { type: 'ResourceDestroyed', data: on };
    expect(resourceOf(entered, draining)).toMatchObject({ status: 'draining', reason: 'moved' });
    expect(resourceOf(entered, broken, draining)).toMatchObject({ status: 'broken', reason: 'moved' });
    expect(resourceOf(entered, draining, gone)).toMatchObject({ status: 'destroyed', reason: 'moved' });
  });

  it('that cannot be changed or destroyed says so, and who has said that it is gone', () => {
    const on = { resourceId: 'default.host-9', at: at(4) };
    const stuckAt = (what: 'update' | 'destroy'): AllocationEvent => ({
      type: 'ResourceStuck',
      data: { ...on, what, reason: 'no answer', tries: 3, retryAt: at(20) },
    });
    const stuck = { reason: 'no answer', tries: 3, retryAt: secondOf(20) };
    const changed = (memory: number): AllocationEvent => ({
      type: 'ResourceChanged',
      data: { ...on, attributes: { memory }, capacity: 4 },
    });
    const updated: AllocationEvent = { type: 'ResourceUpdated', data: { ...on, attributes: { memory: 8 } } };
    const behind = [made, opened, changed(8), stuckAt('update')];
    expect(resourceOf(...behind)).toMatchObject({ behind: true, stuck: { what: 'update', ...stuck } });
    for (const next of [changed(4), updated]) expect(resourceOf(...behind, next)!.stuck).toBeUndefined();
    const closed: AllocationEvent = { type: 'ResourceClosed', data: { ...on, reason: 'idle' } };
    expect(resourceOf(...behind, closed)!.stuck).toBeUndefined();
    const forced: AllocationEvent = {
      type: 'ResourceDestroyed',
      data: { ...on, forced: { actor: operator, reason: 'It was sold' } },
    };
    const hangs = [made, opened, closed, stuckAt('destroy')];
    expect(resourceOf(...hangs, { type: 'ResourceDestroyed', data: on })!.stuck).toBeUndefined();
    expect(resourceOf(...hangs, forced)).toMatchObject({
      ...{ status: 'destroyed', stuck: { what: 'destroy', ...stuck } },
      forced: { by: operator, reason: 'It was sold' },
    });
  });

  it('that broke says what was left on it, until that was taken back; what was only to be made has nothing on it', () => {
    const on = { resourceId: 'default.host-9', at: at(4) };
    const requeued: AllocationEvent = { type: 'LeaseRequeued', data: { ...of(1), reason: 'host-9 broke' } };
    const broken: AllocationEvent = { type: 'ResourceBroken', data: { ...on, reason: 'no answer' } };
    const left = [asked(1), made, opened, acquired(1, 7), broken, requeued];
    expect(resourceOf(...left)).toMatchObject({ load: 0, remains: [{ leaseId: 'default.lease-1', token: 7, owner: ada }] });
    for (const next of [opened, { type: 'ResourceCleared', data: on }, { type: 'ResourceDestroyed', data: on }] as const)
      expect(resourceOf(...left, next)!.remains).toBeUndefined();
    const forced = { type: 'ResourceDestroyed', data: { ...on, forced: { actor: operator, reason: 'sold' } } } as const;
    expect(resourceOf(...left, forced)).toMatchObject({ status: 'destroyed', remains: [{ token: 7 }] });
    const failed: AllocationEvent = {
      type: 'ResourceFailed',
      data: { ...on, reason: 'disk full', failures: 1, retryAt: at(9) },
    };
    expect(resourceOf(asked(1), made, acquired(1), failed, requeued)!.remains).toBeUndefined();
  });

  it('that could not be made is given back, with the reason', () => {
    const failed: AllocationEvent = {
      type: 'ResourceFailed',
      data: { resourceId: 'default.host-9', reason: 'disk full', failures: 1, retryAt: at(9), at: at(2) },
    };
    expect(resourceOf(made, failed)).toMatchObject({ status: 'closed', reason: 'disk full' });
  });
});

describe('a quota', () => {
  it('is the last that was said, of a type or of all, until it is said that there is none', () => {
    const set = (most: number | null, leaseType?: string): AllocationEvent => ({
      type: 'QuotaSet',
      data: { owner: ada, most, ...(leaseType && { leaseType }), actor: operator, at: at(1) },
    });
    const rows = (...events: AllocationEvent[]) => [...foldRows(quotas, told(events)).values()];
    expect(rows(set(3, 'host'), set(5), set(2, 'host'))).toMatchObject([
      { id: 'default.user/ada.host', type: 'host', most: 2, owner: ada, actor: operator, setAt: secondOf(1) },
      { id: 'default.user/ada.*', most: 5 },
    ]);
    expect(rows(set(3, 'host'), set(null, 'host'))).toEqual([]);
  });
});
