import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { SlipwayError, badInput } from '@slipway/contracts';
import type { EventStore, Position } from '../port.js';
import { isPosition } from '../position.js';
import { writeCursor } from './cursor.js';
import type { Projecting, Told } from './in-worker.js';
import { placeOf, positionOf } from './place.js';
import type { Projection } from './projection.js';
import type { ModelsState, ViewState } from './projector.js';
import { checkQuery, type ListQuery } from './query.js';
import type { RowPlace, RowText } from './page.js';
import { Reader, type Snapshot } from './reader.js';

export interface ReadModelsOptions {
  file: string;
  projections: readonly Projection[];
  /** For the position of a time, and the head. Only read from. */
  log: Pick<EventStore, 'positionAt' | 'head'>;
  /** Starts what writes the file: a worker, or (in simulations) a projector in this thread. */
  projector(told: Told): Projecting;
  /** A copy that another replica made; taken when the file is not there yet. */
  snapshot?: string;
}

/** A page of rows, each as the JSON text it is kept in. */
export interface TextPage {
  items: string[];
  next?: string;
  /** Position that all of its rows are of. */
  position: Position;
}

/** Makes what is shown of a row, from other rows of the same moment. */
export type Complete = (row: { id: string; text: string }, snapshot: Snapshot, at: number | undefined) => string;

/** How long a read of a moment that has not been projected yet waits for it. */
const PATIENCE = 2_000;
const asItIs: Complete = ({ text }) => text;

/**
 * Read models in a file: written by a projector, read here. Reads are synchronous and of one snapshot; a projector's
 * commits move `position` on. Errors: `bad-input`, `gone`, `behind`.
 */
export class ReadModels {
  private readonly projections: Map<string, Projection>;
  private readonly projector: Projecting;
  private readonly waiting = new Set<() => void>();
  private state: ModelsState = { opened: 0, views: [] };
  private dead?: string;
  private reader?: Reader;
  private closed = false;

  constructor(private readonly options: ReadModelsOptions) {
    const { file, snapshot, projections } = options;
    if (snapshot !== undefined && existsSync(snapshot) && !existsSync(file)) {
      copyFileSync(snapshot, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    }
    this.projections = new Map(projections.map((projection) => [projection.name, projection]));
    this.projector = options.projector({ changed: (state) => this.changed(state), died: (reason) => this.died(reason) });
  }

  /** Resolves when the file is open, or it is known why it can't be opened yet: `states` tells. */
  async opened(): Promise<void> {
    await this.until(() => this.reader !== undefined || this.failure !== undefined || this.closed);
  }

  /** The rows of a page, of one moment. */
  async page(view: string, query: ListQuery, complete: Complete = asItIs): Promise<TextPage> {
    const { cursor, asOf, limit, hash, matching, ...page } = checkQuery(this.projection(view), query);
    const moment = cursor?.position ?? asOf;
    const at = moment === undefined ? undefined : await this.moment(view, moment, cursor ? 'cursor' : 'asOf');
    return this.read((snapshot) => {
      const place = snapshot.place(view);
      const request = { ...page, ...(cursor && { after: cursor }), ...(at !== undefined && { at }) };
      const { rows, after: last } = matching
        ? snapshot.search(view, { ...request, limit }, matching.passes)
        : firstOf(snapshot.page(view, { ...request, limit: limit + 1 }), limit);
      const position = positionOf({ log: place.log, at: at ?? place.at });
      return {
        items: rows.map((row) => complete(row, snapshot, at)),
        ...(last && { next: writeCursor(view, hash, { position, key: last.key, id: last.id }) }),
        position,
      };
    });
  }

  /** The JSON text of one row; `null` when there is none (at that moment). */
  async get(view: string, id: string, options: { asOf?: string } = {}, complete: Complete = asItIs): Promise<string | null> {
    this.projection(view);
    const at = options.asOf === undefined ? undefined : await this.moment(view, options.asOf, 'asOf');
    return this.read((snapshot) => {
      const text = snapshot.row(view, id, at);
      return text === null ? null : complete({ id, text }, snapshot, at);
    });
  }

  /** Position that all views have come to, but for those that stopped; `null` while one is built for the first time. */
  position(): Position | null {
    const going = this.state.views.filter(({ stopped }) => !stopped);
    const views = going.length > 0 ? going : this.state.views;
    if (views.length === 0 || views.some(({ live }) => live === null)) return null;
    return views.map(({ live }) => live!).reduce((least, live) => (live < least ? live : least));
  }

  /** Resolves true once the views (or one, stopped or not) have come to a position, false after `ms`. */
  async reached(position: Position, ms: number, view?: string): Promise<boolean> {
    const { log, at } = placeOf(position);
    return this.until(() => {
      const now = view === undefined ? this.position() : this.viewState(view)?.live;
      if (!now) return false;
      const place = placeOf(now);
      return place.log === log && place.at >= at;
    }, ms);
  }

  /** Where each view stands. */
  states(): ViewState[] {
    const reason = this.failure;
    if (reason === undefined) return this.state.views;
    const known = [...this.projections.keys()].map((view) => this.viewState(view) ?? { view, live: null });
    return known.map((state) => ({ ...state, stopped: state.stopped ?? { reason } }));
  }

  /** Lets a view that stopped at an event go on without it; recorded in the file. `not-possible` when it did not. */
  skip(view: string, eventId: string): Promise<void> {
    this.projection(view);
    return this.projector.skip(view, eventId);
  }

  /** Writes a copy of the whole file, for another replica to start from. */
  async snapshotTo(file: string): Promise<void> {
    await this.projector.snapshotTo(`${file}.part`);
    renameSync(`${file}.part`, file);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.check();
    await this.projector.close();
    this.reader?.close();
    this.reader = undefined;
  }

  private projection(view: string): Projection {
    const projection = this.projections.get(view);
    if (projection) return projection;
    throw new SlipwayError('not-found', `There is no view "${view}"; there are ${[...this.projections.keys()].join(', ')}`);
  }

  /** The number of a moment that the view has come to. */
  private async moment(view: string, asOf: string, field: string): Promise<number> {
    const position = isPosition(asOf) ? asOf : await this.positionOfTime(asOf, field);
    if (position === null) return 0;
    const { log, at } = placeOf(position, field);
    const now = this.viewState(view)?.live;
    if (now && placeOf(now).log === log && placeOf(now).at >= at) return at;
    const head = placeOf(await this.options.log.head());
    if (log !== head.log) throw new SlipwayError('gone', `${field} is of another log, or of before it was restored`, { field });
    if (at > head.at) throw new SlipwayError('gone', `${field} is beyond the end of the log`, { field });
    if (await this.reached(position, PATIENCE, view)) return at;
    throw new SlipwayError('behind', `${view} has not come to that position yet`, { view });
  }

  private positionOfTime(asOf: string, field: string): Promise<Position | null> {
    if (/^\d{4}-\d{2}-\d{2}/.test(asOf) && !Number.isNaN(Date.parse(asOf))) return this.options.log.positionAt(asOf);
    throw badInput([{ field, reason: `"${asOf}" is neither a position nor an ISO 8601 time` }]);
  }

  private read<T>(work: (snapshot: Snapshot) => T): T {
    if (this.reader) return this.reader.read(work);
    if (this.closed) throw new SlipwayError('shutting-down', 'The read models are closed');
    throw new SlipwayError('behind', `The read models are not open${this.failure === undefined ? ' yet' : `: ${this.failure}`}`);
  }

  private viewState(view: string): ViewState | undefined {
    return this.state.views.find((state) => state.view === view);
  }

  private changed(state: ModelsState): void {
    if (this.closed) return;
    if (state.opened > 0 && (!this.reader || state.opened !== this.state.opened)) {
      this.reader?.close();
      this.reader = new Reader(this.options.file);
    }
    this.dead = undefined;
    this.state = state;
    this.check();
  }

  /** The worker died: the next one opens the file anew, and so do we. */
  private died(reason: string): void {
    this.dead = `the projector has died and is started again: ${reason}`;
    this.state = { ...this.state, opened: 0 };
    this.check();
  }

  private get failure(): string | undefined {
    return this.dead ?? this.state.failure;
  }

  private check(): void {
    for (const check of this.waiting) check();
  }

  private until(done: () => boolean, ms?: number): Promise<boolean> {
    if (done()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (result: boolean) => {
        this.waiting.delete(check);
        clearTimeout(timer);
        resolve(result);
      };
      const check = () => {
        if (done()) end(true);
        else if (this.closed) end(false);
      };
      const timer = ms === undefined ? undefined : setTimeout(() => end(false), ms);
      this.waiting.add(check);
    });
  }
}

/** So many rows, and where they go on where there are more. */
const firstOf = (rows: RowText[], limit: number): { rows: RowText[]; after?: RowPlace } => {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { rows: rows.slice(0, limit), ...(last && { after: last }) };
};

export type { RowText };
