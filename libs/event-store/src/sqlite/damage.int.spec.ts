import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, RecordedEvent } from '../port.js';
import { newEvents, PATIENCE_MS, refusal, until } from '../testing/contract-setting.js';
import { randomHistory, replay, seededRandom, seedOf } from '../testing/index.js';
import { auditLog } from './audit.js';
import { HEAD_FILE, LOG_FILE, openSqliteEventLog } from './index.js';
import { inspectFile } from './inspection.js';
import { Reader } from './reader.js';

let folder: string;
let file: string;
let open: EventLog[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  file = join(folder, LOG_FILE);
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((log) => log.close()));
  await rm(folder, { recursive: true, force: true });
});

async function openLog(options: { auditAfterMs?: number } = {}): Promise<EventLog> {
  const log = await openSqliteEventLog({ folder, timeLimitMs: PATIENCE_MS, ...options });
  open.push(log);
  return log;
}

/** A closed log of some streams, and what was in it. */
async function closedLog(appends = 60): Promise<RecordedEvent[]> {
  const log = await openLog();
  await replay(log, randomHistory(7, { appends, streams: 5 }));
  const { events } = await log.as(null).readAll({ limit: 5_000 });
  await log.close();
  return events;
}

/** As somebody with a hex editor, or a failing disk, would. */
function alter(sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe('a changed event', () => {
  it.each([
    ['data', `data = replace(data, ':', ';')`],
    ['metadata', `metadata = replace(metadata, 'ada', 'ida')`],
    ['a bit of the data', `data = '{"text":"' || char(unicode(substr(data, 10)) + 1) || substr(data, 11)`],
    ['id', `id = '00000000-0000-4000-8000-000000000000'`],
    ['type', `type = 'Othered'`],
    ['version', `version = version + 1`],
    ['time', `recorded_at = recorded_at + 1`],
    ['SHA-256', `digest = '0' || substr(digest, 2)`],
  ])('(%s) is named with its stream, revision and position, and never served', async (_, change) => {
    const events = await closedLog();
    const victim = events[30]!;
    const log = await openLog();
    alter(`UPDATE events SET ${change} WHERE position = 31`);
    const details = { stream: victim.stream, revision: victim.revision, position: victim.position };
    const store = log.as('orchestrator');
    expect(await refusal(store.readAll())).toMatchObject({ code: 'log-damaged', details });
    expect(await refusal(store.read(victim.stream))).toMatchObject({ code: 'log-damaged', details });
    expect((await store.readAll({ limit: 30 })).events).toEqual(events.slice(0, 30));
    const failures: unknown[] = [];
    const got: RecordedEvent[] = [];
    store.subscribe({
      name: 'test',
      limit: 10,
      events: (batch) => void got.push(...batch),
      failed: (error) => failures.push(error),
    });
    await until(() => failures.length > 0);
    expect(failures).toMatchObject([{ code: 'log-damaged', details }]);
    expect(got).toEqual(events.slice(0, 30));
  });

  it('is named when it was moved to another stream or revision', async () => {
    await closedLog();
    const log = await openLog();
    alter(`UPDATE events SET stream = 'request-elsewhere', revision = 0 WHERE position = 20`);
    const { code, details } = await refusal(log.as(null).read('request-elsewhere'));
    expect({ code, details }).toMatchObject({ code: 'log-damaged', details: { stream: 'request-elsewhere', revision: 0 } });
  });

  it('is named when it is missing, in its stream and among all', async () => {
    const events = await closedLog();
    const log = await openLog();
    const victim = events.find((event) =>
      events.some((later) => later.stream === event.stream && later.revision > event.revision),
    )!;
    alter(`DELETE FROM events WHERE stream = '${victim.stream}' AND revision = ${victim.revision}`);
    const gap = new RegExp(`revision ${victim.revision} is missing`);
    expect(await refusal(log.as(null).read(victim.stream))).toMatchObject({
      code: 'log-damaged',
      message: expect.stringMatching(gap),
    });
    expect(await refusal(log.as(null).readAll())).toMatchObject({
      code: 'log-damaged',
      message: expect.stringContaining('is missing'),
    });
  });
});

describe('a flipped bit in the file', () => {
  it('is never served, wherever it is, and the look through the log finds it', async () => {
    const seed = seedOf(Date.now() % 2 ** 31);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const events = await closedLog(40);
    const whole = readFileSync(file);
    let noticed = 0;
    for (let tries = 0; tries < 60; tries += 1) {
      const bytes = Buffer.from(whole);
      const at = Math.floor(random() * bytes.length);
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(file, bytes);
      const [read, found] = [await readWhole(), auditFinds()];
      if (read) expect({ at, events: read }).toEqual({ at, events: events });
      if (!read || found) noticed += 1;
    }
    // What is left over are bytes that carry nothing: free space in pages, counters that SQLite does not check.
    expect(noticed).toBeGreaterThan(0);
  });

  /** All that is served, in order; `null` when it was refused as damaged. */
  async function readWhole(): Promise<RecordedEvent[] | null> {
    let log: EventLog | undefined;
    try {
      log = await openSqliteEventLog({ folder });
      const { events } = await log.as(null).readAll({ limit: 5_000 });
      return events;
    } catch (error) {
      expect(['log-damaged', 'config-invalid', 'event-too-new']).toContain((error as { code: string }).code);
      return null;
    } finally {
      await log?.close();
    }
  }

  it('in what says whose log it is, and what its tables are, is no other log and no passing failure', async () => {
    const events = await closedLog(10);
    const [whole, noted] = [readFileSync(file), readFileSync(join(folder, HEAD_FILE))];
    for (const [at, bits] of [...bytesOfWho(whole)])
      for (const bit of bits) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1 << bit;
        writeFileSync(file, bytes);
        writeFileSync(join(folder, HEAD_FILE), noted);
        const read = await readWithoutWriter();
        if (read) expect({ at, bit, events: read }).toEqual({ at, bit, events });
      }
  });

  /** Offsets, and which bits of them: the file's header, the tables' SQL (another letter, the other case), the log's id and epochs. */
  function* bytesOfWho(whole: Buffer): Generator<[at: number, bits: number[]]> {
    const PAGE = 4_096;
    const every = [0, 1, 2, 3, 4, 5, 6, 7];
    for (let at = 0; at < 120; at += 1) yield [at, every];
    const sql = whole.indexOf('tableepochs');
    // What was made last stands first: the tables of the id and the epochs.
    for (let at = sql; at < PAGE; at += at < sql + 150 ? 1 : 5) yield [at, [0, 5]];
    const db = new DatabaseSync(file, { readOnly: true });
    const roots = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name IN ('log', 'epochs')").all();
    db.close();
    for (const { rootpage } of roots)
      for (let at = Number(rootpage) * PAGE - 24; at < Number(rootpage) * PAGE; at += 1) yield [at, every];
  }

  /** All that is served, in order; `null` when it was refused for good. */
  async function readWithoutWriter(): Promise<RecordedEvent[] | null> {
    let reader: Reader | undefined;
    try {
      reader = new Reader(file, await inspectFile(file, join(folder, HEAD_FILE)));
      return reader.all(0, reader.head(), 5_000, {}).events;
    } catch (error) {
      expect(['log-damaged', 'config-invalid', 'event-too-new']).toContain((error as { code: string }).code);
      return null;
    } finally {
      reader?.close();
    }
  }

  function auditFinds(): boolean {
    try {
      auditLog(file);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'log-damaged' });
      return true;
    }
  }

  it('in every byte of an event is named', async () => {
    const events = await closedLog(10);
    const whole = readFileSync(file);
    const text = JSON.stringify(events[3]!.data);
    // A page that was split keeps old copies in its free space.
    const copies: number[] = [];
    for (let at = whole.indexOf(text); at >= 0; at = whole.indexOf(text, at + 1)) copies.push(at);
    expect(copies).not.toEqual([]);
    for (let at = 0; at < Buffer.byteLength(text); at += 7) {
      const bytes = Buffer.from(whole);
      for (const copy of copies) bytes[copy + at]! ^= 4;
      writeFileSync(file, bytes);
      const log = await openSqliteEventLog({ folder });
      const { stream, revision, position } = events[3]!;
      expect(await refusal(log.as(null).readAll())).toMatchObject({
        code: 'log-damaged',
        details: { stream, revision, position },
      });
      await log.close();
    }
  });

  it('in an index hides an event from reads of its stream: the daily look finds it, and nothing is served any more', async () => {
    const made = await openLog();
    await made.as('orchestrator').append('request-lonely', -1, newEvents(1));
    await made.close();
    const bytes = readFileSync(file);
    const leafOfIndex = 0x0a;
    for (let at = 0; at >= 0; at = bytes.indexOf('request-lonely', at + 1))
      if (at > 0 && bytes[at - (at % 4_096)] === leafOfIndex) bytes[at + 8]! ^= 1;
    writeFileSync(file, bytes);
    const before = await openLog();
    expect(await before.as(null).read('request-lonely')).toEqual([]);
    await before.close();
    const log = await openLog({ auditAfterMs: 10 });
    const store = log.as('orchestrator');
    const failures: unknown[] = [];
    store.subscribe({ name: 'test', events: () => {}, failed: (error) => failures.push(error) });
    await until(() => failures.length > 0);
    expect(failures).toMatchObject([{ code: 'log-damaged', message: expect.stringContaining('events_by_stream') }]);
    expect(await refusal(store.read('request-lonely'))).toMatchObject({ code: 'log-damaged' });
    expect(await refusal(store.append('request-new', -1, newEvents(1)))).toMatchObject({ code: 'log-damaged' });
  });
});

describe('a cut tail', () => {
  it('of the WAL is named when the log is opened', async () => {
    const log = await openLog();
    const store = log.as('orchestrator');
    await store.append('request-1', -1, newEvents(3));
    const wal = readFileSync(`${file}-wal`);
    await store.append('request-1', 2, newEvents(2));
    // As a crash leaves it: copied while it is open.
    copyFileSync(file, `${file}.copy`);
    await log.close();
    renameSync(`${file}.copy`, file);
    writeFileSync(`${file}-wal`, wal);
    const { code, message, details } = await refusal(openLog());
    expect({ code, message }).toEqual({ code: 'log-damaged', message: expect.stringContaining('its last 2 events are cut off') });
    expect(details).toMatchObject({ position: expect.stringMatching(/0000003$/), had: expect.stringMatching(/0000005$/) });
  });

  it('of the WAL, all of it, is named', async () => {
    const log = await openLog();
    await log.as('orchestrator').append('request-1', -1, newEvents(3));
    copyFileSync(file, `${file}.copy`);
    await log.close();
    renameSync(`${file}.copy`, file);
    expect(await refusal(openLog())).toMatchObject({ code: 'log-damaged' });
  });

  it('of the database is named, at every length', async () => {
    await closedLog();
    const whole = readFileSync(file);
    for (let length = whole.length - 1; length > 0; length -= 4_096 * 3 + 1) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      expect(await refusal(openLog())).toMatchObject({ code: 'log-damaged', details: { file } });
    }
  });

  it('of the table is named', async () => {
    const events = await closedLog();
    alter(`DELETE FROM events WHERE position > ${events.length - 4}`);
    rmSync(join(folder, HEAD_FILE));
    expect(await refusal(openLog())).toMatchObject({
      code: 'log-damaged',
      message: expect.stringContaining('its last 4 events are cut off'),
    });
  });

  it('is named when the whole file is missing, and no new log is begun', async () => {
    await closedLog();
    rmSync(file);
    expect(await refusal(openLog())).toMatchObject({ code: 'log-damaged', message: expect.stringContaining('is missing') });
    expect(existsSync(file)).toBe(false);
  });

  it('is named when an older copy was put in its place by hand', async () => {
    await closedLog(20);
    copyFileSync(file, `${file}.old`);
    const log = await openLog();
    await log.as('orchestrator').append('request-new', -1, newEvents(1));
    await log.close();
    renameSync(`${file}.old`, file);
    expect(await refusal(openLog())).toMatchObject({
      code: 'log-damaged',
      message: expect.stringContaining('its last 1 events are cut off'),
    });
  });

  it('is no false alarm: a head file that is older, half written or missing is written anew', async () => {
    const events = await closedLog(20);
    for (const content of ['', 'slipway-head x 1 5 0000000000000000', 'rubbish']) {
      writeFileSync(join(folder, HEAD_FILE), content);
      const log = await openLog();
      expect(await log.as(null).head()).toBe(events.at(-1)!.position);
      await log.close();
      expect(readFileSync(join(folder, HEAD_FILE), 'utf8')).toMatch(new RegExp(`^slipway-head \\S+ 1 ${events.length} `));
    }
  });
});

describe('what is no log of ours', () => {
  it('is refused: another database, another release, no database', async () => {
    alter('CREATE TABLE theirs (x)');
    expect(await refusal(openLog())).toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('not a Slipway log'),
    });
    rmSync(file);
    await closedLog(3);
    alter('PRAGMA user_version = 99');
    expect(await refusal(openLog())).toMatchObject({ code: 'event-too-new' });
    writeFileSync(file, 'text '.repeat(1_000));
    expect(await refusal(openLog())).toMatchObject({ code: 'log-damaged' });
  });
});
