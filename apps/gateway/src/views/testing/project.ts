import { openEventLog } from '@slipway/event-store/open';
import { Projector, type Projection } from '@slipway/event-store/read-models';
import { projections } from '../registry.js';

/**
 * A process of its own that projects a log into a file, and is killed (SIGKILL) while its projections take their n-th
 * event: in the middle of a transaction, after many others. Ends with 1 when there were not so many. Arguments: file, folder
 * of the log, n.
 */
const [file, folder, killAt] = process.argv.slice(2) as [string, string, string];
let left = Number(killAt);

const deadly = projections.map((projection): Projection => ({
  ...projection,
  project(model, event) {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    return projection.project(model, event);
  },
}));

const log = await openEventLog({ eventLog: 'sqlite', folder });
const store = log.as(null);
const subscribe = store.subscribe.bind(store);
store.subscribe = (options) => subscribe({ ...options, limit: 97 });
await new Projector({
  file,
  projections: deadly,
  log: store,
  changed: ({ views }) => views.length > 0 && views.every(({ building }) => building === undefined) && process.exit(1),
}).start();
