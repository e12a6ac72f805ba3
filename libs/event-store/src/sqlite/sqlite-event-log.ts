import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SlipwayError, systemClock, type JsonObject } from '@slipway/contracts';
import type { LogAdapter, LogLogger } from '../adapter.js';
import type { AdmittedEvent } from '../admission.js';
import { createEventLog, type EventLogOptions } from '../event-log.js';
import type { Lineage } from '../position.js';
import type { Appended, EventLog, LogInfo, Position, ReadAllResult, ReadFilter } from '../port.js';
import { audit } from './auditor.js';
import { failureOf, isBusy } from './failure.js';
import { HEAD_FILE, LOG_FILE } from './files.js';
import { inspectFile } from './inspection.js';
import { refuseNetworkFolder } from './place.js';
import { Reader } from './reader.js';
import { Tail } from './tail.js';
import { TIME_LIMIT, Writer, type Commit } from './writer.js';

export interface SqliteOptions extends EventLogOptions {
  folder: string;
  /** Milliseconds after opening at which the whole log is looked through; a minute when left out. */
  auditAfterMs?: number;
  /** How long an append may take before it is refused, in ms; 750 when left out, so that the door can answer within a second. */
  timeLimitMs?: number;
}

/** Milliseconds between looks for other processes' commits. */
const POLL = 5;
/** Milliseconds that a read waits for a lock, and that reads go on before others get their turn. */
const LOCK_WAIT = 700;
const SLICE = 4;
const AUDIT_AFTER = 60_000;
const AUDIT_EVERY = 24 * 3_600_000;
/** Milliseconds that an audit rests after each page: it has all day. */
const AUDIT_REST = 5;

/** Opens (or makes) the embedded log in a folder of this machine. Several processes may have the same one open. */
export async function openSqliteEventLog(options: SqliteOptions): Promise<EventLog> {
  return createEventLog(await SqliteAdapter.open(options), options);
}

export class SqliteAdapter implements LogAdapter {
  private readonly watchers = new Set<() => void>();
  private poll: NodeJS.Timeout | undefined;
  private version = -1;
  /** The greatest position known to be recorded; what other processes record comes to be known while somebody watches. */
  private known = 0;
  private turnBegan = 0;
  private nextAudit: NodeJS.Timeout;
  private running: ReturnType<typeof audit> | undefined;
  /** Found by an audit: nothing is served from here on. */
  private damage: SlipwayError | undefined;
  readonly writer: Writer;

  static async open(options: SqliteOptions): Promise<SqliteAdapter> {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    refuseNetworkFolder(options.folder);
    const [file, headFile] = [join(options.folder, LOG_FILE), join(options.folder, HEAD_FILE)];
    const lineage = await inspectFile(file, headFile, options.logger);
    return new SqliteAdapter(file, headFile, lineage, options);
  }

  private readonly reader: Reader;
  private readonly tail: Tail;

  private constructor(
    private readonly file: string,
    headFile: string,
    private readonly lineage: Lineage,
    { clock = systemClock, logger, auditAfterMs = AUDIT_AFTER, timeLimitMs = TIME_LIMIT }: SqliteOptions,
  ) {
    this.reader = new Reader(file, lineage);
    this.tail = new Tail(this.reader, lineage);
    const identity = { logId: lineage.logId, epoch: lineage.epoch };
    this.writer = new Writer({ file, headFile, identity }, (commits) => this.committed(commits), clock.now, timeLimitMs, logger);
    this.nextAudit = setTimeout(() => this.lookThrough(logger), auditAfterMs).unref();
  }

  info(): LogInfo {
    return { kind: 'sqlite', logId: this.lineage.logId, epoch: this.lineage.epoch };
  }

  async append(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended> {
    if (this.damage) throw this.damage;
    const { kind, revision, position } = await this.writer.append(stream, expected, events);
    return { revision, position: this.lineage.position(position), repeated: kind === 'repeated' };
  }

  read(stream: string, from: number, limit: number) {
    return this.patiently(() => this.reader.stream(stream, from, limit), { stream, revision: from });
  }

  async readAll(after: Position | undefined, limit: number, filter: ReadFilter, following = false): Promise<ReadAllResult> {
    const from = after === undefined ? 0 : Number(this.lineage.number(after));
    const head = following && from <= this.known ? this.known : await this.patiently(() => this.reader.head());
    if (from > head) throw this.lineage.gone(after!, 'it is beyond the head');
    const { events, position } = await this.patiently(() => this.between(from, head, limit, filter), {
      after: this.lineage.position(from),
    });
    return { events, position: this.lineage.position(position), end: position === head };
  }

  /** With several followers in this process each event is read once for all of them; one alone reads only what it wants. */
  private between(from: number, head: number, limit: number, filter: ReadFilter) {
    const shared = this.watchers.size > 1 ? this.tail.between(from, head, limit, filter) : null;
    return shared ?? this.reader.all(from, head, limit, filter);
  }

  async head(): Promise<Position> {
    return this.lineage.position(await this.patiently(() => this.reader.head()));
  }

  async positionAt(ms: number): Promise<Position | null> {
    const position = await this.patiently(() => this.reader.positionAt(ms));
    return position === 0 ? null : this.lineage.position(position);
  }

  watch(wake: () => void): () => void {
    this.watchers.add(wake);
    if (!this.poll) this.noticeOthers();
    this.poll ??= setInterval(() => this.noticeOthers(), POLL);
    return () => {
      this.watchers.delete(wake);
      if (this.watchers.size > 0) return;
      clearInterval(this.poll);
      this.poll = undefined;
    };
  }

  async backup(file: string): Promise<void> {
    if (existsSync(file)) throw new SlipwayError('not-possible', `${file} exists already`, { file });
    const part = `${file}.part`;
    try {
      await audit({ file: this.file, copyTo: part, restMs: 0 }).done;
      chmodSync(part, 0o600);
      renameSync(part, file);
    } finally {
      for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(part + suffix, { force: true });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.poll);
    clearTimeout(this.nextAudit);
    await this.running?.cancel();
    await this.writer.close();
    this.reader.close();
  }

  private committed(commits: Commit[]): void {
    for (const commit of commits) {
      if (this.watchers.size > 1) this.tail.offer(commit);
      this.known = Math.max(this.known, commit.position);
    }
    this.wake();
  }

  private wake(): void {
    for (const wake of this.watchers) wake();
  }

  /** Once a day everything is read, so that a bit that flipped in what nobody reads, or in an index, is noticed as well. */
  private lookThrough(logger?: LogLogger): void {
    this.running = audit({ file: this.file, restMs: AUDIT_REST });
    this.running.done
      .catch((error: unknown) => {
        if (!(error instanceof SlipwayError) || error.code !== 'log-damaged') return;
        this.damage = error;
        logger?.warn(
          { reason: error.message, ...error.details },
          'The event log is damaged; it is neither read nor written any more',
        );
        this.wake();
      })
      .finally(() => (this.running = undefined));
    this.nextAudit = setTimeout(() => this.lookThrough(logger), AUDIT_EVERY).unref();
  }

  /** A look costs microseconds. One that fails is left to the reads it would have caused: they say why. */
  private noticeOthers(): void {
    try {
      const version = this.reader.version();
      if (version === this.version) return;
      const head = this.reader.head();
      this.version = version;
      if (head <= this.known) return;
      this.known = head;
    } catch {
      return;
    }
    this.wake();
  }

  /** A read, again while another process holds the lock, and in turn with whatever else waits in this process. */
  private async patiently<Result>(read: () => Result, where: JsonObject = {}): Promise<Result> {
    if (this.damage) throw this.damage;
    const began = performance.now();
    if (began - this.turnBegan > SLICE) {
      await nextTurn();
      this.turnBegan = performance.now();
    }
    for (;;) {
      try {
        return read();
      } catch (error) {
        if (error instanceof SlipwayError) throw error;
        if (!isBusy(error) || performance.now() - began > LOCK_WAIT) throw failureOf(error as Error, this.file, where);
      }
      await nextTurn();
    }
  }
}
