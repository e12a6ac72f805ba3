import { areEqual, valueInWords, type Attributes } from '../attribute/attributes.js';
import type { Filter } from '../attribute/filter.js';
import { matchesFilter } from '../attribute/match.js';
import type { Range } from '../attribute/range.js';
import { Version } from '../attribute/version.js';

/** Of the packages of bundles: the class space of a bundle has each of these once (OSGi Core 8 §3.7.5, §8.2). */
export const PACKAGE = 'osgi.wiring.package';

/** What a resource offers to others. */
export interface Capability {
  namespace: string;
  attributes: Attributes;
  /** Packages whose classes show in what this offers: who is wired to it must have them from the same place. */
  uses: readonly string[];
  /** Attributes, in lower case, that only who asks for them by value is wired to (OSGi Core 8 §3.7.6). */
  mandatory?: readonly string[];
  /** How much there is of it; without end when left out. */
  capacity?: number;
}

/** What a resource needs: a capability of that namespace for which all that is said here holds. */
export interface Requirement {
  /** Its own within its resource. */
  name: string;
  namespace: string;
  /** Each must be there and equal. */
  attributes: Attributes;
  /** In which the capability's `version` must lie. */
  range?: Range;
  filter?: Filter;
  /** The plan holds without it. */
  optional: boolean;
  /** Wired to every capability that is there and satisfies it, instead of to one. */
  multiple: boolean;
  /** What it takes of a capability with limited capacity. */
  amount: number;
}

/** Something that can be present in an environment: a definition that can be installed, or what is installed. */
export interface Resource {
  /** Its own: `guestbook@1.0.0` of the repository, `instance/shop` of the environment. */
  id: string;
  name: string;
  version: Version;
  /** There can be one version of that name among those that say so (OSGi Core 8 §3.5.2). */
  singleton: boolean;
  /** One for all that need it; otherwise each that needs it has its own. */
  shared: boolean;
  /**
   * Resolves in circles: present together with what it is wired to, not after it, where that is such a one too (bundles).
   * Everything else is installed after all that it needs.
   */
  together: boolean;
  /** Place of its layer, 0 on top. */
  layer: number;
  /** The first is its identity. */
  capabilities: readonly Capability[];
  requirements: readonly Requirement[];
  /** Why it cannot be made here, where it cannot: a sentence. */
  excluded?: string;
}

/** A requirement's provider. */
export interface Wire {
  /** Id of the resource that requires, and its requirement's name. */
  from: string;
  requirement: string;
  /** Id of the resource that provides, and which of its capabilities. */
  to: string;
  capability: number;
}

/** A capability with the resource that has it. */
export interface Offer {
  resource: Resource;
  capability: Capability;
  /** Which of the resource's capabilities. */
  at: number;
}

/** Whether a capability satisfies a requirement. */
export function satisfies(capability: Capability, requirement: Requirement): boolean {
  if (capability.namespace !== requirement.namespace) return false;
  const { attributes } = capability;
  for (const [name, value] of requirement.attributes) {
    const offered = attributes.get(name);
    if (offered === undefined || !areEqual(offered, value)) return false;
  }
  const { range, filter } = requirement;
  if (capability.mandatory?.some((name) => !asksFor(requirement, name))) return false;
  const version = attributes.get('version');
  if (range && !(version instanceof Version && range.includes(version))) return false;
  return !filter || matchesFilter(attributes, filter);
}

const asksFor = ({ attributes, filter }: Requirement, name: string): boolean =>
  attributes.has(name) || (filter?.equalities.some(({ attribute }) => attribute === name) ?? false);

const texts = new WeakMap<Requirement, string>();

/** A requirement's text: equal for requirements that the same capabilities satisfy, however they are called. */
export function textOf(requirement: Requirement): string {
  const known = texts.get(requirement);
  if (known !== undefined) return known;
  const { namespace, attributes, range, filter } = requirement;
  const pairs = [...attributes].map(([name, value]) => `${name}: ${valueInWords(value)}`);
  const words = [namespace, ...(pairs.length > 0 ? [`{${pairs.join(', ')}}`] : []), range?.text, filter?.text];
  const text = words.filter((word) => word !== undefined).join(' ');
  texts.set(requirement, text);
  return text;
}

/** The package that a requirement names, where it names one. */
export function packageAskedFor({ attributes, filter }: Requirement): string | undefined {
  const name = attributes.get(PACKAGE) ?? filter?.equalities.find(({ attribute }) => attribute === PACKAGE)?.value;
  return typeof name === 'string' ? name : undefined;
}

/** The package that a capability is, where it is one. */
export function packageOf({ namespace, attributes }: Capability): string | undefined {
  const name = namespace === PACKAGE ? attributes.get(PACKAGE) : undefined;
  return typeof name === 'string' ? name : undefined;
}
