import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { categoryOf, idOf, instant, type ServiceName } from '@slipway/contracts';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import { foldRows } from '@slipway/event-store/read-models';
import { openSqliteEventLog } from '@slipway/event-store/sqlite';
import { MemoryDisk, MemoryEventLog, PATIENCE_MS, replay, seedOf, seededRandom } from '@slipway/event-store/testing';
import { environments, names } from './environments.js';
import { openViews } from './open-views.js';
import type { ListQuery, ViewName, Views } from './port.js';
import { projections } from './registry.js';
import { foldRequest } from './requests.js';
import { databases, instances, storages } from './resources.js';
import { plausibleHistory } from './testing/history.js';

jest.setTimeout(60_000);

const seed = seedOf(Date.now() % 1_000_000);
/** What environments hold has a specification of its own. */
type ShownView = Exclude<ViewName, 'snapshots' | 'resources' | 'capabilities' | 'requirements' | 'wires'>;
const VIEWS: ShownView[] = ['requests', 'instances', 'storages', 'databases', 'environments'];
const ALL_STATUSES = { status: ['making', 'present', 'failed', 'destroying', 'destroyed'] };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'slipway-views-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const compare = (a: string | number | null, b: string | number | null): number => (a! < b! ? -1 : a! > b! ? 1 : 0);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function byStream(events: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  return streams;
}

async function allRows(views: Views, view: ShownView, asOf?: string): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  const filter = ['instances', 'storages', 'databases'].includes(view) ? ALL_STATUSES : {};
  let cursor: string | undefined;
  do {
    const page = await views.list(view, { filter, limit: 20, ...(asOf && { asOf }), ...(cursor && { cursor }) });
    for (const row of page.items) rows['id' in row ? row.id : row.name] = row;
    cursor = page.next;
  } while (cursor);
  return rows;
}

/** What each view must show after these events, worked out from their streams. */
function expectedRows(events: readonly RecordedEvent[]): Record<ShownView, Record<string, unknown>> {
  const streams = byStream(events);
  const requests = [...streams]
    .filter(([stream]) => categoryOf(stream) === 'request')
    .flatMap(([stream, own]) => {
      const view = foldRequest(own);
      return view ? [[idOf(stream), { ...view, plan: undefined }] as const] : [];
    });
  const claimed = [...foldRows(names, events).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const shownEnvironments = [...foldRows(environments, events)].map(([id, row]) => {
    const own = claimed.filter((each) => each.environment === id);
    return [
      id,
      { ...row, names: own.map(({ name, ownerId, requestId, until }) => ({ name, ownerId, requestId, until })) },
    ] as const;
  });
  return plain({
    requests: Object.fromEntries(requests),
    instances: Object.fromEntries(foldRows(instances, events)),
    storages: Object.fromEntries(foldRows(storages, events)),
    databases: Object.fromEntries(foldRows(databases, events)),
    environments: Object.fromEntries(shownEnvironments),
  }) as Record<ShownView, Record<string, unknown>>;
}

const eventsOf = async (store: EventStore): Promise<RecordedEvent[]> => (await store.readAll({ limit: 5_000 })).events;

function checkpointOf(file: string): number {
  const db = new DatabaseSync(file);
  const { checkpoint } = db.prepare('SELECT min(checkpoint) AS checkpoint FROM builds').get() as { checkpoint: number };
  db.close();
  return checkpoint;
}

async function upToHead(views: Views, store: EventStore): Promise<void> {
  expect(await views.reached(await store.head(), 60_000)).toBe(true);
}

describe(`views of random plausible histories (SLIPWAY_SEED=${seed})`, () => {
  it('equal a rebuild and a fresh fold at every checkpoint and at any moment before', async () => {
    for (let run = 0; run < 6; run += 1) {
      const log = new MemoryEventLog();
      const store = log.as(null);
      const grown = await openViews({ folder: join(folder, `grown-${run}`), log: store });
      const history = [...plausibleHistory(seed + run, { requests: 12, trouble: 0.3 })];
      for (let at = 0; at < history.length; at += 60) {
        await replay(log, history.slice(at, at + 60));
        await upToHead(grown, store);
      }
      const rebuilt = await openViews({ folder: join(folder, `rebuilt-${run}`), log: store });
      await upToHead(rebuilt, store);
      const events = await eventsOf(store);
      for (let count = events.length; count > 0; count -= 7) {
        const asOf = events[count - 1]!.position;
        const expected = expectedRows(events.slice(0, count));
        for (const view of VIEWS) {
          expect(await allRows(grown, view, asOf)).toEqual(expected[view]);
          expect(await allRows(rebuilt, view, asOf)).toEqual(expected[view]);
        }
      }
      for (const view of VIEWS) expect(await allRows(grown, view)).toEqual(expectedRows(events)[view]);
      await grown.close();
      await rebuilt.close();
    }
  }, 180_000);

  it('show a request by its id as its stream tells it, plan included, then and now', async () => {
    const log = new MemoryEventLog();
    const store = log.as(null);
    await replay(log, [...plausibleHistory(seed, { requests: 15, trouble: 0.3 })]);
    const views = await openViews({ folder, log: store });
    await upToHead(views, store);
    const events = await eventsOf(store);
    const streams = byStream(events);
    for (const [stream, own] of streams) {
      if (categoryOf(stream) !== 'request') continue;
      expect(await views.get('requests', idOf(stream))).toEqual(plain(foldRequest(own)));
      for (const [index, { position }] of own.entries()) {
        const then = plain(foldRequest(own.slice(0, index + 1)));
        expect(await views.get('requests', idOf(stream), { asOf: position })).toEqual(then);
      }
    }
    await views.close();
  }, 120_000);

  it('count in an environment what stands in it', async () => {
    const log = new MemoryEventLog();
    const store = log.as(null);
    await replay(log, [...plausibleHistory(seed, { requests: 30, trouble: 0.3 })]);
    const views = await openViews({ folder, log: store });
    await upToHead(views, store);
    const there = new Map<string, Set<string>>();
    for (const { stream, type } of await eventsOf(store)) {
      const of = `${idOf(stream).split('.')[0]} ${categoryOf(stream)}s`;
      const set = there.get(of) ?? new Set();
      if (type.endsWith('Provisioned')) set.add(stream);
      if (type.endsWith('Destroyed')) set.delete(stream);
      there.set(of, set);
    }
    const { items } = await views.list('environments', {});
    expect(items.length).toBeGreaterThan(0);
    for (const environment of items)
      for (const kind of ['instances', 'storages', 'databases'] as const)
        expect(environment[kind]).toBe(there.get(`${environment.name} ${kind}`)?.size ?? 0);
    await views.close();
  });

  it('survive kill -9 of the process that makes them: what is resumed equals what was never interrupted', async () => {
    const logFolder = join(folder, 'log');
    const log = await openSqliteEventLog({ folder: logFolder, timeLimitMs: PATIENCE_MS });
    const store = log.as(null);
    await replay(log, [...plausibleHistory(seed, { requests: 150, concurrent: 40, trouble: 0.1 })]);
    const script = fileURLToPath(new URL('../../dist/views/testing/project.js', import.meta.url));
    mkdirSync(join(folder, 'killed'));
    const file = join(folder, 'killed', 'views.sqlite');
    const random = seededRandom(seed);
    const checkpoints = [0];
    for (let kill = 0; kill < 4; kill += 1) {
      const child = spawn(process.execPath, [script, file, logFolder, String(800 + Math.floor(random() * 800))], {
        stdio: 'inherit',
      });
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      checkpoints.push(checkpointOf(file));
    }
    expect(checkpoints).toEqual([...new Set(checkpoints)].toSorted((a, b) => a - b));
    const eventLog = { eventLog: 'sqlite', folder: logFolder };
    const resumed = await openViews({ folder: join(folder, 'killed'), log: store, eventLog });
    const whole = await openViews({ folder: join(folder, 'whole'), log: store, eventLog });
    await upToHead(resumed, store);
    await upToHead(whole, store);
    for (const view of VIEWS) expect(await allRows(resumed, view)).toEqual(await allRows(whole, view));
    await resumed.close();
    await whole.close();
    await log.close();
  }, 180_000);
});

describe('views', () => {
  let log: MemoryEventLog;
  let views: Views;
  const store = () => log.as(null);
  beforeEach(async () => {
    log = new MemoryEventLog();
    await replay(log, [...plausibleHistory(7, { requests: 40, trouble: 0.1 })]);
    views = await openViews({ folder, log: store() });
    await upToHead(views, store());
  });
  afterEach(() => views.close());

  it.each(VIEWS)('%s: every declared field filters and sorts', async (view) => {
    const { fields } = projections.find(({ name }) => name === view)!;
    const rows = expectedRows(log.disk.events)[view];
    const ids = Object.keys(rows);
    const everything = view === 'requests' || view === 'environments' ? {} : ALL_STATUSES;
    const listed = async (query: ListQuery) => {
      const { items } = await views.list(view, { limit: 500, ...query, filter: { ...everything, ...query.filter } });
      return items.map((row) => ('id' in row ? row.id : row.name));
    };
    const never: string[] = [];
    for (const [field, { of, filter, sort }] of Object.entries(fields)) {
      const valueOf = (id: string) => of(rows[id] as object) ?? null;
      const values = [...new Set(ids.map(valueOf))].filter((value) => value !== null).map(String);
      if (filter && values.length === 0) never.push(field);
      for (const asked of filter ? [...values.slice(0, 3).map((value) => [value]), values.slice(1)] : []) {
        if (asked.length === 0) continue;
        const wanted = ids.filter((id) => valueOf(id) !== null && asked.includes(String(valueOf(id))));
        expect([field, asked, (await listed({ filter: { [field]: asked } })).toSorted()]).toEqual([
          field,
          asked,
          wanted.toSorted(),
        ]);
      }
      if (!sort) continue;
      const ascending = ids.toSorted((a, b) => compare(valueOf(a), valueOf(b)) || compare(a, b));
      expect([field, await listed({ sort: field })]).toEqual([field, ascending]);
      expect([field, await listed({ sort: `-${field}` })]).toEqual([field, ascending.toReversed()]);
    }
    // What runs has health; storages and databases have none.
    expect(never).toEqual(['storages', 'databases'].includes(view) ? ['health'] : []);
    await expect(views.list(view, { filter: { colour: ['red'] } })).rejects.toMatchObject({
      code: 'bad-input',
      details: {
        fields: [{ field: 'colour', reason: expect.stringContaining(Object.keys(fields).find((each) => fields[each]!.filter)!) }],
      },
    });
  });

  it('give what is asked for, and only that', async () => {
    const { items } = await views.list('requests', { filter: { status: ['succeeded'], ownerId: ['ada', 'grace'] }, limit: 500 });
    const all = Object.values(expectedRows(log.disk.events).requests) as { status: string; owner: { id: string } }[];
    const wanted = all.filter(({ status, owner }) => status === 'succeeded' && ['ada', 'grace'].includes(owner.id));
    expect(wanted.length).toBeGreaterThan(0);
    expect(items).toHaveLength(wanted.length);
  });

  it('leave destroyed resources out of lists unless they are asked for, and show them by id', async () => {
    const destroyed = await views.list('instances', { filter: { status: ['destroyed'] } });
    expect(destroyed.items.length).toBeGreaterThan(0);
    const shown = await views.list('instances', { limit: 500 });
    expect(shown.items.length).toBeGreaterThan(0);
    expect(shown.items.every(({ status }) => status !== 'destroyed')).toBe(true);
    expect(await views.get('instances', destroyed.items[0]!.id)).toMatchObject({ status: 'destroyed' });
  });

  it('are of a time: what was recorded at or before it', async () => {
    const events = log.disk.events;
    const time = events.at(-1)!.recordedAt;
    expect((await views.list('requests', { asOf: time })).position).toBe(events.at(-1)!.position);
    const before = await views.list('requests', { asOf: '2001-02-03' });
    expect(before.items).toEqual([]);
    expect(before.position).toMatch(/\.0{20}$/);
    expect(await views.get('environments', 'default', { asOf: instant(0) })).toBeNull();
    await expect(views.list('requests', { asOf: 'yesterday' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('refuse a moment of another log or beyond the end', async () => {
    const head = await store().head();
    const far = head.slice(0, -20) + '00000000000009999999';
    await expect(views.list('requests', { asOf: far })).rejects.toMatchObject({ code: 'gone' });
    await expect(views.list('requests', { asOf: `other.0000000001.${'1'.padStart(20, '0')}` })).rejects.toMatchObject({
      code: 'gone',
    });
    const page = await views.list('requests', { limit: 1 });
    const elsewhere = await openViews({
      folder: join(folder, 'other'),
      log: new MemoryEventLog({ disk: new MemoryDisk('other') }).as(null),
    });
    await expect(elsewhere.list('requests', { limit: 1, cursor: page.next! })).rejects.toMatchObject({ code: 'gone' });
    await elsewhere.close();
  });

  it('wait until a position is reached', async () => {
    const append = (service: ServiceName) =>
      log.as(service).append('environment-new', -1, [
        {
          id: '5b0c5b0e-5a1b-4a52-9d31-0c1a2f3e4d5c',
          type: 'DispatchPaused',
          data: { actor: { id: 'ada', type: 'user' } },
          metadata: { actor: { id: 'ada', type: 'user' } },
        },
      ]);
    const { position } = await append('orchestrator');
    expect(await views.reached(position, 20_000)).toBe(true);
    expect(await views.get('environments', 'new')).toMatchObject({ paused: true });
    expect((await views.list('environments', { filter: { paused: ['true'] } })).items.map(({ name }) => name)).toContain('new');
    const never = position.slice(0, -20) + '00000000000009999999';
    expect(await views.reached(never, 20)).toBe(false);
  });

  it('start from the copy of another replica', async () => {
    await views.snapshotTo(join(folder, 'copy'));
    const other = await openViews({ folder: join(folder, 'other'), log: store(), snapshot: join(folder, 'copy') });
    expect(other.building()).toEqual([]);
    await upToHead(other, store());
    for (const view of VIEWS) expect(await allRows(other, view)).toEqual(await allRows(views, view));
    await other.close();
  });

  it('append nothing, not even in a rebuild', async () => {
    const before = log.disk.events.length;
    const again = await openViews({ folder: join(folder, 'again'), log: store() });
    await upToHead(again, store());
    expect(log.disk.events).toHaveLength(before);
    await again.close();
  });
});
