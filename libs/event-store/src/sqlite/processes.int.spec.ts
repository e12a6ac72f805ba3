import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../port.js';
import { seededRandom, seedOf } from '../testing/index.js';
import { refusal, newEvent, until } from '../testing/contract-setting.js';
import { auditLog } from './audit.js';
import { builtFile } from './built-file.js';
import { HEAD_FILE, LOG_FILE } from './files.js';
import type { Acknowledged } from './fixtures/appender.js';
import { openSqliteEventLog } from './index.js';
import { inspectFile } from './inspection.js';
import { SqliteAdapter } from './sqlite-event-log.js';
import { createEventLog } from '../event-log.js';

let folder: string;
const children: ChildProcess[] = [];
const start = (fixture: string, ...options: string[]) => {
  const child = fork(builtFile(import.meta.url, `fixtures/${fixture}.js`), options, { execArgv: [], stdio: 'inherit' });
  children.push(child);
  return child;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

describe('several processes at one log', () => {
  it('lose nothing that was acknowledged and tear nothing when they are killed at any moment', async () => {
    const seed = seedOf(Date.now() % 2 ** 31);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const log = await openSqliteEventLog({ folder });
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
      victim.kill('SIGKILL');
      await once(victim, 'exit');
      running = [...running.filter((child) => child !== victim), appender()];
    }
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(running.map((child) => (child.signalCode ? undefined : once(child, 'exit'))));

    const head = await log.as(null).head();
    await until(() => seen.at(-1)?.position === head);
    await log.close();
    expect(failures).toEqual([]);
    expect(auditLog(join(folder, LOG_FILE))).toBe(seen.length);

    const again = await openSqliteEventLog({ folder });
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
    await again.close();
  }, 120_000);

  it('open it while others append, and take no event that comes meanwhile for a missing one', async () => {
    const head = join(folder, HEAD_FILE);
    await inspectFile(join(folder, LOG_FILE), head);
    let appended = 0;
    for (let n = 0; n < 2; n += 1) start('appender', folder, 'request-shared').on('message', () => (appended += 1));
    await until(() => appended > 0);
    const before = appended;
    for (let opened = 0; opened < 400; opened += 1) await inspectFile(join(folder, LOG_FILE), head);
    await until(() => appended > before);
  }, 60_000);

  it('are told "log-unavailable" while one of them keeps the lock, and go on when it lets go', async () => {
    const log = await openSqliteEventLog({ folder });
    const store = log.as('orchestrator');
    await store.append('request-1', -1, [newEvent()]);
    const holder = start('lock-holder', join(folder, LOG_FILE));
    holder.send('hold');
    await once(holder, 'message');

    const event = newEvent();
    const refused = await Promise.all([1, 2, 3].map((id) => refusal(store.append(`request-${id + 1}`, -1, [event]))));
    for (const { code, details } of refused)
      expect({ code, details }).toEqual({ code: 'log-unavailable', details: { reason: 'another process holds the lock' } });
    expect(await store.read('request-1')).toHaveLength(1);

    const waiting = store.append('request-1', 0, [newEvent()]);
    holder.send('release');
    expect((await waiting).revision).toBe(1);
    expect((await store.append('request-2', -1, [event])).repeated).toBe(false);
    expect((await store.readAll()).events).toHaveLength(3);
    await log.close();
  }, 60_000);
});

describe('the writer thread', () => {
  it('is started anew when it dies; what was under way is recorded once', async () => {
    const adapter = await SqliteAdapter.open({ folder });
    const log = createEventLog(adapter);
    const store = log.as('orchestrator');
    let stop = false;
    const done = new Map<string, string[]>();
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      const stream = `request-${caller}`;
      const ids: string[] = [];
      done.set(stream, ids);
      while (!stop) {
        const event = newEvent();
        await store.append(stream, ids.length - 1, [event]);
        ids.push(event.id);
      }
    });
    for (let deaths = 0; deaths < 5; deaths += 1) {
      const recorded = () => [...done.values()].reduce((sum, ids) => sum + ids.length, 0);
      const before = recorded();
      void adapter.writer.worker.terminate();
      await until(() => recorded() > before + 20);
    }
    stop = true;
    await Promise.all(callers);
    for (const [stream, ids] of done) expect((await store.read(stream)).map((event) => event.id)).toEqual(ids);
    await log.close();
    auditLog(join(folder, LOG_FILE));
  }, 60_000);

  it('that cannot be started is said, and it starts by itself when it can', async () => {
    const adapter = await SqliteAdapter.open({ folder });
    const log = createEventLog(adapter);
    const store = log.as('orchestrator');
    await store.append('request-1', -1, [newEvent()]);
    const [file, away] = [join(folder, LOG_FILE), join(folder, 'away')];
    await rename(file, away);
    await adapter.writer.worker.terminate();
    const event = newEvent();
    const { code, message } = await refusal(store.append('request-1', 0, [event]));
    expect({ code, message }).toEqual({
      code: 'log-unavailable',
      message: expect.stringContaining('writer thread has died: ENOENT'),
    });
    expect(existsSync(file)).toBe(false);
    await rename(away, file);
    let appended;
    while (!appended) appended = await store.append('request-1', 0, [event]).catch(() => undefined);
    expect(appended.revision).toBe(1);
    expect(await store.read('request-1')).toHaveLength(2);
    await log.close();
  }, 60_000);

  it('does not write to a file that was taken away, and says so', async () => {
    const log = await openSqliteEventLog({ folder });
    const store = log.as('orchestrator');
    await store.append('request-1', -1, [newEvent()]);
    await rm(join(folder, LOG_FILE));
    const { code, message } = await refusal(store.append('request-1', 0, [newEvent()]));
    expect({ code, message }).toEqual({ code: 'log-unavailable', message: expect.stringContaining('removed or replaced') });
    await log.close();
  });
});
