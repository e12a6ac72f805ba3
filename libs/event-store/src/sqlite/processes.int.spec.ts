import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, RecordedEvent } from '../port.js';
import { seededRandom, seedOf } from '../testing/index.js';
import { newEvent, newStream, PATIENCE_MS, refusal, until } from '../testing/contract-setting.js';
import { auditLog } from './audit.js';
import { builtFile } from './built-file.js';
import { HEAD_FILE, LOG_FILE } from './files.js';
import type { Acknowledged } from './fixtures/appender.js';
import { openSqliteEventLog } from './index.js';
import { inspectFile } from './inspection.js';
import { SqliteAdapter } from './sqlite-event-log.js';
import { createEventLog } from '../event-log.js';
import { TIME_LIMIT } from './writer.js';

let folder: string;
let open: EventLog[];
const children: ChildProcess[] = [];
const start = (fixture: string, ...options: string[]) => {
  const child = fork(builtFile(import.meta.url, `fixtures/${fixture}.js`), options, { execArgv: [], stdio: 'inherit' });
  children.push(child);
  return child;
};

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function openLog({ timeLimitMs = PATIENCE_MS } = {}): Promise<EventLog> {
  const log = await openSqliteEventLog({ folder, timeLimitMs });
  open.push(log);
  return log;
}

/** With the adapter, whose writer thread can be ended. */
async function openAdapter({ timeLimitMs = PATIENCE_MS } = {}): Promise<{ log: EventLog; adapter: SqliteAdapter }> {
  const adapter = await SqliteAdapter.open({ folder, timeLimitMs });
  const log = createEventLog(adapter);
  open.push(log);
  return { log, adapter };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  await Promise.all(open.map((log) => log.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('several processes at one log', () => {
  it('lose nothing that was acknowledged and tear nothing when they are killed at any moment', async () => {
    const seed = seedOf(Date.now() % 2 ** 31);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const log = await openLog();
    const seen: RecordedEvent[] = [];
    const failures: unknown[] = [];
    log
      .as(null)
      .subscribe({ name: 'witness', events: (batch) => void seen.push(...batch), failed: (error) => failures.push(error) });

    const acknowledged: Acknowledged[] = [];
    const appender = () =>
      start('appender', folder, 'request-shared').on('message', (ack) => acknowledged.push(ack as Acknowledged));
    let running = [appender(), appender(), appender()];
    for (let kills = 0; kills < 6; kills += 1) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 50);
      await sleep(random() * 100);
      const victim = running[Math.floor(random() * running.length)]!;
      await kill(victim);
      running = [...running.filter((child) => child !== victim), appender()];
    }
    await Promise.all(running.map(kill));
    expect(children.map((child) => child.exitCode)).toEqual(children.map(() => null));

    const head = await log.as(null).head();
    await until(() => seen.at(-1)?.position === head);
    await log.close();
    expect(failures).toEqual([]);
    expect(auditLog(join(folder, LOG_FILE))).toBe(seen.length);

    const again = await openLog();
    const streams = new Map<string, RecordedEvent[]>();
    for (const stream of new Set(acknowledged.map((ack) => ack.stream))) streams.set(stream, await again.as(null).read(stream));
    for (const { stream, revision, position, ids } of acknowledged) {
      const events = streams.get(stream)!.slice(revision + 1 - ids.length, revision + 1);
      expect(events.map((event) => event.id)).toEqual(ids);
      expect(events.at(-1)!.position).toBe(position);
    }
    expect(seen.map((event) => event.position)).toEqual([...new Set(seen.map((event) => event.position))].sort());
    const shared = streams.get('request-shared')!;
    expect(seen.filter((event) => event.stream === 'request-shared')).toEqual(shared);
    expect(new Set(acknowledged.filter((ack) => ack.stream === 'request-shared').flatMap((ack) => ack.ids)).size).toBeGreaterThan(
      0,
    );
  }, 240_000);

  it('open it while others append, and take no event that comes meanwhile for a missing one', async () => {
    const head = join(folder, HEAD_FILE);
    await inspectFile(join(folder, LOG_FILE), head);
    let appended = 0;
    for (let n = 0; n < 2; n += 1) start('appender', folder, 'request-shared').on('message', () => (appended += 1));
    await until(() => appended > 0);
    const before = appended;
    for (let opened = 0; opened < 400; opened += 1) await inspectFile(join(folder, LOG_FILE), head);
    await until(() => appended > before);
  });

  it('are told "log-unavailable" while one of them keeps the lock, and go on when it lets go', async () => {
    const hasty = (await openLog({ timeLimitMs: TIME_LIMIT })).as('orchestrator');
    const store = (await openLog()).as('orchestrator');
    await store.append('request-1', -1, [newEvent()]);
    const holder = start('lock-holder', join(folder, LOG_FILE));
    holder.send('hold');
    await once(holder, 'message');

    const event = newEvent();
    const byLock = { reason: 'another process holds the lock' };
    // A machine that is busy enough answers later than the limit, and then says that instead.
    await until(async () => {
      const refused = await Promise.all([1, 2, 3].map((id) => refusal(hasty.append(`request-${id + 1}`, -1, [event]))));
      expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'log-unavailable'));
      return refused.every(({ details }) => isDeepStrictEqual(details, byLock));
    });
    expect(await store.read('request-1')).toHaveLength(1);

    const waiting = store.append('request-1', 0, [newEvent()]);
    holder.send('release');
    expect((await waiting).revision).toBe(1);
    expect((await store.append('request-2', -1, [event])).repeated).toBe(false);
    expect((await store.readAll()).events).toHaveLength(3);
  });
});

describe('the writer thread', () => {
  it('is started anew when it dies; what was under way is recorded once', async () => {
    const { log, adapter } = await openAdapter();
    const store = log.as('orchestrator');
    let stop = false;
    const done = new Map<string, string[]>();
    const call = async (_: unknown, caller: number) => {
      const stream = `request-${caller}`;
      const ids: string[] = [];
      done.set(stream, ids);
      while (!stop) {
        const event = newEvent();
        await store.append(stream, ids.length - 1, [event]);
        ids.push(event.id);
      }
    };
    const callers = Promise.all(Array.from({ length: 8 }, call));
    for (let deaths = 0; deaths < 5; deaths += 1) {
      const recorded = () => [...done.values()].reduce((sum, ids) => sum + ids.length, 0);
      const before = recorded();
      void adapter.writer.worker.terminate();
      await Promise.race([callers, until(() => recorded() > before + 20)]);
    }
    stop = true;
    await callers;
    for (const [stream, ids] of done) expect((await store.read(stream)).map((event) => event.id)).toEqual(ids);
    await log.close();
    auditLog(join(folder, LOG_FILE));
  });

  it('that cannot be started is said, and it starts by itself when it can', async () => {
    await (await openLog()).as('orchestrator').append('request-1', -1, [newEvent()]);
    const { log, adapter } = await openAdapter({ timeLimitMs: TIME_LIMIT });
    const store = log.as('orchestrator');
    const [file, away] = [join(folder, LOG_FILE), join(folder, 'away')];
    await rename(file, away);
    await adapter.writer.worker.terminate();
    const event = newEvent();
    // The thread that takes its place may take longer to come to its end than the append may.
    await until(async () => {
      const { code, message } = await refusal(store.append('request-1', 0, [event]));
      expect(code).toBe('log-unavailable');
      return message.includes('writer thread has died: ENOENT');
    });
    expect(existsSync(file)).toBe(false);
    await rename(away, file);
    let appended;
    while (!appended) appended = await store.append('request-1', 0, [event]).catch(() => undefined);
    expect(appended.revision).toBe(1);
    expect(await store.read('request-1')).toHaveLength(2);
  });

  it('is not said to be late when it was the caller who was held up', async () => {
    const { log } = await openAdapter({ timeLimitMs: TIME_LIMIT });
    const store = log.as('orchestrator');
    const block = new Int32Array(new SharedArrayBuffer(4));
    // A machine that is busy enough may be late indeed, so it may try again.
    await until(async () => {
      const appending = store.append(newStream(), -1, [newEvent()]);
      await nextTurn();
      Atomics.wait(block, 0, 0, 1.5 * TIME_LIMIT);
      return appending.then(
        () => true,
        () => false,
      );
    });
  });

  it('does not write to a file that was taken away, and says so', async () => {
    const log = await openLog();
    const store = log.as('orchestrator');
    await store.append('request-1', -1, [newEvent()]);
    await rm(join(folder, LOG_FILE));
    const { code, message } = await refusal(store.append('request-1', 0, [newEvent()]));
    expect({ code, message }).toEqual({ code: 'log-unavailable', message: expect.stringContaining('removed or replaced') });
  });
});
