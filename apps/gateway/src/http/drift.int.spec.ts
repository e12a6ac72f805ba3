import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type AdoptCommand, type Drift, type DriftQuery, type RequestContext } from '@slipway/contracts';
import type { Problem, ResourceView } from '@slipway/contracts/http';
import { currentContext } from '@slipway/mesh';
import { GatewayPlace } from '../testing/gateway-place.js';

const SEEN = 'a'.repeat(64);
const observed = { exists: true, mode: '0777' };

describe('drift of an environment', () => {
  let place: GatewayPlace;
  let position: string;
  let asked: DriftQuery[];
  let adopted: { command: AdoptCommand; context: RequestContext }[];
  let refusal: SlipwayError | undefined;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    await place.resource('storage', 'shop-data');
    const claim = { kind: 'instance', name: 'shop', requestId: 'r', owner: { id: 'ada', type: 'user' }, job: 'provision' };
    position = await place.record('environment-default', 'NameClaimed', claim);
    place.bus.serve('orchestrator', VERBS.drift, async (body): Promise<Drift> => {
      const query = body as DriftQuery;
      asked.push(query);
      return {
        environment: query.environment,
        compared: 1,
        count: 0,
        items: [],
        unknown: [],
        rules: query.ignore ?? [],
        ignored: [],
      };
    });
    place.bus.serve(
      'storage',
      VERBS.adopt,
      async (body) => {
        adopted.push({ command: body as AdoptCommand, context: currentContext() });
        if (refusal) throw refusal;
        return {
          generation: 1,
          position: await place.record('storage-default.shop-data', 'StorageAdopted', { generation: 1, observed }),
        };
      },
      'local',
    );
  });
  beforeEach(() => {
    asked = [];
    adopted = [];
    refusal = undefined;
  });
  afterAll(() => place.close());

  const headers = () => ({ 'Slipway-At-Least': position });

  it('is asked of the orchestrator, with all that is to be ignored', async () => {
    const found = await place.json<Drift>(
      'GET',
      '/environments/default/drift?ignore=mode&ignore=storage/a:owner&instanceId=shop',
      { headers: headers() },
    );
    expect(found).toMatchObject({ compared: 1, rules: ['mode', 'storage/a:owner'] });
    expect(asked).toEqual([{ environment: 'default', instanceId: 'shop', ignore: ['mode', 'storage/a:owner'] }]);
    await place.json<Drift>('GET', '/environments/default/drift', { headers: headers() });
    expect(asked.at(-1)).toEqual({ environment: 'default' });
  });

  it('of an environment that there is not, or by words that it does not know, nobody is asked', async () => {
    const of = async (path: string) => (await place.json<Problem>('GET', path, { headers: headers() })).code;
    expect(await of('/environments/nowhere/drift')).toBe('not-found');
    expect(await of('/environments/default/drift?ignored=mode')).toBe('bad-input');
    expect(asked).toEqual([]);
  });

  it('what was found is adopted at its place, by whom and why, and can be read at once', async () => {
    const body = { key: 'storage/shop-data', seen: SEEN, reason: 'so' };
    const response = await place.call('POST', '/environments/default/adopt', { headers: headers(), body });
    expect([response.status, response.headers.get('Location')]).toEqual([202, '/api/v1/storages/default.shop-data']);
    const resource = { environment: 'default', kind: 'storage', name: 'shop-data' };
    expect(adopted.map(({ command }) => command)).toEqual([
      { resource, generation: 1, driver: expect.any(String), location: 'local', seen: SEEN, reason: 'so' },
    ]);
    expect(adopted[0]!.context.actor).toMatchObject({ id: 'operator' });
    const after = { headers: { 'Slipway-At-Least': response.headers.get('Slipway-Position')! } };
    expect((await place.json<ResourceView>('GET', '/storages/default.shop-data', after)).observed).toEqual(observed);
  });

  it.each([
    ['a key that is none', { key: 'storage/../x', seen: SEEN }, 'bad-input'],
    ['without what was seen', { key: 'storage/shop-data' }, 'bad-input'],
    ['what there is not', { key: 'storage/nothing', seen: SEEN }, 'not-found'],
  ])('%s is refused by name, and nobody is asked', async (_what, body, code) => {
    const problem = await place.json<Problem>('POST', '/environments/default/adopt', { headers: headers(), body });
    expect(problem.code).toBe(code);
    expect(adopted).toEqual([]);
  });

  it('what has changed since it was shown is refused as its place says', async () => {
    refusal = new SlipwayError('plan-stale', 'storage/shop-data is other than it was shown');
    const body = { key: 'storage/shop-data', seen: SEEN };
    expect(await place.json<Problem>('POST', '/environments/default/adopt', { headers: headers(), body })).toMatchObject({
      code: 'plan-stale',
    });
  });
});
