import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AdmittedEvent } from '../admission.js';
import { digestOf } from '../digest.js';
import { connect, INSERT_EVENT } from './schema.js';

/** One append on its way to the log. */
export interface Job {
  id: number;
  /** {@link monotonicMs} after which it must not be recorded any more. */
  deadline: number;
  /** The clock of whoever appends. */
  now: number;
  stream: string;
  expected: number;
  events: AdmittedEvent[];
}

/** What became of a job. Only `committed` was recorded by it; a failure was rolled back, or never began. */
export type Outcome =
  | { id: number; kind: 'committed'; revision: number; position: number; recordedAt: number }
  | { id: number; kind: 'repeated'; revision: number; position: number }
  | { id: number; kind: 'wrong-revision'; actual: number }
  | { id: number; kind: 'failed'; errcode: number; message: string };

/** Milliseconds on a clock that all threads of this process share and nobody can set. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

export const SQLITE_BUSY = 5;
const CACHED_STREAMS = 50_000;
const pauseCell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Records appends of several callers in one transaction.
 *
 * Invariants:
 *  W1 An outcome `committed` is told only after COMMIT (WAL, synchronous=FULL) has returned.
 *  W2 What is cached (heads, last time) holds only while no other process has committed: `data_version` tells.
 *  W3 When a statement throws, the whole transaction is rolled back, the caches are dropped, and each job is tried once
 *     more by itself, so that one caller's failure is not another's.
 *  W4 A job whose deadline has passed is not recorded: whoever was told "no" after that time was told the truth.
 */
export class Committer {
  private readonly db: DatabaseSync;
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly insert: StatementSync;
  private readonly headOf: StatementSync;
  private readonly idsOf: StatementSync;
  private readonly last: StatementSync;
  private readonly dataVersion: StatementSync;
  private readonly heads = new Map<string, number>();
  private lastTime = 0;
  private seenVersion = -1;
  private readonly inode: number;

  constructor(private readonly file: string) {
    // First, for SQLite would make a file that is missing.
    this.inode = statSync(file).ino;
    this.db = connect(file, 0);
    this.begin = this.db.prepare('BEGIN IMMEDIATE');
    this.end = this.db.prepare('COMMIT');
    this.insert = this.db.prepare(INSERT_EVENT);
    this.headOf = this.db.prepare('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
    this.idsOf = this.db.prepare('SELECT id, position FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?');
    this.last = this.db.prepare('SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1');
    this.dataVersion = this.db.prepare('PRAGMA data_version');
    this.dataVersion.setReturnArrays(true);
  }

  commit(jobs: Job[]): Outcome[] {
    try {
      return this.together(jobs);
    } catch (error) {
      if (jobs.length === 1) return jobs.map((job) => failure(job, error));
      return jobs.flatMap((job) => this.commit([job]));
    }
  }

  close(): void {
    this.db.close();
  }

  private together(jobs: Job[]): Outcome[] {
    this.takeLock(Math.min(...jobs.map((job) => job.deadline)));
    let outcomes: Outcome[];
    try {
      this.noticeOthers();
      outcomes = jobs.map((job) => this.record(job));
      this.end.run();
    } catch (error) {
      this.heads.clear();
      this.seenVersion = -1;
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    return outcomes;
  }

  /** Takes the write lock. Others hold it for less than a millisecond as a rule, so it asks again soon, and not in step. */
  private takeLock(deadline: number): void {
    this.checkPlace();
    for (let pause = 0.1; ; pause = Math.min(pause * 1.5, 5)) {
      try {
        return void this.begin.run();
      } catch (error) {
        if ((errcodeOf(error) & 0xff) !== SQLITE_BUSY || monotonicMs() > deadline) throw error;
      }
      Atomics.wait(pauseCell, 0, 0, pause * (0.5 + (process.hrtime()[1] % 1024) / 1024));
    }
  }

  /** Who writes to a file that has no name any more writes nowhere. */
  private checkPlace(): void {
    if (statSync(this.file, { throwIfNoEntry: false })?.ino === this.inode) return;
    throw new Error(`${this.file} was removed or replaced while it was open`);
  }

  private noticeOthers(): void {
    const [version] = this.dataVersion.get() as unknown as [number];
    if (version === this.seenVersion) return;
    this.seenVersion = version;
    this.heads.clear();
    this.lastTime = Number(this.last.get()?.recorded_at ?? 0);
  }

  private record(job: Job): Outcome {
    const { id, stream, expected, events } = job;
    const head = this.heads.get(stream) ?? Number(this.headOf.get(stream)?.revision ?? -1);
    if (head !== expected) return this.repeatOf(job, head);
    if (monotonicMs() > job.deadline) return failure(job, new Error('its time was over before the log could be written'));
    this.lastTime = Math.max(this.lastTime, job.now);
    let revision = expected;
    let position = 0;
    for (const event of events) {
      revision += 1;
      const digest = digestOf({ ...event, stream, revision, recordedAt: this.lastTime });
      const { type, version, data, metadata } = event;
      const found = [event.environment, event.requestId, event.ownerId] as const;
      const run = this.insert.run(stream, revision, event.id, type, version, this.lastTime, ...found, digest, data, metadata);
      position = Number(run.lastInsertRowid);
    }
    if (this.heads.size >= CACHED_STREAMS) this.heads.clear();
    this.heads.set(stream, revision);
    return { id, kind: 'committed', revision, position, recordedAt: this.lastTime };
  }

  /** Whether exactly these events stand there already, right after the revision that was expected. */
  private repeatOf({ id, stream, expected, events }: Job, head: number): Outcome {
    const there = head > expected ? this.idsOf.all(stream, expected, events.length) : [];
    if (there.length < events.length || events.some((event, index) => event.id !== there[index]!.id))
      return { id, kind: 'wrong-revision', actual: head };
    return { id, kind: 'repeated', revision: expected + events.length, position: Number(there.at(-1)!.position) };
  }
}

const errcodeOf = (error: unknown): number => (error as { errcode?: number }).errcode ?? 0;

function failure(job: Job, error: unknown): Outcome {
  return {
    id: job.id,
    kind: 'failed',
    errcode: errcodeOf(error),
    message: error instanceof Error ? error.message : String(error),
  };
}
