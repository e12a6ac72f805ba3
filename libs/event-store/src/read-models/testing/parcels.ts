import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { idOf, type JsonObject } from '@slipway/contracts';
import type { EventStore, NewEvent } from '../../port.js';
import { InThread } from '../in-thread.js';
import type { Projection } from '../projection.js';
import { ReadModels } from '../read-models.js';

/** A small model to try the engine with: parcels on shelves, which come, move, change hands and go. */
export interface Parcel {
  id: string;
  shelf: string;
  owner: string;
  weight: number;
  moves: number;
}

export const parcels: Projection<Parcel> = {
  name: 'parcels',
  version: 1,
  categories: ['request'],
  fields: {
    owner: { of: (row) => row.owner, filter: 'indexed' },
    shelf: { of: (row) => row.shelf, filter: 'indexed', sort: true },
    parity: { of: (row) => (row.weight % 2 === 0 ? 'even' : 'odd'), filter: 'checked' },
    weight: { of: (row) => row.weight, sort: true },
  },
  defaultSort: 'weight',
  project(model, event) {
    const id = idOf(event.stream);
    const row = model.get(id);
    const { shelf, owner, weight } = event.data as unknown as Parcel;
    switch (event.type) {
      case 'Came':
        return [{ id, row: { id, shelf, owner, weight, moves: 0 } }];
      case 'Moved':
        return row ? [{ id, row: { ...row, shelf, moves: row.moves + 1 } }] : [];
      case 'Went':
        return [{ id, row: null }];
      default:
        return [];
    }
  },
};

/** Counts arrivals by owner in notes, and shows each owner's last parcel: rows that many streams write. */
export const owners: Projection<{ owner: string; parcels: number; last: string }> = {
  name: 'owners',
  version: 1,
  categories: ['request'],
  fields: { last: { of: (row) => row.last, filter: 'checked' } },
  defaultSort: 'id',
  project(model, event) {
    if (event.type !== 'Came') return [];
    const owner = String(event.data.owner);
    const parcelsBefore = (model.note(owner) as number | undefined) ?? 0;
    return [
      { note: owner, value: parcelsBefore + 1 },
      { id: owner, row: { owner, parcels: parcelsBefore + 1, last: idOf(event.stream) } },
    ];
  },
};

/** One thing that happens: to which parcel, and what. */
export interface Happening {
  parcel: number;
  type: 'Came' | 'Moved' | 'Went' | 'Weighed';
  data: { shelf: string; owner: string; weight: number };
}

/** Random happenings to a few parcels, so that rows change often and come back. */
export const happenings = (most: number): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.record({
      parcel: fc.nat(7),
      type: fc.constantFrom(
        'Came' as const,
        'Came' as const,
        'Moved' as const,
        'Moved' as const,
        'Went' as const,
        'Weighed' as const,
      ),
      data: fc.record({ shelf: fc.constantFrom('a', 'b', 'c'), owner: fc.constantFrom('ada', 'bob'), weight: fc.nat(9) }),
    }),
    { maxLength: most },
  );

/** Appends happenings, each as one event of its parcel's stream. */
export async function record(log: EventStore, all: readonly Happening[]): Promise<void> {
  for (const { parcel, type, data } of all) {
    const stream = `request-p${parcel}`;
    await log.append(stream, (await log.read(stream)).length - 1, [event(type, data)]);
  }
}

export const event = (type: string, data: JsonObject): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { actor: { id: 'ada', type: 'user' } },
});

/** A folder that is removed when `work` has ended. */
export async function inFolder<T>(work: (file: (name: string) => string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-models-'));
  try {
    return await work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Models of a log, projected in this thread and brought up to the head. */
export async function modelsOf(file: string, log: EventStore, projections: readonly Projection[] = [parcels, owners]) {
  const models = new ReadModels({
    file,
    projections,
    log,
    projector: (told) => new InThread({ file, projections, log }, told),
  });
  await models.opened();
  await models.reached(await log.head(), 20_000);
  return models;
}
