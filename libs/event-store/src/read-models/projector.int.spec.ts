import { DatabaseSync } from 'node:sqlite';
import { SlipwayError } from '@slipway/contracts';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryDisk, MemoryEventLog } from '../testing/memory-event-log.js';
import type { EventStore, RecordedEvent } from '../port.js';
import { foldRows, type Projection } from './projection.js';
import { event, happenings, inFolder, modelsOf, owners, parcels, record, type Parcel } from './testing/parcels.js';
import { InThread } from './in-thread.js';
import { ReadModels } from './read-models.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

/** Everything that a file holds of a view: all versions of all rows. */
function versions(file: string, view: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true });
  const { build } = db.prepare('SELECT build FROM builds WHERE view = ? AND live = 1').get(view) as { build: number };
  const current = db.prepare(`SELECT * FROM current_${build} ORDER BY id`).all();
  const past = db.prepare(`SELECT * FROM past_${build} ORDER BY id, from_pos`).all();
  const notes = db.prepare(`SELECT * FROM notes_${build} ORDER BY key`).all();
  db.close();
  return [...current, ...past, ...notes];
}

async function shown(models: ReadModels, view: string, asOf?: string): Promise<Record<string, unknown>> {
  const page = await models.page(view, { sort: 'id', limit: 500, ...(asOf !== undefined && { asOf }) });
  return Object.fromEntries(page.items.map((text) => [JSON.parse(text).id ?? JSON.parse(text).owner, JSON.parse(text)]));
}

it('are made of whole events: what of one stands elsewhere is fetched, again where it is away for a while', () =>
  inFolder(async (file) => {
    const log = await storeOf();
    await record(log, [{ parcel: 1, type: 'Came', data: { shelf: 'elsewhere', owner: 'ada', weight: 1 } }]);
    let away = 1;
    const whole = (recorded: RecordedEvent): RecordedEvent => {
      if (away-- > 0) throw new SlipwayError('blob-unavailable', 'The disk is away');
      return { ...recorded, data: { ...recorded.data, shelf: 'found' } };
    };
    const projections = [parcels];
    const models = new ReadModels({
      ...{ file: file('models'), projections, log },
      projector: (told) => new InThread({ file: file('models'), projections, log, whole }, told),
    });
    await models.opened();
    expect(await models.reached(await log.head(), 20_000)).toBe(true);
    expect(await shown(models, 'parcels')).toMatchObject({ p1: { shelf: 'found' } });
    await models.close();
  }));

async function storeOf(log = new MemoryEventLog()): Promise<EventStore> {
  return log.as('orchestrator');
}

describe(`read models on random histories (SLIPWAY_SEED=${seed})`, () => {
  it('equal a rebuild at every checkpoint, in every version', async () => {
    const history = fc.array(happenings(12), { minLength: 1, maxLength: 5 });
    const equal = fc.asyncProperty(history, (batches) =>
      inFolder(async (file) => {
        const log = await storeOf();
        const models = await modelsOf(file('grown'), log);
        for (const [index, batch] of batches.entries()) {
          await record(log, batch);
          expect(await models.reached(await log.head(), 20_000)).toBe(true);
          const rebuilt = await modelsOf(file(`rebuilt-${index}`), log);
          for (const { name } of [parcels, owners])
            expect(versions(file(`rebuilt-${index}`), name)).toEqual(versions(file('grown'), name));
          await rebuilt.close();
        }
        await models.close();
      }),
    );
    await fc.assert(equal, { seed, numRuns: 25 });
  });

  it('show at any position what a fresh fold up to it shows', async () => {
    const equal = fc.asyncProperty(happenings(40), (all) =>
      inFolder(async (file) => {
        const memory = new MemoryEventLog();
        const log = await storeOf(memory);
        await record(log, all);
        const models = await modelsOf(file('models'), log);
        for (const [index, { position }] of memory.disk.events.entries()) {
          const before = memory.disk.events.slice(0, index + 1);
          expect(await shown(models, 'parcels', position)).toEqual(Object.fromEntries(foldRows(parcels, before)));
          expect(await shown(models, 'owners', position)).toEqual(Object.fromEntries(foldRows(owners, before)));
          for (const [id, row] of foldRows(parcels, before))
            expect(JSON.parse((await models.get('parcels', id, { asOf: position }))!)).toEqual(row);
        }
        await models.close();
      }),
    );
    await fc.assert(equal, { seed, numRuns: 25 });
  });
});

describe('a projector', () => {
  const came = { shelf: 'a', owner: 'ada', weight: 1 };

  it('goes on from its checkpoint after a restart, and reads nothing twice', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      let taken = 0;
      const counting: Projection<Parcel> = { ...parcels, project: (model, each) => ((taken += 1), parcels.project(model, each)) };
      await log.append('request-p1', -1, [event('Came', came), event('Moved', came)]);
      await (await modelsOf(file('models'), log, [counting])).close();
      await log.append('request-p1', 1, [event('Moved', came)]);
      const models = await modelsOf(file('models'), log, [counting]);
      expect(taken).toBe(3);
      expect(await shown(models, 'parcels')).toMatchObject({ p1: { moves: 2 } });
      await models.close();
    }));

  it('rebuilds when its checkpoint is of another log, of an epoch before a restore, or beyond the head', () =>
    inFolder(async (file) => {
      const memory = new MemoryEventLog();
      const log = await storeOf(memory);
      await record(log, [
        { parcel: 1, type: 'Came', data: came },
        { parcel: 2, type: 'Came', data: came },
      ]);
      const before = await modelsOf(file('models'), log);
      const old = before.position()!;
      await before.close();

      memory.disk.restore(1, Date.now());
      const restored = await modelsOf(file('models'), log);
      expect(Object.keys(await shown(restored, 'parcels'))).toEqual(['p1']);
      await expect(restored.page('parcels', { asOf: old })).rejects.toMatchObject({ code: 'gone' });
      await restored.close();

      const other = await storeOf(new MemoryEventLog({ disk: new MemoryDisk('other') }));
      await record(other, [{ parcel: 3, type: 'Came', data: came }]);
      const moved = await modelsOf(file('models'), other);
      expect(Object.keys(await shown(moved, 'parcels'))).toEqual(['p3']);
      await moved.close();

      const shorter = await storeOf(new MemoryEventLog({ disk: new MemoryDisk('other') }));
      const cut = await modelsOf(file('models'), shorter);
      expect(await shown(cut, 'parcels')).toEqual({});
      await cut.close();
    }));

  it.each([1, 2])('rebuilds while it runs when the log is restored under it (%i events are left)', (left) =>
    inFolder(async (file) => {
      const memory = new MemoryEventLog();
      const log = await storeOf(memory);
      await record(log, [
        { parcel: 1, type: 'Came', data: came },
        { parcel: 2, type: 'Came', data: came },
      ]);
      const models = await modelsOf(file('models'), log);
      memory.disk.restore(left, Date.now());
      expect(await models.reached(await log.head(), 20_000)).toBe(true);
      expect(Object.keys(await shown(models, 'parcels'))).toEqual(['p1', 'p2'].slice(0, left));
      await models.close();
    }),
  );

  it('starts anew from a file that is damaged: it is a cache', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      await record(log, [{ parcel: 1, type: 'Came', data: came }]);
      const { writeFileSync } = await import('node:fs');
      writeFileSync(file('models'), 'this is no database, and never was one'.repeat(1000));
      const models = await modelsOf(file('models'), log);
      expect(Object.keys(await shown(models, 'parcels'))).toEqual(['p1']);
      await models.close();
    }));

  it('starts from the copy that another replica made, and catches up', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      let taken = 0;
      const counting: Projection<Parcel> = { ...parcels, project: (model, each) => ((taken += 1), parcels.project(model, each)) };
      await record(log, [{ parcel: 1, type: 'Came', data: came }]);
      const first = await modelsOf(file('first'), log, [counting]);
      await first.snapshotTo(file('copy'));
      await first.close();
      await record(log, [{ parcel: 2, type: 'Came', data: came }]);
      const second = new ReadModels({
        file: file('second'),
        snapshot: file('copy'),
        projections: [counting],
        log,
        projector: (told) => new InThread({ file: file('second'), projections: [counting], log }, told),
      });
      await second.opened();
      expect(await second.reached(await log.head(), 20_000)).toBe(true);
      expect(Object.keys(await shown(second, 'parcels'))).toEqual(['p1', 'p2']);
      expect(taken).toBe(2);
      await second.close();
    }));

  it('is copied while events come in, every time', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      const models = await modelsOf(file('written'), log, [parcels]);
      let coming = true;
      const writing = (async () => {
        for (let n = 1; coming; n += 1) {
          await record(
            log,
            Array.from({ length: 50 }, (_, of) => ({ parcel: n * 100 + of, type: 'Came', data: came })),
          );
          await new Promise(setImmediate);
        }
      })();
      try {
        for (let n = 0; n < 60; n += 1) {
          await models.snapshotTo(file(`copy-${n}`));
        }
      } finally {
        coming = false;
        await writing;
        await models.close();
      }
    }));
});

describe('an event that a projection cannot take', () => {
  const came = { shelf: 'a', owner: 'ada', weight: 1 };
  const delicate: Projection<Parcel> = {
    ...parcels,
    project(model, each) {
      if (each.data.owner === 'mallory') throw new Error('mallory is not served');
      return parcels.project(model, each);
    },
  };

  it('stops that one view before it, which says which and why; the others go on; it is skipped by hand only', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      const bad = event('Came', { ...came, owner: 'mallory' });
      await log.append('request-p1', -1, [event('Came', came), bad, event('Moved', { ...came, shelf: 'b' })]);
      const models = await modelsOf(file('models'), log, [delicate, owners]);
      const at = (await log.read('request-p1'))[1]!.position;
      const states = () => Object.fromEntries(models.states().map((state) => [state.view, state]));
      expect(states()['parcels']!.stopped).toEqual({
        reason: `it can't take event ${bad.id} (Came at ${at}, stream request-p1): mallory is not served`,
        event: { id: bad.id, type: 'Came', stream: 'request-p1', position: at },
      });
      expect(states()['owners']!.stopped).toBeUndefined();
      expect(await shown(models, 'owners')).toMatchObject({ mallory: { parcels: 1 } });
      expect(await models.reached(await log.head(), 50, 'parcels')).toBe(false);

      await models.close();
      const again = await modelsOf(file('models'), log, [delicate, owners]);
      expect(again.states().map(({ view, stopped }) => [view, stopped?.event?.id])).toEqual([
        ['parcels', bad.id],
        ['owners', undefined],
      ]);
      await expect(again.skip('parcels', 'another')).rejects.toMatchObject({ code: 'not-possible' });
      await expect(again.skip('owners', bad.id)).rejects.toMatchObject({ code: 'not-possible' });
      await again.skip('parcels', bad.id);
      expect(await again.reached(await log.head(), 20_000, 'parcels')).toBe(true);
      expect(await shown(again, 'parcels')).toEqual({ p1: { id: 'p1', shelf: 'b', owner: 'ada', weight: 1, moves: 1 } });
      await again.close();

      const rebuiltWithSkip = await modelsOf(file('models'), log, [{ ...delicate, version: 2 }, owners]);
      expect(await rebuiltWithSkip.reached(await log.head(), 20_000, 'parcels')).toBe(true);
      expect(await shown(rebuiltWithSkip, 'parcels')).toMatchObject({ p1: { shelf: 'b' } });
      await rebuiltWithSkip.close();
    }));
});

describe('a rebuild beside', () => {
  const came = { shelf: 'a', owner: 'ada', weight: 1 };

  it('leaves readers the old rows until it has reached the head, then swaps', () =>
    inFolder(async (file) => {
      const log = await storeOf();
      await record(log, [{ parcel: 1, type: 'Came', data: came }]);
      await (await modelsOf(file('models'), log)).close();
      await record(log, [{ parcel: 2, type: 'Came', data: { ...came, owner: 'stopper' } }]);

      const heavier: Projection<Parcel> = {
        ...parcels,
        version: 2,
        fields: { ...parcels.fields, moves: { of: (row) => row.moves, sort: true } },
        project(model, each) {
          if (each.data.owner === 'stopper') throw new Error('stop here');
          return parcels
            .project(model, each)
            .map((change) => ('row' in change && change.row ? { ...change, row: { ...change.row, weight: 100 } } : change));
        },
      };
      const models = await modelsOf(file('models'), log, [heavier, owners]);
      expect(await shown(models, 'parcels')).toMatchObject({ p1: { weight: 1 } });
      await expect(models.page('parcels', { sort: 'moves' })).rejects.toMatchObject({ code: 'behind' });
      const state = models.states().find(({ view }) => view === 'parcels')!;
      expect(state.building).toBe((await log.read('request-p1'))[0]!.position);
      expect(state.live).toBe((await log.read('request-p1'))[0]!.position);

      await models.skip('parcels', state.stopped!.event!.id);
      expect(await models.reached(await log.head(), 20_000, 'parcels')).toBe(true);
      expect(await shown(models, 'parcels')).toMatchObject({ p1: { weight: 100 } });
      expect((await models.page('parcels', { sort: 'moves' })).items).toHaveLength(1);
      await models.close();

      const db = new DatabaseSync(file('models'), { readOnly: true });
      expect(db.prepare("SELECT count(*) AS builds FROM builds WHERE view = 'parcels'").get()).toEqual({ builds: 1 });
      expect(
        db.prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name LIKE 'current%'").get(),
      ).toEqual({ tables: 2 });
      db.close();
    }));

  it('appends nothing', () =>
    inFolder(async (file) => {
      const memory = new MemoryEventLog();
      const log = await storeOf(memory);
      await record(log, [{ parcel: 1, type: 'Came', data: came }]);
      const reading = new Proxy(log, {
        get(target, name, receiver) {
          if (name === 'append') throw new Error('a projector appends nothing');
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : (value ?? Reflect.get(target, name, receiver));
        },
      });
      const models = await modelsOf(file('models'), reading);
      expect(await shown(models, 'parcels')).toMatchObject({ p1: { weight: 1 } });
      expect(memory.disk.events).toHaveLength(1);
      await models.close();
    }));
});

describe('history', () => {
  it('that is no longer kept is gone; what is kept stays', () =>
    inFolder(async (file) => {
      const { Projector } = await import('./projector.js');
      const { Reader } = await import('./reader.js');
      let now = Date.parse('2030-01-01T00:00:00Z');
      const clock = { now: () => now, after: (_ms: number, task: () => void) => (queueMicrotask(task), () => {}) };
      const log = await storeOf(new MemoryEventLog({ clock }));
      const came = { shelf: 'a', owner: 'ada', weight: 1 };
      await log.append('request-p1', -1, [event('Came', came), event('Moved', { ...came, shelf: 'b' })]);
      now += 10_000;
      await log.append('request-p1', 1, [event('Moved', { ...came, shelf: 'c' })]);
      now += 5_000;
      await new Promise<void>((resolve, reject) => {
        const projector = new Projector({
          file: file('models'),
          projections: [parcels],
          log,
          keepHistory: 10_000,
          clock,
          changed: () => {},
        });
        projector.start().catch(reject);
        setTimeout(() => projector.close().then(resolve, reject), 200);
      });
      const reader = new Reader(file('models'));
      const rowAt = (at: number) => reader.read((snapshot) => snapshot.row('parcels', 'p1', at));
      expect(() => rowAt(1)).toThrow(expect.objectContaining({ code: 'gone' }));
      expect(JSON.parse(rowAt(2)!)).toMatchObject({ shelf: 'b' });
      expect(JSON.parse(rowAt(3)!)).toMatchObject({ shelf: 'c' });
      reader.close();
    }));
});
