import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog } from '../port.js';
import { newEvent, newEvents, PATIENCE_MS, refusal, until } from '../testing/contract-setting.js';
import { randomHistory, replay } from '../testing/index.js';
import { auditLog } from './audit.js';
import { LOG_FILE, openSqliteEventLog, restoreLog } from './index.js';

let folder: string;
let data: string;
let copy: string;
let open: EventLog[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  [data, copy, open] = [join(folder, 'data'), join(folder, 'backup.sqlite'), []];
});
afterEach(async () => {
  await Promise.all(open.map((log) => log.close()));
  await rm(folder, { recursive: true, force: true });
});

async function openLog(at = data): Promise<EventLog> {
  const log = await openSqliteEventLog({ folder: at, timeLimitMs: PATIENCE_MS });
  open.push(log);
  return log;
}

describe('backup', () => {
  it('is one moment of the log while it goes on', async () => {
    const log = await openLog();
    const store = log.as('orchestrator');
    let stop = false;
    let revision = -1;
    const appending = (async () => {
      while (!stop) ({ revision } = await store.append('request-1', revision, newEvents(5)));
    })();
    await until(() => revision > 500);
    await log.backup!(copy);
    const during = revision;
    await until(() => revision > during + 50);
    stop = true;
    await appending;
    const events = auditLog(copy);
    expect(events % 5).toBe(0);
    expect(events).toBeGreaterThan(500);
    const whole = await store.read('request-1');
    const restored = join(folder, 'elsewhere');
    restoreLog({ from: copy, folder: restored });
    const other = await openLog(restored);
    const ids = (await other.as(null).read('request-1')).map((event) => event.id);
    expect(ids).toEqual(whole.slice(0, events).map((event) => event.id));
  });

  it('refuses to overwrite, and to copy what is damaged', async () => {
    const log = await openLog();
    await replay(log, randomHistory(3, { appends: 20 }));
    writeFileSync(copy, '');
    expect(await refusal(log.backup!(copy))).toMatchObject({ code: 'not-possible' });
    const [event] = (await log.as(null).readAll({ limit: 1 })).events;
    await log.close();
    const bytes = readFileSync(join(data, LOG_FILE));
    bytes[bytes.lastIndexOf(event!.id)]! ^= 1;
    writeFileSync(join(data, LOG_FILE), bytes);
    const second = join(folder, 'second.sqlite');
    const damaged = await openLog();
    expect(await refusal(damaged.backup!(second))).toMatchObject({ code: 'log-damaged' });
    expect(existsSync(second)).toBe(false);
    expect(existsSync(`${second}.part`)).toBe(false);
  });
});

describe('restore', () => {
  it('brings back what the backup held, as a new epoch: what was given after it is gone, what was given before still holds', async () => {
    const log = await openLog();
    const store = log.as('orchestrator');
    await replay(log, randomHistory(5, { appends: 50 }));
    const kept = (await store.readAll({ limit: 5_000 })).events;
    await log.backup!(copy);
    const late = await store.append('request-late', -1, [newEvent()]);
    const before = log.info();
    await log.close();

    const { epoch, events, replaced } = restoreLog({ from: copy, folder: data });
    expect(events).toBe(kept.length);
    expect(existsSync(join(replaced!, LOG_FILE))).toBe(true);
    const again = await openLog();
    expect(again.info()).toEqual({ ...before, epoch });
    expect(epoch).toBeGreaterThan(before.epoch);
    const reader = again.as('orchestrator');
    const now = (await reader.readAll({ limit: 5_000 })).events;
    expect(now).toEqual(kept.map((event, index) => ({ ...event, position: now[index]!.position })));
    expect(now[0]!.position > kept.at(-1)!.position).toBe(true);

    const middle = kept[20]!.position;
    expect((await reader.readAll({ after: middle, limit: 5_000 })).events).toEqual(now.slice(21));
    const gone = { code: 'gone', details: { position: late.position, reason: 'a restore has left it behind' } };
    expect(await refusal(reader.readAll({ after: late.position }))).toMatchObject(gone);
    const other = await reader.append('request-other', -1, [newEvent()]);
    expect(other.position.slice(-20)).toBe(late.position.slice(-20));
    expect(await refusal(reader.readAll({ after: late.position }))).toMatchObject(gone);
    expect((await reader.readAll({ after: now.at(-1)!.position })).events).toHaveLength(1);
  });

  it('twice from one backup makes two epochs, also when the log that was replaced is gone', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(2));
    await log.backup!(copy);
    await log.close();
    const clock = { now: () => 1_800_000_000_000, after: () => () => {} };
    const first = restoreLog({ from: copy, folder: data, clock });
    const second = restoreLog({ from: copy, folder: data, clock });
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await rm(data, { recursive: true });
    const third = restoreLog({ from: copy, folder: data, clock: { ...clock, now: () => 1_800_000_009_000 } });
    expect(third).toMatchObject({ epoch: 1_800_000_009, replaced: null });
  });

  it('refuses while a process has the log open, and changes nothing', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(2));
    await log.backup!(copy);
    await log.as('orchestrator').append('request-1', 1, newEvents(2));
    expect(() => restoreLog({ from: copy, folder: data })).toThrow(expect.objectContaining({ code: 'not-possible' }));
    await log.as('orchestrator').append('request-1', 3, newEvents(1));
    expect(await log.as(null).read('request-1')).toHaveLength(5);
  });

  it('refuses a damaged backup, one that is missing, and changes nothing', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(40));
    await log.backup!(copy);
    await log.close();
    const bytes = readFileSync(copy);
    bytes[bytes.lastIndexOf('{"index":7}') + 9]! ^= 1;
    writeFileSync(copy, bytes);
    expect(() => restoreLog({ from: copy, folder: data })).toThrow(expect.objectContaining({ code: 'log-damaged' }));
    expect(() => restoreLog({ from: `${copy}-not`, folder: data })).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(await (await openLog()).as(null).read('request-1')).toHaveLength(40);
  });

  it('takes the place of a log that is damaged beyond opening', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(3));
    await log.backup!(copy);
    await log.close();
    writeFileSync(join(data, LOG_FILE), 'not a database '.repeat(500));
    expect(await refusal(openLog())).toMatchObject({ code: 'log-damaged' });
    restoreLog({ from: copy, folder: data });
    expect(await (await openLog()).as(null).read('request-1')).toHaveLength(3);
  });

  it('leaves the backup as it was, and makes the folder when there is none', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(3));
    await log.backup!(copy);
    copyFileSync(copy, `${copy}-2`);
    expect(restoreLog({ from: `${copy}-2`, folder: join(folder, 'a', 'b') })).toMatchObject({ events: 3, replaced: null });
    expect(readFileSync(copy).equals(readFileSync(`${copy}-2`))).toBe(true);
  });
});
