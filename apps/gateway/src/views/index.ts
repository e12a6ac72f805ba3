/** The gateway's views, for what runs them without the rest of the gateway. */
export { openViews, type ViewsOptions } from './open-views.js';
export { fieldRows, valueRows, viewFields, type ViewFields } from './fields.js';
export type { ListQuery, Rows, ViewName, Views } from './port.js';
