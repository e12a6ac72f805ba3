import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  SlipwayError,
  type AnnouncedDriver,
  type CompareQuery,
  type Comparison,
  type ResourceKind,
  type StraysQuery,
} from '@slipway/contracts';
import { MeshConfig, type Bus } from '@slipway/mesh';
import { PersistentMap } from '@slipway/event-store';
import { initialState, type EnvironmentState, type Standing } from '../environment/state.js';
import { Drifts } from './drifts.js';

const ASKED: AnnouncedDriver[] = [{ name: 'x', verbs: ['provision'] }];
const same: Comparison = { differences: [], seen: 's', adoptable: false };
const other: Comparison = {
  ...{ drift: 'changed', differences: [{ field: 'mode', recorded: 1, found: 2 }], seen: 's', adoptable: true, repair: 'update' },
};

const standing = (over: Partial<Standing> = {}): Standing => ({
  ...{
    generation: 1,
    updates: 0,
    instanceId: 'shop',
    location: 'local',
    driver: 'x',
    guestLocation: 'local',
    outputs: {},
    uses: [],
  },
  ...over,
});
const shared = { instanceId: undefined } as unknown as Partial<Standing>;

describe('drift of an environment', () => {
  let now: number;
  let config: MeshConfig;
  let compare: (query: CompareQuery) => Promise<Comparison>;
  let strays: (query: StraysQuery, kind: ResourceKind) => Promise<unknown>;
  let asked: string[];
  let atOnce: number;
  let most: number;
  let drifts: Drifts;

  beforeEach(() => {
    now = 0;
    config = new MeshConfig();
    asked = [];
    atOnce = most = 0;
    compare = async () => same;
    strays = async () => ({ items: [] });
    const request = async (kind: ResourceKind, verb: string, body: never, { location }: { location: string }) => {
      most = Math.max(most, (atOnce += 1));
      await Promise.resolve();
      try {
        if (verb === 'strays') return await strays(body, kind);
        asked.push(`${kind}/${(body as CompareQuery).resource.name} at ${location}`);
        return await compare(body);
      } finally {
        atOnce -= 1;
      }
    };
    const bus = { request } as unknown as Bus;
    const announced = (_kind: ResourceKind, location: string) => (location === 'local' ? ASKED : undefined);
    drifts = new Drifts({ bus, clock: { now: () => now, after: () => () => {} }, config, announced });
  });

  const state = (installed: Record<string, Standing>, more: Partial<EnvironmentState> = {}): EnvironmentState => ({
    ...initialState(),
    installed: PersistentMap.of(Object.entries(installed)),
    ...more,
  });
  const of = (from: EnvironmentState, query: { instanceId?: string; ignore?: string[] } = {}) =>
    drifts.of({ environment: 'default', ...query }, from);

  test('each installed resource is asked about where it is, a few side by side; what differs is told by key, with whose it is', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `n${String(at).padStart(2, '0')}`);
    compare = async ({ resource: { name } }) => (name === 'n07' ? other : same);
    const told = await of(state(Object.fromEntries(names.map((name) => [`storage/${name}`, standing()]))));
    expect(asked.toSorted()).toEqual(names.map((name) => `storage/${name} at local`));
    expect(most).toBe(16);
    expect(told).toMatchObject({ environment: 'default', compared: 60, count: 1, unknown: [] });
    expect(told.items).toEqual([
      { key: 'storage/n07', generation: 1, location: 'local', driver: 'x', instanceId: 'shop', ...other },
    ]);
  });

  test('a place without a server is not known, never absent, and is asked once', async () => {
    compare = async ({ location }) => {
      if (location === 'mars') throw new SlipwayError('no-server', 'Nobody serves mars');
      return same;
    };
    const far = standing({ location: 'mars' });
    strays = async ({ location }) => {
      if (location === 'mars') throw new SlipwayError('no-server', 'Nobody serves mars');
      return { items: [] };
    };
    const all = Array.from({ length: 40 }, (_, at) => [`storage/far-${at}`, far] as const);
    const told = await of(state({ 'storage/near': standing(), ...Object.fromEntries(all) }));
    expect(told).toMatchObject({ compared: 1, count: 0, items: [] });
    expect(told.unknown).toEqual([
      { kind: 'storage', location: 'mars', reason: 'Nobody serves mars', resources: expect.any(Array), count: 40 },
    ]);
    expect(told.unknown[0]!.resources).toHaveLength(20);
    expect(asked.filter((one) => one.endsWith('mars')).length).toBeLessThanOrEqual(16);
  });

  test('what a driver cannot look at, and what a request is changing, is not known', async () => {
    compare = () => Promise.reject(new SlipwayError('timed-out', 'Its driver has not looked within 10 s'));
    const told = await of(
      state({ 'storage/slow': standing(), 'storage/busy': standing() }, { writers: PersistentMap.of([['storage/busy', 'r-1']]) }),
    );
    expect(told).toMatchObject({ compared: 0, count: 0 });
    expect(told.unknown.map(({ resources, reason }) => [...resources, reason])).toEqual([
      ['storage/busy', 'Request r-1 is changing it'],
      ['storage/slow', 'Its driver has not looked within 10 s'],
    ]);
  });

  test('it ends after its time: what was not asked by then is not known', async () => {
    compare = async () => {
      now += 5_000;
      return same;
    };
    const told = await of(state(Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`storage/n${at}`, standing()]))));
    expect(told.compared).toBeLessThan(40);
    expect(told.compared + told.unknown.reduce((sum, { count }) => sum + count, 0)).toBe(40);
    expect(told.unknown.at(-1)!.reason).toContain('not looked at within 45 s');
  });

  test('what carries our mark and stands in no stream is looked for where something is, and where somebody is heard of', async () => {
    const places: string[] = [];
    const resource = { environment: 'default', kind: 'database', name: 'left' };
    strays = async ({ location }, kind) => {
      places.push(`${kind} at ${location}`);
      const stray = { resource, generation: 3, driver: 'x', where: '/left', reason: 'no stream knows of it' };
      return { items: kind === 'database' ? [stray] : [] };
    };
    const told = await of(state({ 'storage/far': standing({ location: 'mars' }) }));
    expect(places.toSorted()).toEqual(['database at local', 'instance at local', 'storage at local', 'storage at mars']);
    expect(told.items).toMatchObject([{ key: 'database/left', drift: 'extra', where: '/left', reason: 'no stream knows of it' }]);
  });

  test('however much differs, the answer fits into a message, and says how much there is', async () => {
    const long = Array.from({ length: 40 }, (_, at) => ({ field: `f${at}`, recorded: 'x'.repeat(200), found: 'y'.repeat(200) }));
    compare = async () => ({ ...other, differences: [...long, { field: 'owner', recorded: 'z'.repeat(200) }] });
    const told = await of(state(Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`storage/n${at}`, standing()]))));
    expect(told.count).toBe(2_000);
    expect(told.items.length).toBeGreaterThan(5);
    expect(JSON.stringify(told).length).toBeLessThan(500 * 1024);
  });

  test('of an instance: what was made for it, and what is shared and it uses, further away too; nothing that belongs to nobody', async () => {
    const from = state({
      'instance/shop': standing({ uses: ['database/pg', 'storage/data'] }),
      'storage/data': standing(),
      'database/pg': standing({ ...shared, uses: ['storage/pg-volume'] }),
      'storage/pg-volume': standing(shared),
      'instance/other': standing({ instanceId: 'other' }),
    });
    strays = () => Promise.reject(new Error('never asked'));
    expect((await of(from, { instanceId: 'shop' })).compared).toBe(4);
    expect(asked.join()).not.toContain('other');
    await expect(of(from, { instanceId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('what is ignored is configured for all environments, for one, and said with the question; all of it is told', async () => {
    config.environments = { default: { drift: { ignore: ['storage/a'] } }, other: { drift: { ignore: ['never'] } } };
    compare = async ({ resource: { name } }) => ({
      ...other,
      differences: ['mode', 'owner'].map((field) => ({ field, recorded: 1, found: name })),
    });
    const told = await of(state({ 'storage/a': standing(), 'storage/b': standing() }), { ignore: ['never-seen'] });
    expect(told.rules).toEqual(['database/*:schema', 'storage/*:owner', 'storage/a', 'never-seen']);
    expect(told.items.map(({ key, differences }) => [key, differences.length])).toEqual([['storage/b', 1]]);
    expect(told.ignored.map(({ key, field, rule }) => `${key} ${field} by ${rule}`)).toEqual([
      'storage/a mode by storage/a',
      'storage/a owner by storage/*:owner',
      'storage/b owner by storage/*:owner',
    ]);
  });
});
