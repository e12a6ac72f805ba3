import type { DatabaseSync } from 'node:sqlite';
import { SlipwayError, categoryOf, instant, systemClock, type Clock } from '@slipway/contracts';
import type { EventStore, Position, RecordedEvent, Subscription } from '../port.js';
import { Build } from './build.js';
import { isDamage, openFile, removeFile } from './file.js';
import { placeOf, positionOf } from './place.js';
import { layoutOf, modelOf, type Projection } from './projection.js';
import { createIndexes, createTables, dropBuild } from './tables.js';

/** Where the models stand. */
export interface ModelsState {
  /** Grows when the file was thrown away and made anew: readers open it again. */
  opened: number;
  /** Why none of them goes on, be it for a while: the log or the disk is away. */
  failure?: string;
  views: ViewState[];
}

/** Where one view stands. */
export interface ViewState {
  view: string;
  /** Position up to which readers see it; `null` while its first build is not done. */
  live: Position | null;
  /** Position that a build beside the live one (or the first) has come to. */
  building?: Position;
  /** Why it does not go on. With the event, when it was one that the projection could not take. */
  stopped?: { reason: string; event?: { id: string; type: string; stream: string; position: Position } };
}

/** An event with what of it stands elsewhere, because it was too large for the log. */
export type Whole = (event: RecordedEvent) => RecordedEvent | Promise<RecordedEvent>;

export interface ProjectorOptions {
  file: string;
  projections: readonly Projection[];
  /** Only read from. */
  log: EventStore;
  /** Milliseconds that superseded versions are kept; for ever when left out. */
  keepHistory?: number;
  clock?: Clock;
  /** Gives an event with what of it stands elsewhere; as it was recorded when left out. */
  whole?: Whole;
  /** Told after each commit. */
  changed(state: ModelsState): void;
}

/** Events of one transaction, at most. */
const BATCH = 4_000;
const TRY_AGAIN = 1_000;
/** What ends by itself. */
const RETRIED: readonly string[] = ['gone', 'log-unavailable', 'blob-unavailable'];
const PRUNE_EVERY = 3_600_000;
const PRUNE_AT_ONCE = 5_000;

/**
 * Brings the models in one file up to the head of the log, and keeps them there. The file's only writer. Invariants:
 *  R1 Rows and checkpoint change in one transaction: after a crash the file is as after some whole batch.
 *  R2 Each build sees each event once, in order; an event that it can't take stops that build right before it.
 *  R3 Readers see a build only from the moment it has reached the head; the one before stays until then.
 *  R4 It appends nothing and sends nothing: to rebuild is to read.
 */
export class Projector {
  private db?: DatabaseSync;
  /** `<logId>.<epoch>` of the log that is read. */
  private log = '';
  /** The builds that events go to: one for each view. */
  private builds: Build[] = [];
  /** What an earlier release made and readers still see, by view. */
  private readonly retired = new Map<string, Build>();
  private readonly stopped = new Map<string, NonNullable<ViewState['stopped']>>();
  private skipped = new Set<string>();
  private subscription?: Subscription;
  private closed = false;
  private opened = 0;
  private failure?: string;
  private cancelTimer = () => {};
  private prunedAt = -Infinity;
  private readonly clock: Clock;

  constructor(private readonly options: ProjectorOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Opens the file, throws away what is of another log, and begins to read. */
  async start(): Promise<void> {
    try {
      await this.begin();
    } catch (error) {
      this.failed(error);
    }
  }

  private async begin(): Promise<void> {
    const head = placeOf(await this.options.log.head());
    if (this.closed) return;
    this.log = head.log;
    this.failure = undefined;
    if (!this.db) {
      this.db = openFile(this.options.file);
      this.opened += 1;
    }
    this.transaction(() => this.loadBuilds(head.at));
    this.follow();
    this.tell();
  }

  state(): ModelsState {
    const views = this.builds.map((build) => this.stateOf(build));
    return { opened: this.opened, views, ...(this.failure !== undefined && { failure: this.failure }) };
  }

  private stateOf(build: Build): ViewState {
    const { name: view } = build.projection;
    const seen = build.live ? build : this.retired.get(view);
    const stopped = this.stopped.get(view);
    return {
      view,
      live: seen ? positionOf({ log: this.log, at: seen.checkpoint }) : null,
      ...(!build.live && { building: positionOf({ log: this.log, at: build.checkpoint }) }),
      ...(stopped && { stopped }),
    };
  }

  /** Lets a view that stopped at an event go on without it. Recorded in the file. */
  async skip(view: string, eventId: string): Promise<void> {
    const stop = this.stopped.get(view);
    if (stop?.event?.id !== eventId) {
      const at = stop?.event ? `at event ${stop.event.id}` : 'at no event';
      throw new SlipwayError('not-possible', `${view} has stopped ${at}, not at event ${eventId}`, { view, eventId });
    }
    this.transaction((db) => {
      db.prepare('INSERT OR REPLACE INTO skipped (view, event, reason) VALUES (?, ?, ?)').run(view, eventId, stop.reason);
    });
    this.skipped.add(skipKey(view, eventId));
    this.stopped.delete(view);
    await this.subscription?.stop();
    this.follow();
    this.tell();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer();
    await this.subscription?.stop();
    this.db?.close();
    this.db = undefined;
  }

  /** The open file, for a copy of it. */
  get database(): DatabaseSync {
    if (!this.db) throw new SlipwayError('shutting-down', 'The read models are closed');
    return this.db;
  }

  private loadBuilds(head: number): void {
    const db = this.db!;
    const rows = () => db.prepare('SELECT build, view, model, live, checkpoint FROM builds').all() as unknown as BuildRow[];
    const known = db.prepare("SELECT value FROM meta WHERE key = 'log'").get() as { value: string } | undefined;
    if (known?.value !== this.log || rows().some((row) => row.checkpoint > head)) {
      for (const { build } of rows()) dropBuild(db, build);
      db.exec('DELETE FROM skipped');
      db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('log', ?)").run(this.log);
    }
    const { projections } = this.options;
    this.stopped.clear();
    this.retired.clear();
    this.builds = projections.map((projection) => this.loadBuild(rows(), projection));
    const wanted = new Set([...this.builds, ...this.retired.values()].map((build) => build.number));
    for (const { build } of rows()) if (!wanted.has(build)) dropBuild(db, build);
    const skipped = db.prepare('SELECT view, event FROM skipped').all() as { view: string; event: string }[];
    this.skipped = new Set(skipped.map(({ view, event }) => skipKey(view, event)));
  }

  private loadBuild(rows: BuildRow[], projection: Projection): Build {
    const db = this.db!;
    const model = modelOf(projection);
    const mine = rows.filter((row) => row.view === projection.name);
    const live = mine.find((row) => row.live === 1);
    const found = live?.model === model ? live : mine.find((row) => row.live === 0 && row.model === model);
    const open = (row: BuildRow) => new Build(db, row.build, projection, row.live === 1, row.checkpoint);
    if (live && live !== found) this.retired.set(projection.name, open(live));
    if (found) return open(found);
    const insert = db.prepare('INSERT INTO builds (view, model, layout) VALUES (?, ?, ?)');
    const { lastInsertRowid } = insert.run(projection.name, model, JSON.stringify(layoutOf(projection)));
    createTables(db, Number(lastInsertRowid), projection);
    return new Build(db, Number(lastInsertRowid), projection, false, 0);
  }

  private get going(): Build[] {
    return this.builds.filter((build) => !this.stopped.has(build.projection.name));
  }

  private follow(): void {
    const going = this.going;
    if (going.length === 0 || this.closed) return;
    const from = Math.min(...going.map((build) => build.checkpoint));
    this.subscription = this.options.log.subscribe({
      name: 'read-models',
      limit: BATCH,
      ...(from > 0 && { after: positionOf({ log: this.log, at: from }) }),
      events: (batch) => this.take(batch),
      caughtUp: (position) => this.caughtUp(position),
      failed: (error) => this.failed(error),
    });
  }

  private async take(recorded: RecordedEvent[]): Promise<void> {
    const { whole } = this.options;
    const events = whole ? await Promise.all(recorded.map(whole)) : recorded;
    if (this.closed) return;
    const batch = events.map((event) => ({ event, at: this.placeInLog(event.position), category: categoryOf(event.stream) }));
    this.transaction((db) => {
      for (const build of this.going) {
        const last = this.takeInto(build, batch);
        if (last <= build.checkpoint) continue;
        build.flush();
        this.moveTo(db, build, last);
      }
    });
    this.tell();
  }

  /** Returns the place of the last event that it has taken. */
  private takeInto(build: Build, batch: Placed[]): number {
    const { name } = build.projection;
    let last = build.checkpoint;
    for (const { event, at, category } of batch) {
      if (at <= build.checkpoint) continue;
      if (build.hears(category) && !(this.skipped.size > 0 && this.skipped.has(skipKey(name, event.id)))) {
        try {
          build.take(event, at);
        } catch (error) {
          const { id, type, stream, position } = event;
          const reason = `it can't take event ${id} (${type} at ${position}, stream ${stream}): ${messageOf(error)}`;
          this.stopped.set(name, { reason, event: { id, type, stream, position } });
          return last;
        }
      }
      last = at;
    }
    return last;
  }

  private caughtUp(position: Position): void {
    const at = this.placeInLog(position);
    const behind = this.going.filter((build) => build.checkpoint < at || !build.live);
    if (behind.length > 0) {
      this.transaction((db) => {
        for (const build of behind) {
          this.moveTo(db, build, Math.max(at, build.checkpoint));
          if (!build.live) this.swap(db, build);
        }
      });
      this.tell();
    }
    // What can't be pruned now is pruned an hour later; the models are right without it.
    void this.prune().catch(() => {});
  }

  /** Throws `gone` when the log was restored under us: what was read belongs to another past. */
  private placeInLog(position: Position): number {
    const { log, at } = placeOf(position);
    if (log === this.log) return at;
    throw new SlipwayError('gone', `The log was restored: it is ${log} now, no longer ${this.log}`);
  }

  private moveTo(db: DatabaseSync, build: Build, at: number): void {
    db.prepare('UPDATE builds SET checkpoint = ? WHERE build = ?').run(at, build.number);
    build.checkpoint = at;
  }

  private swap(db: DatabaseSync, build: Build): void {
    createIndexes(db, build.number, build.projection);
    const before = this.retired.get(build.projection.name);
    if (before) dropBuild(db, before.number);
    db.prepare('UPDATE builds SET live = 1 WHERE build = ?').run(build.number);
    this.retired.delete(build.projection.name);
    build.live = true;
  }

  /** What may mend itself is tried again; a damaged file is thrown away. */
  private failed(error: unknown): void {
    if (this.closed) return;
    const damaged = isDamage(error);
    const again = damaged || !(error instanceof SlipwayError) || RETRIED.includes(error.code);
    this.failure = `${messageOf(error)}${again ? ' (it is tried again)' : ''}`;
    if (damaged) {
      this.db?.close();
      this.db = undefined;
      removeFile(this.options.file);
    }
    this.tell();
    if (again) this.cancelTimer = this.clock.after(TRY_AGAIN, () => void this.start());
  }

  /** Lets go of versions that ended before what is kept, a few thousand at a time. */
  private async prune(): Promise<void> {
    const { keepHistory, log } = this.options;
    const now = this.clock.now();
    if (keepHistory === undefined || now - this.prunedAt < PRUNE_EVERY) return;
    this.prunedAt = now;
    const position = await log.positionAt(instant(now - keepHistory));
    if (position === null) return;
    const { at } = placeOf(position);
    let left = this.builds.filter((build) => build.live);
    while (left.length > 0 && !this.closed) {
      left = this.transaction((db) =>
        left.filter((build) => {
          db.prepare('UPDATE builds SET pruned = max(pruned, ?) WHERE build = ?').run(at, build.number);
          return build.prune(at, PRUNE_AT_ONCE) === PRUNE_AT_ONCE;
        }),
      );
      await new Promise<void>((resolve) => this.clock.after(0, resolve));
    }
  }

  private transaction<T>(work: (db: DatabaseSync) => T): T {
    const db = this.database;
    const before = this.builds.map((build) => ({ build, checkpoint: build.checkpoint, live: build.live }));
    const retired = new Map(this.retired);
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work(db);
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      for (const { build, checkpoint, live } of before) Object.assign(build, { checkpoint, live }).forget();
      for (const [view, build] of retired) this.retired.set(view, build);
      throw error;
    }
  }

  private tell(): void {
    this.options.changed(this.state());
  }
}

interface Placed {
  event: RecordedEvent;
  at: number;
  category: string;
}

interface BuildRow {
  build: number;
  view: string;
  model: string;
  live: number;
  checkpoint: number;
}

const skipKey = (view: string, event: string): string => `${view} ${event}`;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
