import { fieldsOf } from '@slipway/event-store/read-models';
import type { ViewName } from './port.js';
import { projections } from './registry.js';

/** What can be asked of a view's list. */
export interface ViewFields {
  view: ViewName;
  filterable: string[];
  sortable: string[];
  defaultSort: string;
  /** Filters that hold where a query names no others. */
  defaultFilter: Readonly<Record<string, readonly string[]>>;
}

const VIEWS: readonly ViewName[] = ['requests', 'instances', 'storages', 'databases', 'environments'];

/** What can be asked of each view, from its declaration. */
export const viewFields = (): ViewFields[] =>
  VIEWS.map((view) => {
    const projection = projections.find(({ name }) => name === view)!;
    const { defaultSort, defaultFilter = {} } = projection;
    return { view, ...fieldsOf(projection), defaultSort, defaultFilter };
  });

/** The rows of the table in docs/reference/views.md. */
export const fieldRows = (): string[] =>
  viewFields().map(({ view, filterable, sortable, defaultSort, defaultFilter }) => {
    const unless = Object.entries(defaultFilter).map(([field, values]) => `\`${field}\` one of ${values.map(code).join(', ')}`);
    return `| \`GET /${view}\` | ${filterable.map(code).join(', ')} | ${unless.join('; ') || 'all'} | ${sortable.map(code).join(', ')} | ${code(defaultSort)} |`;
  });

const code = (text: string): string => `\`${text}\``;
