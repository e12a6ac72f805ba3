import { canonicalJson, type BlueprintLimits, type Json, type JsonObject, type LeaseAsk, type Owner } from '@slipway/contracts';
import { matchesFilter, parseFilter, readAttributes } from '@slipway/solver';

/** What a blueprint can do. What it cannot is never asked of it. */
export const BLUEPRINT_VERBS = ['allocate', 'update', 'manage', 'destroy'] as const;
export type BlueprintVerb = (typeof BLUEPRINT_VERBS)[number];

/** What of what a blueprint does has a limit: its verbs, and what it does for a lease. */
export type LimitedWork = BlueprintVerb | 'prepare' | 'takeBack';

/**
 * An attribute of what a blueprint makes: one of some values, a whole number of a range, or a text that all of a regular expression
 * matches (as ECMAScript has it, with `u`); what it is where nobody says, and whether it stays so for what was made.
 */
export type AttributeRange = { default: Json; isFixed?: boolean } & (
  | { oneOf: readonly Json[] }
  | { from: number; to: number }
  | { matches: string }
);

/** A lease that each resource of a blueprint holds itself. */
export interface Need {
  type: string;
  attributes?: JsonObject;
  filter?: string;
  slots?: readonly string[];
}

/** What a blueprint says of itself: data, by which it is decided who gets what. */
export interface BlueprintDeclaration {
  name: string;
  /** Of the resources that it makes: `host`, `working-copy`. */
  type: string;
  /** Where its effects live. */
  location: string;
  can: readonly BlueprintVerb[];
  /** Names of the interfaces that it builds on a resource. */
  interfaces: readonly string[];
  /** Attributes of what it makes; one that does not stand here it cannot give. */
  attributes: Readonly<Record<string, AttributeRange>>;
  /** Attributes that no two resources that are entered by hand have alike: what is there once is not leased twice under two names. */
  distinct?: readonly string[];
  /** Nothing is entered by hand: it works only with what it made itself. */
  isOnlyMade?: boolean;
  /** How much of one resource can be leased at once. */
  capacity: number;
  /** `spread`: the one with the most room left first; `pack`: the fullest that has enough. */
  placing: 'spread' | 'pack';
  limits: BlueprintLimits;
  /** How many resources there can be of it at all: of what was bought once there is no second one, and no limit is raised beyond that. */
  mostResources?: number;
  /** Leases that each resource holds, by role: all of them or none. */
  needs: Readonly<Record<string, Need>>;
  /** How long each may take, in seconds, where that is not what is usual. What takes longer is ended, and tried again. */
  workSeconds?: Readonly<Partial<Record<LimitedWork, number>>>;
  /** Who may approve who uses it, beside operators. */
  owner?: Owner;
}

/** By name, in the order in which they are tried. */
export type BlueprintCatalogue = ReadonlyMap<string, BlueprintDeclaration>;

type Wanted = Pick<LeaseAsk, 'attributes' | 'filter'>;

/** Says of attributes whether they are what is asked for. Throws `bad-input` for a filter that is none. */
export function suiting(wanted: Wanted): (attributes: JsonObject) => boolean {
  const values = Object.entries(wanted.attributes);
  const filter = wanted.filter === undefined ? undefined : parseFilter(wanted.filter);
  return (attributes) =>
    values.every(([name, value]) => Object.hasOwn(attributes, name) && isSame(attributes[name], value)) &&
    (filter === undefined || matchesFilter(readAttributes(attributes, 'attributes', []), filter));
}

const isSame = (one: Json | undefined, other: Json): boolean =>
  one === other || (typeof one === 'object' && one !== null && canonicalJson(one) === canonicalJson(other));

/** Attributes of what a blueprint would make for somebody, or why it cannot make that. */
export function attributesFor(
  { name, attributes: ranges, capacity }: BlueprintDeclaration,
  wanted: Wanted & Pick<LeaseAsk, 'amount'>,
): { attributes: JsonObject } | { reason: string } {
  if (wanted.amount > capacity) return { reason: `${name} has ${capacity} of it each, and ${wanted.amount} are wanted` };
  for (const [attribute, value] of Object.entries(wanted.attributes)) {
    const range = Object.hasOwn(ranges, attribute) ? ranges[attribute] : undefined;
    if (range === undefined) return { reason: `${name} has no attribute ${attribute}${listed(Object.keys(ranges))}` };
    if (!isIn(range, value)) return { reason: `${name} has ${attribute} ${shown(range)}, not ${JSON.stringify(value)}` };
  }
  const defaults = Object.fromEntries(Object.entries(ranges).map(([attribute, range]) => [attribute, range.default]));
  const attributes = { ...defaults, ...wanted.attributes };
  if (suiting(wanted)(attributes)) return { attributes };
  return { reason: `${name} would make ${JSON.stringify(attributes)}, which ${wanted.filter} does not match` };
}

function isIn(range: AttributeRange, value: Json): boolean {
  if ('oneOf' in range) return range.oneOf.some((one) => isSame(one, value));
  if ('matches' in range) return typeof value === 'string' && new RegExp(`^(?:${range.matches})$`, 'u').test(value);
  return typeof value === 'number' && Number.isInteger(value) && value >= range.from && value <= range.to;
}
function shown(range: AttributeRange): string {
  if ('oneOf' in range) return range.oneOf.map((one) => JSON.stringify(one)).join(' or ');
  return 'matches' in range ? `that matches ${range.matches}` : `from ${range.from} to ${range.to}`;
}
const listed = (names: readonly string[]): string => (names.length ? `; it has ${names.join(', ')}` : '');
