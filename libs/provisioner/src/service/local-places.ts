import { join } from 'node:path';
import type { ResourceKind } from '@slipway/contracts';
import { apartCommand, localFilesystem } from '@slipway/interfaces';
import type { Place } from '../ports.js';
import { threadTransfers } from '../transfer/thread-transfers.js';

/**
 * Places on this machine: `<dataFolder>/places/<location>/<kind>/<driver>`. Every folder on the way can be passed through
 * (0711), because what stands below is handed to instances that run as somebody else.
 */
export function localPlaces(dataFolder: string, kind: ResourceKind): (location: string, driver: string) => Promise<Place> {
  const command = apartCommand();
  const filesystem = localFilesystem();
  const transfers = threadTransfers(join(dataFolder, 'blobs'));
  const places = new Map<string, Promise<Place>>();
  const make = async (location: string, driver: string): Promise<Place> => {
    let root = dataFolder;
    for (const name of ['places', location, kind, driver]) {
      root = join(root, name);
      await filesystem.mkdir(root, { mode: 0o711 });
    }
    return { command, filesystem, root, transfers };
  };
  return (location, driver) => {
    const key = `${location}/${driver}`;
    let place = places.get(key);
    if (!place) {
      place = make(location, driver);
      places.set(key, place);
      // A folder that could not be made is tried again by the next who asks.
      place.catch(() => places.delete(key));
    }
    return place;
  };
}
