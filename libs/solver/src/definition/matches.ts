import { SlipwayError, type Capability, type FieldError, type Requirement, type ResourceDefinition } from '@slipway/contracts';
import { readCapability, readRequirement, readResource } from '../resolution/read.js';
import { satisfies, type Capability as Offered, type Requirement as Asked, type Resource } from '../resolution/resource.js';

/** What was read once is not read again. What cannot be read satisfies nothing, and nothing satisfies it. */
function readOnce<Written extends object, Read>(read: (written: Written, errors: FieldError[]) => Read) {
  const known = new WeakMap<Written, Read | null>();
  return (written: Written): Read | undefined => {
    let found = known.get(written);
    if (found === undefined) {
      const errors: FieldError[] = [];
      const value = read(written, errors);
      found = errors.length > 0 ? null : value;
      known.set(written, found);
    }
    return found ?? undefined;
  };
}

/** A capability as the resolver reads it; undefined where it cannot be read. */
export const offeredBy: (capability: Capability) => Offered | undefined = readOnce<Capability, Offered>((written, errors) =>
  readCapability(written, '', errors),
);

/** A requirement as the resolver reads it, under the name that it has; undefined where it cannot be read. */
export const askedBy: (requirement: Requirement) => Asked | undefined = readOnce<Requirement, Asked>((written, errors) =>
  readRequirement(written, written.name ?? '', '', errors),
);

/** Whether a capability satisfies a requirement. */
export function matches(capability: Capability, requirement: Requirement): boolean {
  const [offered, asked] = [offeredBy(capability), askedBy(requirement)];
  return offered !== undefined && asked !== undefined && satisfies(offered, asked);
}

const resources = new WeakMap<ResourceDefinition, Resource>();

/** A definition as the resolver reads it. Throws `bad-input` that names its fields. */
export function resourceOf(definition: ResourceDefinition): Resource {
  const known = resources.get(definition);
  if (known) return known;
  try {
    const read = readResource(definition);
    resources.set(definition, read);
    return read;
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw new SlipwayError('bad-input', `${definition.name}@${definition.version}: ${error.message}`, error.details);
  }
}

/** Whether a definition has a capability that satisfies a requirement. */
export function provides(definition: ResourceDefinition, requirement: Requirement): boolean {
  const asked = askedBy(requirement);
  return asked !== undefined && resourceOf(definition).capabilities.some((capability) => satisfies(capability, asked));
}
