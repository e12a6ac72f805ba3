import { fieldsOf } from '@slipway/event-store/read-models';
import type { ViewName } from './port.js';
import { projections } from './registry.js';

/** What can be asked of a view's list. */
export interface ViewFields {
  view: ViewName;
  filterable: string[];
  sortable: string[];
  defaultSort: string;
  /** All values of the fields that can be filtered by and have but these. */
  values: Readonly<Record<string, readonly string[]>>;
  /** Filters that hold where a query names no others. */
  defaultFilter: Readonly<Record<string, readonly string[]>>;
}

const INSTALLED: readonly ViewName[] = ['resources', 'capabilities', 'requirements', 'wires'];
const VIEWS: readonly ViewName[] = [
  ...(['requests', 'instances', 'storages', 'databases', 'environments', 'snapshots'] as const),
  ...(['leases', 'leased-resources', 'quotas'] as const),
  ...INSTALLED,
];
/** Where the list of a view stands. */
function pathOf(view: ViewName): string {
  if (INSTALLED.includes(view)) return `/environments/{id}/${view}`;
  return view === 'leased-resources' ? '/resources' : `/${view}`;
}

/** What can be asked of each view, from its declaration. */
export const viewFields = (): ViewFields[] =>
  VIEWS.map((view) => {
    const projection = projections.find(({ name }) => name === view)!;
    const { fields, defaultSort, defaultFilter = {} } = projection;
    const values = Object.fromEntries(
      Object.entries(fields).flatMap(([name, field]) => (field.values ? [[name, field.values]] : [])),
    );
    const { filterable, sortable } = fieldsOf(projection);
    // What stands in the path is not asked for again.
    const asked = INSTALLED.includes(view) ? filterable.filter((name) => name !== 'environment') : filterable;
    return { view, filterable: asked, sortable, defaultSort, defaultFilter, values };
  });

/** The rows of the table in docs/reference/views.md. */
export const fieldRows = (): string[] =>
  viewFields().map(({ view, filterable, sortable, defaultSort, defaultFilter }) => {
    const unless = Object.entries(defaultFilter).map(([field, values]) => `\`${field}\` one of ${values.map(code).join(', ')}`);
    return `| \`GET ${pathOf(view)}\` | ${filterable.map(code).join(', ')} | ${unless.join('; ') || 'all'} | ${sortable.map(code).join(', ')} | ${code(defaultSort)} |`;
  });

/** The rows of the table of values in docs/reference/views.md. */
export const valueRows = (): string[] =>
  viewFields().flatMap(({ view, values }) =>
    Object.entries(values).map(
      ([field, possible]) => `| \`GET ${pathOf(view)}\` | ${code(field)} | ${possible.map(code).join(', ')} |`,
    ),
  );

const code = (text: string): string => `\`${text}\``;
