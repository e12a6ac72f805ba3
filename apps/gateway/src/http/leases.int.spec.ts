import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import type { LeaseView, LeasedResourceView, Page, Problem, QuotaView } from '@slipway/contracts/http';
import { FakeAllocator } from '../testing/fake-allocator.js';
import { GatewayPlace } from '../testing/gateway-place.js';

let place: GatewayPlace;
let allocator: FakeAllocator;
beforeEach(async () => {
  place = await GatewayPlace.open();
  allocator = new FakeAllocator(place);
});
afterEach(() => place.close());

const standing = { leaseId: 'default.lease-1', status: 'pending', place: 2, reasons: ['LocalHost: host-2 has 0 of 1 free'] };
const host = {
  ...{ resourceId: 'default.host-9', type: 'host', name: 'host-9', blueprint: 'LocalHost', manual: false, location: 'local' },
  ...{ attributes: {}, capacity: 1 },
};
const granted = async () => {
  await allocator.record('default', 'ResourceRequested', host);
  await allocator.record('default', 'LeaseAcquired', { leaseId: 'default.lease-1', resourceId: 'default.host-9', token: 4 });
  return allocator.record('default', 'LeaseActivated', { leaseId: 'default.lease-1' });
};
const refused = async (method: string, path: string, body?: unknown): Promise<[number, string, string[]]> => {
  const response = await place.call(method, path, { body });
  const { code, fields = [] } = (await response.json()) as Problem;
  return [response.status, code, fields.map(({ field }) => field)];
};

describe('a lease', () => {
  it('is asked of the allocator, for the caller unless somebody else is named, and is 202 with where to look', async () => {
    const asked = await place.call('POST', '/leases', {
      body: { type: 'host', attributes: { memory: 4 }, slots: ['port/8080'], until: '2030-01-01T00:00:00Z' },
      headers: { 'Idempotency-Key': 'one' },
    });
    expect([asked.status, asked.headers.get('Location')]).toEqual([202, '/api/v1/leases/default.lease-1']);
    expect(await asked.json()).toEqual({ leaseId: 'default.lease-1', position: asked.headers.get('Slipway-Position') });
    await place.call('POST', '/leases', {
      body: { type: 'host', ownerId: 'team-a', ownerType: 'team', environment: 'blue', wait: false },
    });
    const operator = { id: 'operator', type: 'user' };
    const wanted = { type: 'host', attributes: { memory: 4 }, slots: ['port/8080'], until: '2030-01-01T00:00:00Z' };
    expect(allocator.asked).toEqual([
      ['ask-lease', { ...wanted, environment: 'default', owner: operator, wait: true, key: 'one' }, 'operator'],
      [
        'ask-lease',
        {
          type: 'host',
          environment: 'blue',
          owner: { id: 'team-a', type: 'team' },
          wait: false,
          key: expect.stringMatching(/.{36}/),
        },
        'operator',
      ],
    ]);
  });

  it('just asked for is never 404, and shows its place, what it waits for and an estimate while it waits', async () => {
    allocator.answers('leaseStanding', () => ({ ...standing, estimate: '2030-01-01T00:00:00.000Z' }));
    const { leaseId } = await place.json<{ leaseId: string }>('POST', '/leases', { body: { type: 'host' } });
    expect(await place.json('GET', `/leases/${leaseId}`)).toMatchObject({
      ...{ id: leaseId, status: 'pending', owner: { id: 'operator' } },
      standing: { status: 'pending', place: 2, reasons: standing.reasons, estimate: '2030-01-01T00:00:00.000Z' },
    });
    expect(await place.json('GET', '/leases/lease-1')).toMatchObject({ id: leaseId });
    expect(await refused('GET', '/leases/default.lease-99')).toEqual([404, 'not-found', []]);
    expect(await refused('GET', '/leases/shop')).toEqual([400, 'bad-input', ['id']]);
  });

  it('is shown without its place where the allocator is away, and where it is active or one looks back', async () => {
    const before = await place.json<{ position: string }>('POST', '/leases', { body: { type: 'host' } });
    const view = await place.json<LeaseView>('GET', '/leases/default.lease-1');
    expect([view.status, view.standing]).toEqual(['pending', undefined]);
    allocator.answers('leaseStanding', () => standing);
    const headers = { 'Slipway-At-Least': await granted() };
    const active = await place.json<LeaseView>('GET', '/leases/default.lease-1', { headers });
    expect(active).toMatchObject({ status: 'active', resourceId: 'default.host-9', token: 4 });
    expect(active.standing).toBeUndefined();
    const then = await place.json<LeaseView>('GET', `/leases/default.lease-1?asOf=${before.position}`);
    expect([then.status, then.standing]).toEqual(['pending', undefined]);
  });

  it('is listed by what it is, without those that are over', async () => {
    for (const type of ['host', 'database', 'host']) await place.json('POST', '/leases', { body: { type } });
    const position = await allocator.record('default', 'LeaseDestroyed', { leaseId: 'default.lease-3' });
    const ids = async (query: string) =>
      (await place.json<Page<LeaseView>>('GET', `/leases?${query}`, { headers: { 'Slipway-At-Least': position } })).items.map(
        ({ id }) => id,
      );
    expect(await ids('sort=id')).toEqual(['default.lease-1', 'default.lease-2']);
    expect(await ids('type=host&sort=id')).toEqual(['default.lease-1']);
    expect(await ids('status=destroyed')).toEqual(['default.lease-3']);
    expect(await refused('GET', '/leases?status=gone')).toEqual([400, 'bad-input', ['status']]);
  });

  it.each<[string, object | undefined, string, object]>([
    ['renew', { until: '2030-01-01T00:00:00Z' }, 'renew-lease', { leaseId: 'default.lease-1', until: '2030-01-01T00:00:00Z' }],
    ['release', undefined, 'release-lease', { leaseId: 'default.lease-1' }],
    ['release', { reason: 'done' }, 'release-lease', { leaseId: 'default.lease-1', reason: 'done' }],
    ['reclaim', { reason: 'moved' }, 'reclaim-leases', { environment: 'default', leaseId: 'default.lease-1', reason: 'moved' }],
    ['force', { reason: 'sold' }, 'force-lease', { leaseId: 'default.lease-1', reason: 'sold' }],
  ])('is told to %s %j', async (action, body, verb, command) => {
    const answer = await place.call('POST', `/leases/lease-1/${action}`, { body });
    expect([answer.status, answer.headers.get('Location'), answer.headers.get('Slipway-Position'), await answer.json()]).toEqual([
      ...[202, '/api/v1/leases/default.lease-1', 'log.1.7'],
      { leaseId: 'default.lease-1', position: 'log.1.7' },
    ]);
    expect(allocator.asked).toEqual([[verb, command, 'operator']]);
  });

  it('is reclaimed with all others of an owner, or with an attribute; never all of them at once', async () => {
    const body = { ownerId: 'ada', attributes: { project: 'apollo' }, reason: 'over' };
    expect(await place.json('POST', '/leases/reclaim', { body })).toEqual({
      leaseIds: ['default.lease-1', 'default.lease-2'],
      position: 'log.1.7',
    });
    const of = { owner: { id: 'ada', type: 'user' }, attributes: { project: 'apollo' } };
    expect(allocator.asked).toEqual([['reclaim-leases', { environment: 'default', ...of, reason: 'over' }, 'operator']]);
    expect(await refused('POST', '/leases/reclaim', { reason: 'over' })).toEqual([400, 'bad-input', ['ownerId']]);
    expect(await refused('POST', '/leases/reclaim', { attributes: {}, reason: 'over' })).toEqual([400, 'bad-input', ['ownerId']]);
  });

  it('that makes no sense is refused by the field, as is all else, and nobody is asked', async () => {
    const wrong: [string, string, unknown, string[]][] = [
      ['POST', '/leases', { attributes: {} }, ['type']],
      ['POST', '/leases', { type: 'Host' }, ['type']],
      ['POST', '/leases', { type: 'host', until: 'tomorrow' }, ['until']],
      ['POST', '/leases', { type: 'host', slots: ['a b'], amount: 0 }, ['amount', 'slots']],
      ['POST', '/leases', { type: 'host', ownerType: 'team' }, ['ownerId']],
      ['POST', '/leases', { type: 'host', colour: 'red' }, ['colour']],
      ['POST', '/leases/lease-1/renew', {}, ['until']],
      ['POST', '/leases/lease-1/reclaim', { reason: '' }, ['reason']],
      ['POST', '/leases/lease-1/force', {}, ['reason']],
      ['POST', '/leases/x.y.z/release', undefined, ['id']],
      ['POST', '/resources', { name: 'rack-a' }, ['blueprint']],
      ['PATCH', '/resources/host-9', {}, ['']],
      ['PATCH', '/resources/host-9', { capacity: 0 }, ['capacity']],
      ['DELETE', '/resources/host', undefined, ['id']],
      ['PATCH', '/blueprints/LocalHost', { limits: {} }, ['limits']],
      ['PATCH', '/blueprints/LocalHost', { limits: { resources: -1 } }, ['limits.resources']],
      ['POST', '/blueprints/LocalHost/approve', {}, ['ownerId']],
      ['PUT', '/quotas', { ownerId: 'ada' }, ['most']],
      ['PUT', '/quotas', { ownerId: 'ada', most: '3' }, ['most']],
    ];
    for (const [method, path, body, fields] of wrong) {
      const [status, code, named] = await refused(method, path, body);
      expect([method, path, body, status, code, [...new Set(named)].toSorted()]).toEqual([
        ...[method, path, body, 400, 'bad-input'],
        fields,
      ]);
    }
    expect(allocator.asked).toEqual([]);
  });

  it('that is refused says why, which of all reasons, and when to come again', async () => {
    const refusals = [
      ['no-blueprint', 422],
      ['lease-impossible', 422],
      ['lease-unavailable', 409],
      ['quota-exceeded', 409],
      ['forbidden', 403],
      ['key-reused', 422],
    ] as const;
    const details = { reasons: ['RackHost has memory from 1 to 8'] };
    for (const [code, status] of refusals) {
      allocator.refuses('askLease', new SlipwayError(code, 'No host can be like that', details));
      const response = await place.call('POST', '/leases', { body: { type: 'host' } });
      const said = [response.status, await response.json(), response.headers.get('Retry-After')];
      expect(said).toMatchObject([
        status,
        { code, detail: 'No host can be like that', details },
        code === 'lease-unavailable' ? '1' : null,
      ]);
    }
  });
});

describe('what is leased', () => {
  it('is listed and shown, with what of it is leased', async () => {
    await place.json('POST', '/leases', { body: { type: 'host', slots: ['port/8080'] } });
    const headers = { 'Slipway-At-Least': await granted() };
    const { items } = await place.json<Page<LeasedResourceView>>('GET', '/resources?type=host&blueprint=LocalHost', { headers });
    expect(items).toMatchObject([
      { id: 'default.host-9', load: 1, capacity: 1, slots: [{ name: 'port/8080', leaseId: 'default.lease-1' }] },
    ]);
    expect(await place.json('GET', '/resources/host-9')).toEqual(items[0]);
  });

  it('is entered by hand, changed, and taken away', async () => {
    const body = { name: 'rack-a', blueprint: 'RemoteHost', attributes: { memory: 8 }, ownerId: 'ada' };
    const entered = await place.call('POST', '/resources', { body });
    expect([entered.status, entered.headers.get('Location')]).toEqual([201, '/api/v1/resources/default.host-9']);
    const changed = await place.call('PATCH', '/resources/host-9', { body: { capacity: 2 } });
    expect([changed.status, await changed.json()]).toEqual([202, { resourceId: 'default.host-9', position: 'log.1.7' }]);
    expect((await place.call('DELETE', '/resources/host-9?reason=sold')).status).toBe(202);
    expect((await place.call('DELETE', '/resources/blue.host-9')).status).toBe(202);
    const { ownerId: _ownerId, ...facts } = body;
    expect(allocator.asked.map(([verb, command]) => [verb, command])).toEqual([
      ['enter-resource', { ...facts, environment: 'default', owner: { id: 'ada', type: 'user' } }],
      ['change-resource', { resourceId: 'default.host-9', capacity: 2 }],
      ['drain-resource', { resourceId: 'default.host-9', reason: 'sold' }],
      ['drain-resource', { resourceId: 'blue.host-9', reason: 'operator has taken it away' }],
    ]);
  });

  it('is gone when that is forced, with who says so and why', async () => {
    expect((await place.call('DELETE', '/resources/host-9?force=true&reason=burnt')).status).toBe(202);
    expect(allocator.asked).toEqual([['force-resource', { resourceId: 'default.host-9', reason: 'burnt' }, 'operator']]);
    expect(await refused('DELETE', '/resources/host-9?force=true')).toEqual([400, 'bad-input', ['reason']]);
    expect(await refused('DELETE', '/resources/host-9?force=yes&reason=burnt')).toEqual([400, 'bad-input', ['force']]);
  });
});

describe('blueprints', () => {
  it('are what the allocator says of them in an environment, all or one', async () => {
    const items = [{ name: 'LocalHost', type: 'host' }];
    allocator.answers('blueprints', ({ name }: { name?: string }) => ({ items: name === 'Moon' ? [] : items }));
    expect(await place.json('GET', '/blueprints?environment=blue')).toEqual({ items });
    expect(await place.json('GET', '/blueprints/LocalHost')).toEqual(items[0]);
    expect(await refused('GET', '/blueprints/Moon')).toEqual([404, 'not-found', []]);
    expect(await refused('GET', '/blueprints/..%2Fx')).toEqual([404, 'not-found', []]);
    expect(allocator.asked.slice(0, 2).map(([, query]) => query)).toEqual([
      { environment: 'blue' },
      { environment: 'default', name: 'LocalHost' },
    ]);
  });

  it('have their limits changed, and are approved and revoked', async () => {
    const changed = await place.call('PATCH', '/blueprints/LocalHost', { body: { limits: { resources: 3, leaseSeconds: 0 } } });
    expect([changed.status, changed.headers.get('Location')]).toEqual([202, '/api/v1/blueprints/LocalHost']);
    await place.json('POST', '/blueprints/LocalHost/approve', { body: { ownerId: 'ada' } });
    await place.json('POST', '/blueprints/LocalHost/revoke', { body: { ownerId: 'team-a', ownerType: 'team', reason: 'left' } });
    const of = { environment: 'default', name: 'LocalHost' };
    expect(allocator.asked.map(([verb, command]) => [verb, command])).toEqual([
      ['change-blueprint', { ...of, limits: { resources: 3, leaseSeconds: 0 } }],
      ['approve-blueprint', { ...of, owner: { id: 'ada', type: 'user' } }],
      ['revoke-blueprint', { ...of, owner: { id: 'team-a', type: 'team' }, reason: 'left' }],
    ]);
  });

  it('have quotas beside them, that are set and listed', async () => {
    expect((await place.call('PUT', '/quotas', { body: { ownerId: 'ada', type: 'host', most: 3 } })).status).toBe(202);
    expect((await place.call('PUT', '/quotas', { body: { ownerId: 'ada', most: null } })).status).toBe(202);
    const of = { environment: 'default', owner: { id: 'ada', type: 'user' } };
    expect(allocator.asked.map(([, command]) => command)).toEqual([
      { ...of, leaseType: 'host', most: 3 },
      { ...of, most: null },
    ]);
    const data = { owner: of.owner, leaseType: 'host', most: 3, actor: of.owner };
    const headers = { 'Slipway-At-Least': await allocator.record('default', 'QuotaSet', data) };
    const { items } = await place.json<Page<QuotaView>>('GET', '/quotas?ownerId=ada', { headers });
    expect(items).toMatchObject([{ id: 'default.user/ada.host', most: 3 }]);
  });
});

describe('an allocator that is away', () => {
  it('is a 503 at once for what changes something; what is recorded is shown', async () => {
    await place.close();
    place = await GatewayPlace.open();
    expect(await refused('POST', '/leases', { type: 'host' })).toEqual([503, 'no-server', []]);
    expect(await refused('GET', '/blueprints')).toEqual([503, 'no-server', []]);
    expect(await place.json('GET', '/leases')).toMatchObject({ items: [] });
  });
});
