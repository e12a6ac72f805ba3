import { canonicalJson, type Json, type JsonObject } from './canonical-json.js';
import type { Plan } from './plan.js';

/** One field that is another in the other plan: `spec.sizeLimit`. `before` and `after` are left out where there is nothing. */
export interface FieldDifference {
  field: string;
  before?: Json;
  after?: Json;
}

/** One thing of a plan that another plan has not, has beside, or has otherwise. */
export type PlanDifference = {
  /** The list it stands in: `steps`, `wires`, `reads`, …; `plan` for what stands in none. */
  part: string;
  /** Which one: a step's id, a resource's key, a wire's ends; '' of the plan itself. */
  key: string;
} & ({ change: 'added'; after: Json } | { change: 'removed'; before: Json } | { change: 'changed'; fields: FieldDifference[] });

/** What names a member of each list of a plan. A list that is not named here has members that are what they are. */
const KEYS: Readonly<Record<string, (one: JsonObject) => string>> = {
  steps: ({ id }) => String(id),
  alreadySatisfied: ({ kind, name }) => `${String(kind)}/${String(name)}`,
  wires: ({ from, requirement, to }) => `${String(from)} ${String(requirement)} ${String(to)}`,
  leases: ({ key, holder, requirement }) => [key, holder, requirement].map(String).join(' '),
  reads: ({ key }) => String(key),
  turns: ({ key }) => String(key),
  unsatisfied: ({ chain, requirement }) => [...(Array.isArray(chain) ? chain : []), requirement].map(String).join(' → '),
  affected: ({ key, through }) => [key, ...(Array.isArray(through) ? through : [])].map(String).join(' through '),
};

/** What follows from the rest, and would tell everything twice; of the repository as a whole no plan consists, nor of who is away. */
const FOLLOWS = new Set(['hash', 'writes', 'repository', 'elsewhere']);
/** Deeper than this a value counts as one. */
const DEPTH = 20;

/**
 * How `after` differs from `before`; nothing where they say the same. Pure, and of any two objects that claim to be plans: what is
 * no list of a plan counts as a value. In the order of the plan's own parts, each in the order of keys.
 */
export function comparePlans(before: Plan, after: Plan): PlanDifference[] {
  const [a, b] = [before, after] as unknown as [JsonObject, JsonObject];
  const parts = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((part) => !FOLLOWS.has(part));
  const isList = (part: string) => [a[part], b[part]].every((value) => value === undefined || Array.isArray(value));
  const alone = parts.filter((part) => !isList(part)).flatMap((part) => fieldsOf(part, a[part], b[part]));
  return [
    ...(alone.length > 0 ? [{ part: 'plan', key: '', change: 'changed' as const, fields: alone }] : []),
    ...parts.filter(isList).flatMap((part) => listDifferences(part, (a[part] ?? []) as Json[], (b[part] ?? []) as Json[])),
  ];
}

function listDifferences(part: string, before: readonly Json[], after: readonly Json[]): PlanDifference[] {
  const [was, is] = [byKey(part, before), byKey(part, after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  return keys.flatMap((key): PlanDifference[] => {
    if (!was.has(key)) return [{ part, key, change: 'added', after: is.get(key)! }];
    if (!is.has(key)) return [{ part, key, change: 'removed', before: was.get(key)! }];
    const fields = fieldsOf('', was.get(key), is.get(key));
    return fields.length > 0 ? [{ part, key, change: 'changed', fields }] : [];
  });
}

const byKey = (part: string, list: readonly Json[]): Map<string, Json> =>
  new Map(list.map((one) => [isObject(one) && Object.hasOwn(KEYS, part) ? KEYS[part]!(one) : canonicalJson(one), one]));

/** What is another below `field`, as deep as objects go. */
function fieldsOf(field: string, before: Json | undefined, after: Json | undefined, depth = 0): FieldDifference[] {
  if (isObject(before) && isObject(after) && depth < DEPTH)
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      fieldsOf(field === '' ? name : `${field}.${name}`, before[name], after[name], depth + 1),
    );
  if (before === after || spelled(before) === spelled(after)) return [];
  return [{ field, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

const spelled = (value: Json | undefined): string | undefined => (value === undefined ? undefined : canonicalJson(value));

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a list of a plan, or what it says itself, is called when differences are counted. */
const WORDS: Readonly<Record<string, string>> = {
  alreadySatisfied: 'what is there already',
  reads: 'what it rests on',
  plan: 'the plan itself',
  affected: 'what is touched further away',
};

/** How much is another, in one line: `steps: 1 added, 2 changed; wires: 1 removed`. */
export function summaryOf(differences: readonly PlanDifference[]): string {
  const counts = new Map<string, Map<string, number>>();
  for (const { part, change } of differences) {
    const of = counts.get(part) ?? new Map<string, number>();
    counts.set(part, of.set(change, (of.get(change) ?? 0) + 1));
  }
  return [...counts]
    .map(([part, of]) => `${WORDS[part] ?? part}: ${[...of].map(([change, count]) => `${count} ${change}`).join(', ')}`)
    .join('; ');
}
