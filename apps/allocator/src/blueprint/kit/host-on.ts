import { join } from 'node:path';
import type { JsonObject, LeasedPlace } from '@slipway/contracts';
import type { BlueprintContext, GrantedLease, MadeResource } from '../blueprint.js';
import type { Doing } from './declared.js';
import { endPrograms, endProgramsBelow } from './end-programs.js';
import { leaseFolder, resourceFolder } from './folders.js';
import { forgetOldTombstones } from './old-tombstones.js';
import { oneOf } from './one-of.js';
import { onPlace, type OnPlace } from './on-place.js';

/** A host that can be reached: its programs and files, and a folder there (absolute) that is ours. */
export interface Reached extends OnPlace {
  root: string;
}

/** Bears the folder of its lease, so that its programs are found wherever they have gone. Each lease has its own, also one that stands on another. */
export const variableOf = ({ id }: { id: string }): string => `SLIPWAY_${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

/** How others come to a host: what listens there, and the folders of its leases. */
export interface Ways {
  /** Name or address by which what listens there is reached; left out where nobody reaches it. */
  host?: string;
  /** How programs are run and files are reached there. */
  place: Omit<LeasedPlace, 'folder'>;
}

/** What of it differs. */
export interface HostParts {
  /** What each program is started by. */
  by?: readonly string[];
  /** Fills a resource's folder. */
  fill?(staging: string, resource: MadeResource, reached: Reached, context: BlueprintContext): Promise<void>;
  /** Fills the folder of a lease, before it is his. */
  furnish?(data: string, resource: MadeResource, reached: Reached, context: BlueprintContext): Promise<void>;
  /** What a lease has, of its programs and files; these when left out. */
  interfaces?(own: OnPlace, resource: MadeResource, lease: GrantedLease): Readonly<Record<string, object>>;
  /** Whether his files are the lease's own only, also by paths that are absolute. False when left out. */
  isConfined?: boolean;
  /** Of what others can stand on: what a lease gives. */
  ways?(resource: MadeResource, context: BlueprintContext): Promise<Ways>;
}

/** How resources are made of a place that can be reached: a folder for each, and in it one for each lease, where its programs and files are. */
export function hostOn(
  reach: (resource: MadeResource, context: BlueprintContext) => Promise<Reached>,
  { by = [], fill, furnish, interfaces = (own) => ({ ...own }), isConfined = false, ways }: HostParts = {},
): Doing {
  const make = (resource: MadeResource, ground: Reached, context: BlueprintContext) =>
    resourceFolder(resource, { ...ground, signal: context.signal }).make({ id: resource.id }, async (staging) =>
      fill?.(staging, resource, ground, context),
    );

  return {
    async allocate(resource, context) {
      const reached = await reach(resource, context);
      await make(resource, reached, context);
      return { outputs: { folder: resourceFolder(resource, reached).path } };
    },

    async manage(resource, context) {
      const reached = await reach(resource, context);
      const folder = resourceFolder(resource, reached);
      if (!resource.manual && !(await folder.stands())) return { state: 'broken', reason: `its folder ${folder.path} is gone` };
      const { exitCode, stderr } = await reached.command.exec(['true'], { timeoutMs: 20_000, signal: context.signal });
      return exitCode === 0
        ? { state: 'well' }
        : { state: 'broken', reason: `no program runs there: ${stderr.trim().slice(-300)}` };
    },

    async destroy(resource, context) {
      const { command, filesystem, root } = await reach(resource, context);
      const folder = resourceFolder(resource, { filesystem, root });
      await folder.remove((path) => endPrograms(command, { variable: variableOf(resource), value: path, folder: path }));
      // Leases that were never taken back.
      const leases = join(folder.beside, 'leases');
      await endProgramsBelow(command, leases);
      await filesystem.remove(leases);
    },

    async prepare(lease, resource, context) {
      const reached = await reach(resource, context);
      // One that was entered by hand has none yet.
      await make(resource, reached, context);
      await leaseFolder(lease, resource, { ...reached, signal: context.signal }).make({ id: lease.id }, async (staging) => {
        const data = join(staging, 'data');
        // Whoever may enter the host's folder may pass through it: a server of his that is nobody's reads what he serves.
        await reached.filesystem.mkdir(data, { mode: 0o711 });
        await furnish?.(data, resource, reached, context);
      });
    },

    async takeBack(lease, resource, context) {
      const { command, filesystem, root } = await reach(resource, context);
      const folder = leaseFolder(lease, resource, { filesystem, root });
      const value = folder.path;
      await folder.remove((path) => endPrograms(command, { variable: variableOf(lease), value, folder: path }));
      await forgetOldTombstones(command, join(resourceFolder(resource, { filesystem, root }).beside, 'leases'), lease);
    },

    async interface(name, lease, resource, context) {
      const { root, ...place } = await reach(resource, context);
      const folder = leaseFolder(lease, resource, { ...place, root });
      await folder.assertPresent();
      const variables = { [variableOf(lease)]: folder.path };
      const own = onPlace(place, { folder: folder.data, home: folder.data, variables, by, isConfined, signal: context.signal });
      return oneOf(name, interfaces(own, resource, lease));
    },

    ...(ways && {
      async gives(lease, resource, context): Promise<JsonObject> {
        const folder = leaseFolder(lease, resource, await reach(resource, context));
        await folder.assertPresent();
        const { place, ...reached } = await ways(resource, context);
        return { ...reached, place: { folder: folder.data, ...place } };
      },
    }),
  };
}
