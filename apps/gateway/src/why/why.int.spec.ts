import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@slipway/contracts';
import type { WhyView } from '@slipway/contracts/http';
import { SCHEMAS } from '../openapi/schemas.js';
import { GatewayPlace, acceptance } from '../testing/gateway-place.js';

const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
const installed = (key: string, instanceId: string | undefined, definition: string, needs: JsonObject[] = []) => ({
  ...{
    kind: key.split('/')[0],
    name: key.split('/')[1],
    generation: 1,
    definition: { name: definition, version: '1.0.0', hash: 'h' },
  },
  ...{ location: 'here', guestLocation: 'local', driver: 'd', owner: { id: 'ada', type: 'user' }, spec: {}, outputs: {}, needs },
  ...(instanceId !== undefined && { instanceId }),
});
const db = { name: 'db', namespace: 'slipway.identity', attributes: { name: 'pg' }, range: '^1.0.0' };

describe('why something is there', () => {
  let place: GatewayPlace;
  let last: string;
  let before: string;
  const settle = (requestId: string, data: object) =>
    place.record('environment-default', 'PlanSettled', {
      ...{ requestId, name: 'shop', outcome: 'done', installed: [], removed: [], wires: [] },
      ...data,
    });
  const ask = (what: string, more = ''): Promise<WhyView> =>
    place.json('GET', `/environments/default/why?what=${encodeURIComponent(what)}${more}`, {
      headers: { 'Slipway-At-Least': last },
    });

  beforeAll(async () => {
    place = await GatewayPlace.open();
    for (const [id, instanceId, ownerId] of [
      [first, 'shop', 'ada'],
      [second, 'blog', 'bob'],
      [third, 'stack', 'cyd'],
    ] as const)
      await place.request(id, acceptance({ job: 'provision', body: { instanceId, ownerId, definition: 'app@^1.0.0' } }));
    await settle(first, {
      installed: [
        installed('database/pg', undefined, 'pg', [{ name: 'volume', namespace: 'storage' }]),
        installed('storage/pg-volume', undefined, 'volume'),
        installed('instance/shop', 'shop', 'app', [db]),
      ],
      wires: [
        { from: 'instance/shop', requirement: 'db', to: 'database/pg' },
        { from: 'database/pg', requirement: 'volume', to: 'storage/pg-volume' },
      ],
    });
    before = await place.store.head();
    await settle(second, {
      installed: [installed('instance/blog', 'blog', 'app', [db, { name: 'svc', namespace: 'service', filter: '(name=shop)' }])],
      wires: [
        { from: 'instance/blog', requirement: 'db', to: 'database/pg' },
        { from: 'instance/blog', requirement: 'svc', to: 'instance/shop' },
      ],
    });
    last = await settle(third, { installed: [installed('storage/stack-data', 'stack', 'volume')] });
  });
  afterAll(() => place.close());

  it('is who asked for it, when, and by which requirements that leads to it; of what is shared all ways', async () => {
    const { items } = await ask('storage/pg-volume');
    expect(items).toMatchObject([{ resource: { key: 'storage/pg-volume' }, madeBy: { id: first, owner: { id: 'ada' } } }]);
    const [{ chains, neededBy }] = items as [WhyView['items'][number]];
    expect(
      chains.map(({ root, request, links }) => [
        root,
        request?.id,
        links.map(({ from, requirement, to }) => `${from} ${requirement} ${to}`),
      ]),
    ).toEqual([
      ['instance/blog', second, ['instance/blog db database/pg', 'database/pg volume storage/pg-volume']],
      ['instance/shop', first, ['instance/shop db database/pg', 'database/pg volume storage/pg-volume']],
      [
        'instance/blog',
        second,
        ['instance/blog svc instance/shop', 'instance/shop db database/pg', 'database/pg volume storage/pg-volume'],
      ],
    ]);
    expect(chains[0]!.links.map(({ need }) => need)).toEqual([db, { name: 'volume', namespace: 'storage' }]);
    expect(chains[0]).toMatchObject({
      instanceId: 'blog',
      request: {
        job: 'provision',
        definition: 'app@^1.0.0',
        owner: { id: 'bob' },
        actor: { id: 'operator' },
        acceptedAt: expect.stringMatching(/^2/),
      },
    });
    expect(neededBy).toEqual({
      directly: [{ key: 'database/pg', requirement: 'volume' }],
      further: ['instance/blog', 'instance/shop'],
    });
  });

  it('of what was asked for itself, and of what an abstract definition brought', async () => {
    expect((await ask('blog')).items).toMatchObject([
      {
        resource: { key: 'instance/blog' },
        chains: [{ root: 'instance/blog', links: [] }],
        neededBy: { directly: [], further: [] },
      },
    ]);
    const { items } = await ask('shop');
    expect(items[0]!.chains.map(({ root, links }) => [root, links.length])).toEqual([
      ['instance/shop', 0],
      ['instance/blog', 1],
    ]);
    expect((await ask('stack-data')).items).toMatchObject([
      { chains: [{ root: 'storage/stack-data', instanceId: 'stack', request: { id: third } }] },
    ]);
  });

  it('is asked of a key, a name, or a definition with or without its version', async () => {
    const keys = async (what: string) => (await ask(what)).items.map(({ resource }) => resource.key);
    expect(await keys('database/pg')).toEqual(['database/pg']);
    expect(await keys('pg')).toEqual(['database/pg']);
    expect(await keys('app')).toEqual(['instance/blog', 'instance/shop']);
    expect(await keys('app@1.0.0')).toEqual(['instance/blog', 'instance/shop']);
    for (const nothing of ['app@2.0.0', 'storage/pg', 'nobody'])
      expect(await ask(nothing)).toMatchObject({ code: 'not-found', detail: `There is nothing called ${nothing} in default` });
  });

  it('tells how it was at a moment', async () => {
    const { items, position } = await ask('pg', `&asOf=${before}`);
    expect([items[0]!.chains.map(({ root }) => root), position]).toEqual([['instance/shop'], before]);
    expect(await ask('blog', `&asOf=${before}`)).toMatchObject({ code: 'not-found' });
  });

  it('is answered as its schema says, and refuses what it does not know', async () => {
    const view = await ask('pg-volume');
    for (const [schema, value] of [
      ['WhyView', view],
      ['WhyItem', view.items[0]],
      ['WhyRequest', view.items[0]!.madeBy],
    ] as const)
      expect(Object.keys(SCHEMAS[schema]!.properties!)).toEqual(expect.arrayContaining(Object.keys(value!)));
    expect(await place.json('GET', '/environments/default/why')).toMatchObject({
      code: 'bad-input',
      fields: [{ field: 'what' }],
    });
    expect(await place.json('GET', '/environments/default/why?what=x&colour=red')).toMatchObject({ code: 'bad-input' });
  });
});
