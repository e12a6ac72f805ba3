import type { FieldError, Requirement, ResourceDefinition } from '@slipway/contracts';
import { NAMESPACE, type Bundle } from './wiring.js';

/** What the headers of a bundle speak of: nobody else does. */
const OF_HEADERS: readonly string[] = Object.values(NAMESPACE);
/** Names of requirements that come of headers, numbered in their order. */
const NAMED = /^osgi-\d+$/;

/** What a definition says itself although its bundle says it: the fields, and why. */
export function bundleErrors({ capabilities = [], requirements = [] }: ResourceDefinition): FieldError[] {
  const said = (field: string, namespace: string): FieldError[] =>
    OF_HEADERS.includes(namespace) ? [{ field, reason: `the bundle says itself what it has of "${namespace}"` }] : [];
  return [
    ...capabilities.flatMap(({ namespace }, at) => said(`capabilities.${at}.namespace`, namespace)),
    ...requirements.flatMap(({ namespace, name = '' }, at) => [
      ...said(`requirements.${at}.namespace`, namespace),
      ...(NAMED.test(name) ? [{ field: `requirements.${at}.name`, reason: 'is kept for what the bundle requires' }] : []),
    ]),
  ];
}

/**
 * A definition with what its bundle says of itself beside what it says: capabilities, requirements (`osgi-1` and so on, in the order of the
 * headers). Side by side with its other versions, unless it is a singleton.
 */
export function withBundle(definition: ResourceDefinition, bundle: Bundle): ResourceDefinition {
  const needed = bundle.requirements.map((one, at): Requirement => ({ ...one, name: `osgi-${at + 1}` }));
  return {
    ...definition,
    singleton: definition.singleton ?? bundle.singleton,
    capabilities: [...(definition.capabilities ?? []), ...bundle.capabilities],
    requirements: [...(definition.requirements ?? []), ...needed],
  };
}
