import { isAbsolute, normalize } from 'node:path';
import type { MeshConfig } from './config.js';

/** A place below a store's folder. */
export interface InStore {
  store: string;
  /** Path below the store's folder; `''` for the folder itself. */
  below: string;
}

/** What is said as `store` or `store:path/below`; `undefined` where there is no such store, or the path leads out of it. */
export function inStore({ snapshots }: MeshConfig, said: string): InStore | undefined {
  const colon = said.indexOf(':');
  const [store, path] = colon < 0 ? [said, ''] : [said.slice(0, colon), said.slice(colon + 1)];
  if (!Object.hasOwn(snapshots.stores, store) || isAbsolute(path)) return undefined;
  const below = normalize(path).replace(/^\.?\/?$|\/$/, '');
  return below === '..' || below.startsWith('../') ? undefined : { store, below };
}

/** The same, as it is said. */
export const asSaid = ({ store, below }: InStore): string => (below === '' ? store : `${store}:${below}`);

/** Where archives of an environment's exports go as well that name no destination: its own, else that of all of them. */
export const destinationIn = ({ environments, snapshots }: MeshConfig, environment: string): string | undefined =>
  (Object.hasOwn(environments, environment) ? environments[environment]!.destination : undefined) ?? snapshots.destination;
