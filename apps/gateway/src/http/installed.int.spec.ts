import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type {
  InstalledCapabilityView,
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
  Page,
  Problem,
} from '@slipway/contracts/http';
import { SCHEMAS } from '../openapi/schemas.js';
import { GatewayPlace } from '../testing/gateway-place.js';

const owner = { id: 'ada', type: 'user' };
const installed = (key: string, version: string, more: object = {}) => ({
  ...{ kind: key.split('/')[0], name: key.split('/')[1], generation: 1 },
  ...{
    definition: { name: key.startsWith('storage') ? 'volume' : 'app', version, hash: 'h' },
    location: 'here',
    guestLocation: 'local',
  },
  ...{ driver: 'd', instanceId: 'shop', owner, spec: {}, outputs: {}, ...more },
});
const settled = (data: object): JsonObject => ({
  ...{ requestId: 'r', name: 'shop', outcome: 'done', installed: [], removed: [], wires: [] },
  ...data,
});

describe('an environment that is asked', () => {
  let place: GatewayPlace;
  /** Between what was made and what became of it. */
  let between: { position: string; time: string };
  let last: string;
  const settle = (environment: string, data: object) =>
    place.record(`environment-${environment}`, 'PlanSettled', settled(data), { environment });
  beforeAll(async () => {
    place = await GatewayPlace.open();
    const data = installed('storage/shop-data', '1.9.0', {
      capabilities: [{ namespace: 'storage', attributes: { sizes: [1, 2] } }],
    });
    const needs = [
      { name: 'data', namespace: 'storage', range: '^1.0.0' },
      { name: 'cache', namespace: 'cache', resolution: 'optional' },
    ];
    const wires = [{ from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' }];
    await place.record('instance-default.shop', 'InstanceProvisioned', { generation: 1, outputs: {}, observed: {} });
    await settle('default', { installed: [data, installed('instance/shop', '1.10.0', { needs })], wires });
    await settle('other', { installed: [installed('storage/elsewhere', '1.0.0')] });
    await sleep(5);
    between = { position: await place.store.head(), time: new Date().toISOString() };
    await sleep(5);
    await place.record('instance-default.shop', 'InstanceHealthChanged', { generation: 1, to: 'unhealthy', reason: 'no answer' });
    const more = Array.from({ length: 5 }, (_, n) => installed(`storage/extra-${n}`, `2.${n}.0`));
    last = await settle('default', { installed: more });
  });
  afterAll(() => place.close());

  const ask = <Row>(path: string): Promise<Page<Row>> =>
    place.json('GET', `/environments/${path}`, { headers: { 'Slipway-At-Least': last } });
  const keys = async (query: string) => (await ask<InstalledView>(`default/resources${query}`)).items.map(({ key }) => key);

  it('says what is installed, what that offers and needs, and how it is wired; each as its schema says', async () => {
    expect(await keys('')).toEqual(['instance/shop', ...[0, 1, 2, 3, 4].map((n) => `storage/extra-${n}`), 'storage/shop-data']);
    expect((await ask('other/resources')).items).toMatchObject([{ key: 'storage/elsewhere', environment: 'other' }]);
    expect((await ask<InstalledRequirementView>('default/requirements')).items).toMatchObject([
      { resource: 'instance/shop', name: 'cache', resolution: 'optional', wiredTo: [] },
      { resource: 'instance/shop', name: 'data', namespace: 'storage', range: '^1.0.0', wiredTo: ['storage/shop-data'] },
    ]);
    expect((await ask<InstalledWireView>('default/wires')).items).toMatchObject([
      { from: 'instance/shop', requirement: 'data', to: 'storage/shop-data', namespace: 'storage' },
    ]);
    for (const [noun, schema] of Object.entries({
      resources: 'InstalledView',
      capabilities: 'InstalledCapabilityView',
      requirements: 'InstalledRequirementView',
      wires: 'InstalledWireView',
    }))
      for (const row of (await ask<object>(`default/${noun}`)).items)
        expect([noun, Object.keys(SCHEMAS[schema]!.properties!)]).toEqual([noun, expect.arrayContaining(Object.keys(row))]);
  });

  it.each([
    ['?kind=instance', ['instance/shop']],
    ['?name=shop&name=extra-1', ['instance/shop', 'storage/extra-1']],
    ['?definition=volume&filter=(version>=2.3)', ['storage/extra-3', 'storage/extra-4']],
    ['?filter=(%26(kind=storage)(!(name=extra-*)))', ['storage/shop-data']],
    ['?filter=(version<=1.9.9)', ['storage/shop-data']],
    ['?instanceId=nobody', []],
  ])('answers /resources%s', async (query, wanted) => {
    expect(await keys(query)).toEqual(wanted);
  });

  it('finds capabilities by what they say of themselves, and requirements and wires by all that is said of them', async () => {
    const found = async (query: string) =>
      (await ask<InstalledCapabilityView>(`default/capabilities?${query}`)).items.map(({ resource }) => resource);
    expect(await found('namespace=storage&filter=(sizes=2)')).toEqual(['storage/shop-data']);
    expect(await found('namespace=storage&filter=(sizes=3)')).toEqual([]);
    expect(await found('filter=(%26(namespace=slipway.identity)(version>=1.10))')).toEqual([
      'instance/shop',
      ...[0, 1, 2, 3, 4].map((n) => `storage/extra-${n}`),
    ]);
    const names = async (query: string) =>
      (await ask<InstalledRequirementView>(`default/requirements?${query}`)).items.map(({ name }) => name);
    expect(await names('filter=(wiredTo=storage/shop-data)')).toEqual(['data']);
    expect(await names('wired=false')).toEqual(['cache']);
    expect((await ask('default/wires?filter=(to=storage/*)')).items).toHaveLength(1);
    expect((await ask('default/wires?to=storage/none')).items).toEqual([]);
  });

  it('goes on from page to page, of one moment, with a filter too', async () => {
    for (const filter of ['', '&filter=(name=*a*)']) {
      const all: string[] = [];
      let next = '';
      do {
        const page: Page<InstalledView> = await ask(`default/resources?limit=2${filter}${next}`);
        all.push(...page.items.map(({ key }) => key));
        next = page.next === undefined ? '' : `&cursor=${page.next}`;
      } while (next);
      expect([filter, all]).toEqual([filter, await keys(`?limit=500${filter}`)]);
    }
    const { next } = await ask('default/resources?limit=1&filter=(name=*)');
    expect((await ask(`default/resources?limit=1&filter=(name=s*)&cursor=${next}`)) as unknown).toMatchObject({
      code: 'bad-input',
    });
  });

  it('tells how it was, at a position or a time: also of services that have gone since', async () => {
    const services = async (query = '') =>
      (await ask<InstalledCapabilityView>(`default/capabilities?namespace=service${query}`)).items;
    expect(await services()).toEqual([]);
    for (const moment of [between.position, between.time]) {
      expect(await services(`&asOf=${moment}`)).toMatchObject([
        { resource: 'instance/shop', attributes: { name: 'shop', version: '1.10.0' } },
      ]);
      expect(await keys(`?asOf=${moment}`)).toEqual(['instance/shop', 'storage/shop-data']);
    }
    const before = await place.json<Problem>('GET', '/environments/default/resources?asOf=2001-01-01');
    expect(before).toMatchObject({ status: 404, code: 'not-found' });
  });

  it.each<[string, Partial<Problem>]>([
    ['nowhere/resources', { code: 'not-found', detail: 'There is no environment nowhere: nothing was ever asked for in it' }],
    [
      'default/resources?environment=other',
      { code: 'bad-input', fields: [{ field: 'environment', reason: 'stands in the path' }] },
    ],
    ['default/resources?colour=red', { code: 'bad-input' }],
    ['default/resources?kind=machine', { code: 'bad-input' }],
    [
      'default/wires?filter=(to=x',
      { code: 'bad-input', fields: [{ field: 'filter', reason: expect.stringContaining('character') as never }] },
    ],
    ['default/wires?filter=(a=b)&filter=(c=d)', { code: 'bad-input' }],
  ])('refuses %s by name', async (path, problem) => {
    expect(await place.json('GET', `/environments/${path}`)).toMatchObject(problem);
  });

  it('takes in a plan whose list was too large for its event', async () => {
    const all = [installed('storage/large', '3.0.0')];
    const installedBlob = await place.blobs.put(JSON.stringify(all));
    last = await settle('large', { installedBlob });
    expect((await ask('large/resources')).items).toMatchObject([{ key: 'storage/large' }]);
  });
});
