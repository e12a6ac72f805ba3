import { RESOURCE_KINDS } from '@slipway/contracts';
import type { Provided, ProvisionerView } from '@slipway/contracts/http';
import { driversAt, provisionerAt, type MeshConfig, type Presence, type ProvisionerConfig } from '@slipway/mesh';

/** The provisioners of the configuration, by name, with what of them is announced. */
export function provisionerViews(config: MeshConfig, presence: Pick<Presence, 'drivers'>): ProvisionerView[] {
  const { hosts } = config.provisioners;
  return Object.keys(hosts)
    .toSorted()
    .map((name) => view(name, hosts[name]!, config, presence));
}

function view(name: string, host: ProvisionerConfig, config: MeshConfig, presence: Pick<Presence, 'drivers'>): ProvisionerView {
  const { title, package: from, 'resource-uri': resourceUri } = host;
  const places = Object.entries(config.guestLocations);
  const guestLocations = places.filter(([, place]) => provisionerAt(config, place) === name).map(([place]) => place);
  const provides = places.flatMap(([guestLocation, place]): Provided[] =>
    RESOURCE_KINDS.flatMap((kind) =>
      (driversAt(host, place)[kind] ?? []).map((driver) => {
        const there = presence.drivers(kind, place.location)?.find((one) => one.name === driver);
        const { verbs = [], accepts } = there ?? {};
        const at = { kind, driver, guestLocation, location: place.location };
        return { ...at, present: there !== undefined, verbs, ...(accepts && { accepts }) };
      }),
    ),
  );
  return {
    name,
    ...(title !== undefined && { title }),
    default: name === config.provisioners.default,
    ...(from !== undefined && { package: from }),
    ...(resourceUri !== undefined && { resourceUri }),
    guestLocations,
    provides,
    absent: guestLocations.length > 0 ? absentAt(provides, guestLocations) : absentEverywhere(provides, host),
  };
}

/** Where it provisions by itself, all of it must be there. */
function absentAt(provides: readonly Provided[], guestLocations: readonly string[]): string[] {
  const wanted = provides.filter(({ present, guestLocation }) => !present && guestLocations.includes(guestLocation));
  return [...new Set(wanted.map(({ kind, driver, location }) => `the ${kind} driver ${driver} is not at ${location}`))];
}

/** Who provisions for those that name him must be somewhere with what he brings himself. */
function absentEverywhere(provides: readonly Provided[], { provides: own }: ProvisionerConfig): string[] {
  return RESOURCE_KINDS.filter((kind) => own[kind] !== undefined && own[kind] !== kind)
    .filter((kind) => !provides.some((one) => one.kind === kind && one.present))
    .map((kind) => `the ${kind} driver ${own[kind]} is at none of the places`);
}
