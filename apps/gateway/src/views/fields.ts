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

const VIEWS: readonly ViewName[] = ['requests', 'instances', 'storages', 'databases', 'environments', 'snapshots'];

/** What can be asked of each view, from its declaration. */
export const viewFields = (): ViewFields[] =>
  VIEWS.map((view) => {
    const projection = projections.find(({ name }) => name === view)!;
    const { fields, defaultSort, defaultFilter = {} } = projection;
    const values = Object.fromEntries(
      Object.entries(fields).flatMap(([name, field]) => (field.values ? [[name, field.values]] : [])),
    );
    return { view, ...fieldsOf(projection), defaultSort, defaultFilter, values };
  });

/** The rows of the table in docs/reference/views.md. */
export const fieldRows = (): string[] =>
  viewFields().map(({ view, filterable, sortable, defaultSort, defaultFilter }) => {
    const unless = Object.entries(defaultFilter).map(([field, values]) => `\`${field}\` one of ${values.map(code).join(', ')}`);
    return `| \`GET /${view}\` | ${filterable.map(code).join(', ')} | ${unless.join('; ') || 'all'} | ${sortable.map(code).join(', ')} | ${code(defaultSort)} |`;
  });

/** The rows of the table of values in docs/reference/views.md. */
export const valueRows = (): string[] =>
  viewFields().flatMap(({ view, values }) =>
    Object.entries(values).map(([field, possible]) => `| \`GET /${view}\` | ${code(field)} | ${possible.map(code).join(', ')} |`),
  );

const code = (text: string): string => `\`${text}\``;
