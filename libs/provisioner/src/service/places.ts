import { SlipwayError, type ResourceKind } from '@slipway/contracts';
import type { RemoteLocationConfig } from '@slipway/mesh';
import type { Driver } from '../driver.js';
import type { LeasedHost } from '../leased/leased-host.js';
import type { LeasedPlaces } from '../leased/leased-places.js';
import type { Place } from '../ports.js';
import { localPlaces } from './local-places.js';
import { sshPlaces } from './ssh-places.js';

export interface PlacesOptions {
  dataFolder: string;
  kind: ResourceKind;
  /** Locations that are reached over SSH; all others are at this machine. */
  hosts: Readonly<Record<string, RemoteLocationConfig>>;
  drivers: ReadonlyMap<string, Pick<Driver, 'name' | 'anywhere'>>;
  /** Those on leased hosts. */
  leased: Pick<LeasedPlaces, 'place' | 'close'>;
}

/** Places of a sub-provisioner: where their effects live, and how they are reached. */
export interface Places {
  /**
   * Throws `driver-unavailable` where the driver can't work at such a location, `driver-failed` where its host can't be reached,
   * `lease-not-active`.
   */
  place(location: string, driver: string, on?: LeasedHost): Promise<Place>;
  /** Whether {@link place} has one for it. */
  worksAt(location: string, driver: Pick<Driver, 'anywhere'>): boolean;
  /** Ends what is open to other machines. */
  close(): Promise<void>;
}

export function places({ dataFolder, kind, hosts, drivers, leased }: PlacesOptions): Places {
  const here = localPlaces(dataFolder, kind);
  const there = sshPlaces(dataFolder, kind, hosts);
  return {
    worksAt: (location, { anywhere = false }) => anywhere || !Object.hasOwn(hosts, location),
    async place(location, driver, on) {
      if (on) return leased.place(on, driver);
      if (!Object.hasOwn(hosts, location)) return here(location, driver);
      if (drivers.get(driver)?.anywhere) return there.place(location, driver);
      const can = [...drivers.values()].filter(({ anywhere }) => anywhere).map(({ name }) => name);
      const message =
        `The driver ${driver} works at the machine of its service only, and ${location} is reached over SSH (hosts.${location}); ` +
        `drivers of ${kind} that work there: ${can.join(', ') || 'none'}. Have a replica run at that host instead`;
      throw new SlipwayError('driver-unavailable', message, { driver, location, can });
    },
    close: async () => void (await Promise.all([there.close(), leased.close()])),
  };
}
