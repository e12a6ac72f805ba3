import type { Capability, Requirement, ResourceDefinition } from '@slipway/contracts';

/** Namespace of the capability that every definition has: attributes `name` and `version`. */
export const IDENTITY = 'slipway.identity';

/** `guestbook@1.0.0` */
export const identityOf = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`;

/** A requirement with a name that is its own within its definition. */
export interface Need {
  name: string;
  requirement: Requirement;
}

/** Takes `name` or `name@range` apart. */
export function parseReference(reference: string): { name: string; range?: string } {
  const at = reference.indexOf('@');
  return at < 0 ? { name: reference } : { name: reference.slice(0, at), range: reference.slice(at + 1) };
}

/** The requirement that a reference (`name@range`) is short for. */
export function identityRequirement(reference: string): Requirement {
  const { name, range } = parseReference(reference);
  return { namespace: IDENTITY, attributes: { name }, ...(range !== undefined && { range }) };
}

/** The definition that an identity requirement names. */
export const identityName = (requirement: Requirement): string | undefined =>
  requirement.namespace === IDENTITY && typeof requirement.attributes?.name === 'string'
    ? requirement.attributes.name
    : undefined;

/**
 * All that a definition needs: its requirements, then its dependencies. One without a name is called as what it requires,
 * with a number behind it where that is taken.
 */
export function needsOf(definition: ResourceDefinition): Need[] {
  const requirements = [...(definition.requirements ?? []), ...(definition.dependencies ?? []).map(identityRequirement)];
  const taken = new Set(requirements.map((requirement) => requirement.name));
  return requirements.map((requirement) => {
    const name = nameOf(requirement, (one) => taken.has(one));
    taken.add(name);
    return { name, requirement };
  });
}

/** A requirement's own name, else one that is not taken. */
export function nameOf(requirement: Requirement, isTaken: (name: string) => boolean): string {
  if (requirement.name !== undefined) return requirement.name;
  const plain = asName(identityName(requirement) ?? requirement.namespace);
  let name = plain;
  for (let count = 2; isTaken(name); count++) name = `${plain}-${count}`;
  return name;
}

/** A definition's name as part of a resource's name: letters, digits and hyphens. */
export const asName = (text: string): string =>
  text
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');

/** What a definition provides: its identity and its capabilities. */
export const capabilitiesOf = (definition: ResourceDefinition): Capability[] => [
  { namespace: IDENTITY, attributes: { name: definition.name, version: definition.version } },
  ...(definition.capabilities ?? []),
];
