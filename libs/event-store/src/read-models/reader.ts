import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SlipwayError } from '@slipway/contracts';
import { selectPage, type PageRequest, type RowPlace, type RowText } from './page.js';
import type { Place } from './place.js';
import { fieldsOf, type Layout } from './projection.js';
import { searched } from './search.js';
import { currentTable, pastTable } from './tables.js';

/** The file at one moment: all that is read from it belongs together. */
export interface Snapshot {
  /** Up to where the view has been brought. Throws `behind` while its first build is not done. */
  place(view: string): Place;
  page(view: string, page: PageRequest): RowText[];
  /** As many of a page's rows as pass, out of a bounded number that is looked at; and where it goes on where that was not all. */
  search(view: string, page: PageRequest, passes: (text: string) => boolean): { rows: RowText[]; after?: RowPlace };
  /** The text of one row; `null` when there is none (at that moment). */
  row(view: string, id: string, at?: number): string | null;
}

/** Statements that are kept; beyond it they are prepared anew. */
const STATEMENTS = 500;

interface LiveBuild {
  layout: string;
  build: number;
  checkpoint: number;
  pruned: number;
  log: string;
}

/** Reads models from the file through a connection of its own, beside the projector that writes them. */
export class Reader {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private readonly layouts = new Map<string, Layout>();

  constructor(file: string) {
    this.db = new DatabaseSync(file, { readOnly: true });
    this.db.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -32768');
  }

  /** Runs `work` on one snapshot of the file. It must not wait for anything in between. */
  read<T>(work: (snapshot: Snapshot) => T): T {
    this.db.exec('BEGIN');
    try {
      return work(this.snapshot());
    } finally {
      this.db.exec('COMMIT');
    }
  }

  close(): void {
    this.db.close();
  }

  private snapshot(): Snapshot {
    const builds = new Map<string, LiveBuild>();
    const live = (view: string): LiveBuild => {
      let build = builds.get(view);
      if (!build) builds.set(view, (build = this.liveBuild(view)));
      return build;
    };
    const kept = (view: string, at?: number): number => {
      const { build, pruned } = live(view);
      if (at === undefined || at >= pruned) return build;
      throw new SlipwayError('gone', `${view} at that moment is older than what is kept`, { view });
    };
    const pageOf = (view: string, page: PageRequest): RowText[] => {
      const { sql, parameters } = selectPage(this.layout(view, live(view), page), kept(view, page.at), page);
      return this.prepare(sql).all(...parameters) as unknown as RowText[];
    };
    return {
      place: (view) => ({ log: live(view).log, at: live(view).checkpoint }),
      page: pageOf,
      search: (view, page, passes) => searched((part) => pageOf(view, { ...page, ...part }), page, passes),
      row: (view, id, at) => this.row(kept(view, at), id, at),
    };
  }

  private row(build: number, id: string, at?: number): string | null {
    const now = this.prepare(`SELECT from_pos, text FROM ${currentTable(build)} WHERE id = ?`);
    const current = now.get(id) as { from_pos: number; text: string } | undefined;
    if (at === undefined || (current && current.from_pos <= at)) return current?.text ?? null;
    const then = this.prepare(
      `SELECT to_pos, text FROM ${pastTable(build)} WHERE id = ? AND from_pos <= ? ORDER BY from_pos DESC LIMIT 1`,
    );
    const past = then.get(id, at) as { to_pos: number; text: string } | undefined;
    return past && past.to_pos > at ? past.text : null;
  }

  /** What an earlier release built may lack a field that this one asks for. */
  private layout(view: string, { layout: text }: LiveBuild, { filter, field }: PageRequest): Layout {
    let layout = this.layouts.get(text);
    if (!layout) this.layouts.set(text, (layout = JSON.parse(text) as Layout));
    const { filterable, sortable } = fieldsOf(layout);
    if (Object.keys(filter).every((name) => filterable.includes(name)) && sortable.includes(field)) return layout;
    throw new SlipwayError('behind', `${view} is being rebuilt; until then not every field can be asked for`, { view });
  }

  private liveBuild(view: string): LiveBuild {
    const found = this.prepare(
      `SELECT build, layout, checkpoint, pruned, (SELECT value FROM meta WHERE key = 'log') AS log
       FROM builds WHERE view = ? AND live = 1`,
    ).get(view) as LiveBuild | undefined;
    if (found) return found;
    throw new SlipwayError('behind', `${view} is being built from the log for the first time`, { view });
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) {
      if (this.statements.size >= STATEMENTS) this.statements.clear();
      this.statements.set(sql, (statement = this.db.prepare(sql)));
    }
    return statement;
  }
}
