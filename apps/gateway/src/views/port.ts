import type { EnvironmentView, Page, RequestView, ResourceView } from '@slipway/contracts/http';

/** The read models, and the rows they hold. */
export interface Rows {
  requests: RequestView;
  instances: ResourceView;
  storages: ResourceView;
  databases: ResourceView;
  environments: EnvironmentView;
}
export type ViewName = keyof Rows;

export interface ListQuery {
  /** Equal values, by a field that the view lists as filterable (`status`, `environment`, `ownerId`, ...); several: one of. */
  filter?: Record<string, string[]>;
  /** A sortable field, `-` in front for descending; the view's own default when left out. The id breaks ties. */
  sort?: string;
  /** 1 to 500; 50 when left out. */
  limit?: number;
  /** `next` of the page before: same query, same moment. */
  cursor?: string;
  /** A position, or an ISO 8601 time. */
  asOf?: string;
}

/**
 * The gateway's projections of the log, in a local SQLite file. Errors: `bad-input` (field and reason), `gone` (cursor or
 * position of another log or older than retention).
 */
export interface Views {
  list<Name extends ViewName>(view: Name, query: ListQuery): Promise<Page<Rows[Name]>>;
  /** `null` when there is none (at that moment). */
  get<Name extends ViewName>(view: Name, id: string, options?: { asOf?: string }): Promise<Rows[Name] | null>;
  /** Position up to which all views have been brought. */
  position(): string;
  /** Resolves true once `position()` has reached it, false after `ms`. */
  reached(position: string, ms: number): Promise<boolean>;
  /** Views that have stopped (poisoned event, damaged log), with the reason; readiness shows them. */
  stopped(): { view: string; reason: string }[];
  close(): Promise<void>;
}
