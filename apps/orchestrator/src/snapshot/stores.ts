import { isAbsolute, join } from 'node:path';
import type { SnapshotCopy } from '@slipway/contracts';
import { wayBelow } from '@slipway/interfaces';
import { asSaid, badInput, destinationIn, inStore, type InStore, type MeshConfig } from '@slipway/mesh';

/**
 * Where an export's archive goes as well: a store by its name, or a folder below one (`store:folder`, or its absolute path). Throws
 * `bad-input` that lists the stores.
 */
export function destinationOf(config: MeshConfig, destination: string): InStore {
  return inStore(config, destination) ?? located(config, destination) ?? refused('destination', destination, config);
}

/** Where an export's archive goes as well, as `store` or `store:folder`: what was asked for, else the environment's. Throws the same. */
export function destinationFor(config: MeshConfig, environment: string, asked: string | undefined): string | undefined {
  const destination = asked ?? destinationIn(config, environment);
  return destination === undefined ? undefined : asSaid(destinationOf(config, destination));
}

/** Where an archive is read from: a file below a store (`store:path`, or its absolute path). Throws `bad-input` that lists the stores. */
export function sourceOf(config: MeshConfig, path: string): InStore {
  const found = inStore(config, path) ?? located(config, path);
  return found && found.below !== '' ? found : refused('snapshot', path, config);
}

/** Absolute path of a copy. */
export const pathOf = ({ snapshots }: MeshConfig, { store, file }: SnapshotCopy): string =>
  join(snapshots.stores[store]!.folder, file);

function located({ snapshots }: MeshConfig, path: string): InStore | undefined {
  if (!isAbsolute(path)) return undefined;
  for (const [store, { folder }] of Object.entries(snapshots.stores)) {
    const way = wayBelow(folder, path);
    if (way !== undefined) return { store, below: way };
  }
  return undefined;
}

function refused(field: string, given: string, { snapshots }: MeshConfig): never {
  const stores = Object.entries(snapshots.stores).map(([name, { folder }]) => `${name} (${folder})`);
  const there =
    stores.length > 0 ? `the stores are ${stores.toSorted().join(', ')}` : 'no store is configured (snapshots.stores)';
  const wanted = field === 'destination' ? 'a store, nor a folder below one' : 'an archive below a store';
  throw badInput([{ field, reason: `${JSON.stringify(given)} is not ${wanted}; ${there}` }]);
}
