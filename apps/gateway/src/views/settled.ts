import { idOf, resourceKey, type EnvironmentEvent, type Installed, type Instant, type Wire } from '@slipway/contracts';
import type { RecordedEvent } from '@slipway/event-store';
import type { Change, Model } from '@slipway/event-store/read-models';

type Settled = Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'];

/** Something that a settled plan has installed, as the projections of environments make rows of it. */
export interface Settling<Row> {
  environment: string;
  /** Unique in its mesh: `default.storage/shop-data`. */
  id: string;
  key: string;
  installed: Installed;
  /** What it is wired to from now on. */
  wires: readonly Wire[];
  requestId: string;
  at: Instant;
  position: string;
  /** What a row was; of a resource's own rows only. */
  before(id: string): Row | undefined;
}

/** What a plan has settled in an environment; undefined of every other event. Throws where its list is lost. */
export function settledBy({ type, data }: RecordedEvent): Settled | undefined {
  if (type !== 'PlanSettled') return undefined;
  const settled = data as unknown as Settled;
  if (settled.installedBlob)
    throw new Error(`What was installed stands in the blob ${settled.installedBlob.sha256}, which is lost`);
  return settled;
}

/**
 * What a settled plan changes in a model whose rows belong to what is installed, each to one: the rows of what goes go, those of what is
 * installed, or is something else from now on, are made anew. Which rows something has, or may come to have (`null`), is noted under its id.
 */
export function settle<Row>(
  model: Model<Row>,
  recorded: RecordedEvent,
  rowsOf: (settling: Settling<Row>) => Iterable<readonly [id: string, row: Row | null]>,
): Change<Row>[] {
  const settled = settledBy(recorded);
  if (!settled) return [];
  const environment = idOf(recorded.stream);
  const { recordedAt: at, position } = recorded;
  const { requestId, removed, installed, wires } = settled;
  const rows = new Map<string, Row | null>();
  const notes = new Map<string, string[] | null>();
  const had = (id: string) => (model.note(id) as string[] | undefined) ?? [];
  const take = (id: string) => {
    for (const row of had(id)) rows.set(row, null);
    notes.set(id, null);
  };
  for (const key of removed) take(`${environment}.${key}`);
  const wiresOf = new Map<string, Wire[]>();
  for (const wire of wires) wiresOf.set(wire.from, [...(wiresOf.get(wire.from) ?? []), wire]);
  for (const one of installed) {
    const key = resourceKey(one);
    const id = `${environment}.${key}`;
    take(id);
    const before = (row: string) => (had(id).includes(row) && !removed.includes(key) ? model.get(row) : undefined);
    const settling = { environment, id, key, installed: one, wires: wiresOf.get(key) ?? [], requestId, at, position, before };
    const made = new Map(rowsOf(settling));
    for (const [row, value] of made) rows.set(row, value);
    if (made.size > 0) notes.set(id, [...made.keys()]);
  }
  return [...[...rows].map(([id, row]) => ({ id, row })), ...[...notes].map(([note, value]) => ({ note, value }))];
}
