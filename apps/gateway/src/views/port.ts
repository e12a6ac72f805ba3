import type { Matching } from '@slipway/event-store/read-models';
import type { SnapshotRow } from './snapshots.js';
import type {
  EnvironmentView,
  InstalledCapabilityView,
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
  LeaseView,
  LeasedResourceView,
  Page,
  QuotaView,
  RequestView,
  ResourceView,
} from '@slipway/contracts/http';

/** The read models, and the rows they hold. */
export interface Rows {
  requests: RequestView;
  instances: ResourceView;
  storages: ResourceView;
  databases: ResourceView;
  environments: EnvironmentView;
  snapshots: SnapshotRow;
  resources: InstalledView;
  capabilities: InstalledCapabilityView;
  requirements: InstalledRequirementView;
  wires: InstalledWireView;
  leases: LeaseView;
  'leased-resources': LeasedResourceView;
  quotas: QuotaView;
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
  /** What else must hold of a row: each that the rest finds is put to it. A page may have fewer rows then, and go on. */
  matching?: Matching;
}

/**
 * The gateway's projections of the log, in a local SQLite file. Errors: `bad-input` (field and reason), `gone` (cursor or
 * position of another log or older than retention), `behind` (not brought there yet; try again).
 * Requests in lists come without their plan. Lists of resources leave out what was destroyed unless `status` names it.
 */
export interface Views {
  list<Name extends ViewName>(view: Name, query: ListQuery): Promise<Page<Rows[Name]>>;
  /** The same page as its JSON text, which is how rows are kept: nothing is parsed or written again. */
  listText(view: ViewName, query: ListQuery): Promise<string>;
  /** `null` when there is none (at that moment). */
  get<Name extends ViewName>(view: Name, id: string, options?: { asOf?: string }): Promise<Rows[Name] | null>;
  /** What `get` gives, as JSON text. */
  getText(view: ViewName, id: string, options?: { asOf?: string }): Promise<string | null>;
  /** Position up to which all views have been brought, but for those that have stopped. */
  position(): string;
  /** Resolves true once `position()` has reached it (or one view has with all that it shows, stopped or not), false after `ms`. */
  reached(position: string, ms: number, view?: ViewName): Promise<boolean>;
  /** Views that are being rebuilt, and how far; readers see the old rows (`live`), or get `behind` while there are none. */
  building(): { view: string; live: boolean; position: string }[];
  /** Views that have stopped (poisoned event, damaged log), with the reason; readiness shows them. */
  stopped(): { view: string; reason: string; eventId?: string }[];
  /** Lets a view that stopped at an event go on without it; recorded. `not-possible` when it did not stop there. */
  skip(view: string, eventId: string): Promise<void>;
  /** Writes a copy of the views' file, for another replica to start from. */
  snapshotTo(file: string): Promise<void>;
  close(): Promise<void>;
}
