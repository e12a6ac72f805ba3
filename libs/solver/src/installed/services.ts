import { SERVICE, type Capability, type Installed, type JsonObject, type Requirement as Written } from '@slipway/contracts';
import type { EnvironmentView } from './environment.js';
import { inOrder } from '../in-order.js';
import { askedBy, matches, offeredBy } from '../definition/matches.js';
import { ResolutionEnvironment } from '../resolution/environment.js';
import { satisfies, type Offer, type Requirement, type Resource } from '../resolution/resource.js';
import type { Standing, Standings } from './standing.js';
import { Version, parseVersion } from '../attribute/version.js';

/** What an instance offers while it is healthy: itself by its name, and what its definition says of the namespace `service`. */
export function servicesOf(one: Installed): Capability[] {
  if (one.kind !== 'instance') return [];
  const { uri = one.outputs['url'] } = one.outputs;
  const at: JsonObject = typeof uri === 'string' ? { uri } : {};
  const { name, version } = one.definition;
  const itself = { namespace: SERVICE, attributes: { name: one.name, definition: name, version, ...at } };
  const declared = (one.capabilities ?? []).filter(({ namespace }) => namespace === SERVICE);
  return [itself, ...declared.map((capability) => ({ ...capability, attributes: { ...at, ...capability.attributes } }))];
}

/** Whether an instance is healthy; undefined where its generation is not the one that was told of. */
const isHealthy = ({ name, generation }: Installed, standings: Standings): boolean => {
  const standing = standings(name);
  return standing?.generation === generation && standing.health === 'healthy';
};

const PREFIX = `${SERVICE}/`;

/** Key of the instance whose service that is, where it is one: `service/shop` → `instance/shop`. */
export const keyOfService = (id: string): string => (id.startsWith(PREFIX) ? `instance/${id.slice(PREFIX.length)}` : id);

/**
 * An environment as the resolver looks at it, with the services of what is healthy in it. They are looked up when something requires one: a
 * plan that needs none costs nothing more.
 */
export class WithServices extends ResolutionEnvironment {
  constructor(
    installed: ResolutionEnvironment,
    private readonly environment: EnvironmentView,
    private readonly standings: Standings,
  ) {
    super({ resources: [] }, installed);
  }

  override get(id: string): Resource | undefined {
    if (!id.startsWith(PREFIX)) return super.get(id);
    const one = this.environment.get(keyOfService(id));
    return one && isHealthy(one, this.standings) ? serviceOf(one) : undefined;
  }

  override named(name: string): readonly Resource[] {
    const service = name.startsWith(PREFIX) ? this.get(name) : undefined;
    return service ? [service] : super.named(name);
  }

  override offers(requirement: Requirement): readonly Offer[] {
    if (requirement.namespace !== SERVICE) return super.offers(requirement);
    const name = nameMeant(requirement);
    // What a definition says of its service may have any name.
    const meant = (one: Installed) => name === undefined || one.name === name || declares(one);
    return this.environment
      .instances()
      .filter((one) => meant(one) && isHealthy(one, this.standings))
      .flatMap((one) => {
        const resource = serviceOf(one);
        return resource.capabilities.flatMap((capability, at) =>
          satisfies(capability, requirement) ? [{ resource, capability, at }] : [],
        );
      });
  }
}

const declares = ({ capabilities = [] }: Installed): boolean => capabilities.some(({ namespace }) => namespace === SERVICE);

/** The name that a requirement asks for; undefined where it asks for none. */
function nameMeant({ attributes, filter }: Requirement): string | undefined {
  const name = attributes.get('name') ?? filter?.equalities.find(({ attribute }) => attribute === 'name')?.value;
  return typeof name === 'string' ? name : undefined;
}

const known = new WeakMap<Installed, Resource>();

/** A service as something of its own: who requires it is wired to it, and to nothing else of the instance. Made once for what is installed. */
function serviceOf(one: Installed): Resource {
  const service = known.get(one) ?? madeOf(one);
  known.set(one, service);
  return service;
}

function madeOf(one: Installed): Resource {
  const id = `${PREFIX}${one.name}`;
  return {
    ...{ id, name: id, version: parseVersion(one.definition.version) ?? NONE, layer: 0, requirements: [] },
    ...{ shared: true, singleton: false, together: false },
    capabilities: servicesOf(one).flatMap((capability) => offeredBy(capability) ?? []),
  };
}

const NONE = new Version('0', [0, 0, 0], [], '');

/** Names of the instances that offer their service just now, in order. */
export const namesOfServices = (environment: EnvironmentView, standings: Standings): string[] =>
  environment
    .instances()
    .filter((one) => isHealthy(one, standings))
    .map(({ name }) => name)
    .toSorted(inOrder);

/** Instances whose service would satisfy a requirement if they were healthy, with how they stand. */
export function servicesAway(
  requirement: Written,
  environment: EnvironmentView,
  standings: Standings,
): { name: string; standing: Standing | undefined }[] {
  if (requirement.namespace !== SERVICE || askedBy(requirement) === undefined) return [];
  return environment
    .instances()
    .filter((one) => !isHealthy(one, standings) && servicesOf(one).some((service) => matches(service, requirement)))
    .map((one) => ({ name: one.name, standing: standings(one.name) }))
    .toSorted((a, b) => inOrder(a.name, b.name));
}
