import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import { InThread, InWorker, ReadModels, startOf, type Complete, type WorkerSettings } from '@slipway/event-store/read-models';
import type { NameRow } from './environments.js';
import type { ListQuery, Rows, ViewName, Views } from './port.js';
import { projections } from './registry.js';
import { wholeSettlement } from './whole-settlement.js';

export interface ViewsOptions {
  /** Where the file of the views is kept; made when it is not there. One process at a time. */
  folder: string;
  /** The log; only read from. */
  log: EventStore;
  /** How the views' worker opens the same log for itself. Left out: they are made in this thread from `log`. */
  eventLog?: WorkerSettings['log'];
  /** Where what was too large for the log stands; `blobsFolder` for a worker, which opens them for itself. */
  blobs?: Pick<Blobs, 'read'>;
  blobsFolder?: string;
  /** Days that history is kept for `asOf`; for ever when left out. */
  historyDays?: number;
  /** A copy of another replica's views (`snapshotTo`), to start from when there are none. */
  snapshot?: string;
}

/** Names of an environment that are shown with it, by name; all of them are instances, which can be paged through. */
const MOST_NAMES = 1_000;
const DAY = 86_400_000;

/**
 * Opens the gateway's views. Resolves when the file is open, or it is known why it can't be yet (`stopped`): it is then tried
 * again. What is still being built answers `behind`.
 */
export async function openViews({
  folder,
  log,
  eventLog,
  blobs,
  blobsFolder,
  historyDays,
  snapshot,
}: ViewsOptions): Promise<Views> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'views.sqlite');
  const history = historyDays === undefined ? {} : { keepHistory: historyDays * DAY };
  const elsewhere = blobsFolder === undefined ? {} : { elsewhere: blobsFolder };
  const whole = blobs ? { whole: (event: RecordedEvent) => wholeSettlement(event, blobs) } : {};
  const models = new ReadModels({
    file,
    projections,
    log,
    ...(snapshot !== undefined && { snapshot }),
    projector: (told) =>
      eventLog
        ? new InWorker({ file, registry: registryUrl(), log: eventLog, ...elsewhere, ...history }, told)
        : new InThread({ file, projections, log, ...whole, ...history }, told),
  });
  await models.opened();

  const listText = async (view: ViewName, query: ListQuery) => {
    const { items, next, position } = await models.page(view, query, SHOWN[view]?.inLists);
    const end = `"position":${JSON.stringify(position)}}`;
    return `{"items":[${items.join(',')}],${next === undefined ? '' : `"next":"${next}",`}${end}`;
  };
  const getText = (view: ViewName, id: string, options?: { asOf?: string }) => models.get(view, id, options, SHOWN[view]?.alone);

  return {
    listText,
    getText,
    list: async (view, query) => JSON.parse(await listText(view, query)),
    get: async (view, id, options) => {
      const text = await getText(view, id, options);
      return text === null ? null : (JSON.parse(text) as Rows[typeof view]);
    },
    position: () => models.position() ?? startOf(log.info()),
    reached: async (position, ms, view) => {
      const shown = view === undefined ? [undefined] : [view, ...(SHOWN[view]?.with ?? [])];
      return (await Promise.all(shown.map((model) => models.reached(position, ms, model)))).every(Boolean);
    },
    building: () =>
      models
        .states()
        .flatMap(({ view, live, building }) => (building ? [{ view, live: live !== null, position: building }] : [])),
    stopped: () =>
      models
        .states()
        .flatMap(({ view, stopped }) =>
          stopped ? [{ view, reason: stopped.reason, ...(stopped.event && { eventId: stopped.event.id }) }] : [],
        ),
    skip: (view, eventId) => models.skip(view, eventId),
    snapshotTo: (target) => models.snapshotTo(target),
    close: () => models.close(),
  };
}

/** Puts a property into the text of an object. */
const withProperty = (text: string, name: string, json: string): string => `${text.slice(0, -1)},"${name}":${json}}`;

const withNames: Complete = ({ id, text }, snapshot, at) => {
  const rows = snapshot.page('names', {
    filter: { environment: [id] },
    field: 'name',
    descending: false,
    limit: MOST_NAMES,
    ...(at !== undefined && { at }),
  });
  const shown = rows.map((row) => {
    const { name, ownerId, requestId, until } = JSON.parse(row.text) as NameRow;
    return { name, ownerId, requestId, until };
  });
  return withProperty(text, 'names', JSON.stringify(shown));
};

const withPlan: Complete = ({ id, text }, snapshot, at) => {
  const plan = snapshot.row('plans', id, at);
  return plan === null ? text : withProperty(text, 'plan', plan);
};

/** What is shown with a row that stands in another model. */
const SHOWN: Partial<Record<ViewName, { with?: string[]; inLists?: Complete; alone: Complete }>> = {
  requests: { alone: withPlan },
  environments: { with: ['names'], inLists: withNames, alone: withNames },
};

/** The worker runs what was built. */
const registryUrl = (): string =>
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/views/registry.js' : './registry.js', import.meta.url).href;
