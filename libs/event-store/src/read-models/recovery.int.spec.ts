import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import type { EventStore } from '../port.js';
import { openSqliteEventLog } from '../sqlite/index.js';
import { PATIENCE_MS } from '../testing/contract-setting.js';
import { MemoryEventLog } from '../testing/memory-event-log.js';
import { InThread } from './in-thread.js';
import { InWorker } from './in-worker.js';
import { ReadModels } from './read-models.js';
import { event, inFolder, parcels } from './testing/parcels.js';

const came = { shelf: 'a', owner: 'ada', weight: 1 };

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!holds() && Date.now() < end) await sleep(5);
  expect(holds()).toBe(true);
}

/** A registry whose worker dies of an uncaught error, the first time it runs only. */
const dying = (marker: string): string => `
  import { existsSync, writeFileSync } from 'node:fs';
  if (!existsSync(${JSON.stringify(marker)})) {
    writeFileSync(${JSON.stringify(marker)}, '');
    setTimeout(() => { throw new Error('out of its depth'); }, 200);
  }
  export const projections = [{
    name: 'parcels', version: 1, categories: ['request'], fields: {}, defaultSort: 'id',
    project: (_model, { stream, data }) => [{ id: stream, row: data }],
  }];`;

describe('read models', () => {
  it('say so when their worker has died, and go on with the next one', () =>
    inFolder(async (file) => {
      const settings = { eventLog: 'sqlite', folder: file('log') };
      const log = await openSqliteEventLog({ folder: settings.folder, timeLimitMs: PATIENCE_MS });
      const store = log.as('orchestrator');
      await store.append('request-1', -1, [event('Came', came)]);
      writeFileSync(file('registry.mjs'), dying(file('died')));
      const registry = pathToFileURL(file('registry.mjs')).href;
      const models = new ReadModels({
        file: file('models'),
        projections: [{ ...parcels, fields: {}, defaultSort: 'id' }],
        log: store,
        projector: (told) => new InWorker({ file: file('models'), registry, log: settings }, told),
      });
      await models.opened();
      await until(() => models.states().some(({ stopped }) => stopped?.reason.includes('out of its depth')));
      await store.append('request-2', -1, [event('Came', came)]);
      expect(await models.reached(await store.head(), 30_000)).toBe(true);
      expect(models.states().map(({ stopped }) => stopped)).toEqual([undefined]);
      expect((await models.page('parcels', {})).items).toHaveLength(2);
      await models.close();
      await log.close();
    }));

  it('open while the log is away, say why, and begin when it is back', () =>
    inFolder(async (file) => {
      let away = true;
      const store: EventStore = new MemoryEventLog().as('orchestrator');
      const { head } = store;
      store.head = async () => {
        if (away) throw new SlipwayError('log-unavailable', 'nobody answers at kurrentdb://nowhere');
        return head.call(store);
      };
      await store.append('request-1', -1, [event('Came', came)]);
      const models = new ReadModels({
        file: file('models'),
        projections: [parcels],
        log: store,
        projector: (told) => new InThread({ file: file('models'), projections: [parcels], log: store }, told),
      });
      await models.opened();
      expect(models.states()).toMatchObject([
        { view: 'parcels', live: null, stopped: { reason: expect.stringContaining('nobody answers') } },
      ]);
      await expect(models.page('parcels', {})).rejects.toMatchObject({ code: 'behind' });
      expect(models.position()).toBeNull();
      away = false;
      expect(await models.reached(await store.head(), 30_000)).toBe(true);
      expect((await models.page('parcels', {})).items).toHaveLength(1);
      await models.close();
    }));

  it('try again what the disk refused, and lose nothing', () =>
    inFolder(async (file) => {
      const store = new MemoryEventLog().as('orchestrator');
      const models = new ReadModels({
        file: file('models'),
        projections: [parcels],
        log: store,
        projector: (told) => new InThread({ file: file('models'), projections: [parcels], log: store }, told),
      });
      await models.opened();
      const other = new DatabaseSync(file('models'));
      other.exec("CREATE TRIGGER full BEFORE UPDATE OF checkpoint ON builds BEGIN SELECT RAISE(ABORT, 'disk full'); END");
      await store.append('request-1', -1, [event('Came', came)]);
      await until(() => models.states().some(({ stopped }) => stopped?.reason.includes('disk full')));
      expect((await models.page('parcels', {})).items).toHaveLength(0);
      other.exec('DROP TRIGGER full');
      other.close();
      expect(await models.reached(await store.head(), 30_000)).toBe(true);
      expect((await models.page('parcels', {})).items).toHaveLength(1);
      await models.close();
    }));
});
