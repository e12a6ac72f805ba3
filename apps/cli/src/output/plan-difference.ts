import type { FieldDifference, Json, JsonObject, PlanDifference } from '@slipway/contracts';

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** Longest value that is shown. */
const LONGEST = 120;

/** What is another in the second of two plans, for a person; a line for each thing, and one for each of its fields. */
export const describeDifferences = (differences: readonly PlanDifference[]): string =>
  differences.flatMap((one) => [`  ${SIGNS[one.change]} ${named(one)}`, ...fieldsOf(one)]).join('\n');

/** How a member of each list is told. */
const NAMES: Readonly<Record<string, (key: string, one: JsonObject) => string>> = {
  plan: () => 'the plan',
  steps: (key, { action, definition }) => `${String(action ?? 'step')} ${key}${definitionOf(definition)}`,
  alreadySatisfied: (key, { definition }) => `is there: ${key}${definitionOf(definition)}`,
  wires: (key, { from, requirement, to }) =>
    from === undefined ? `wire ${key}` : `${String(from)} uses ${String(to)} as ${String(requirement)}`,
  reads: (key) => `rests on ${key}`,
  unsatisfied: (key) => `unsatisfied: ${key}`,
  affected: (key, { key: who }) => `touches ${String(who ?? key)}`,
};

function named(one: PlanDifference): string {
  const value = one.change === 'added' ? one.after : one.change === 'removed' ? one.before : undefined;
  const whole = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return NAMES[one.part]?.(one.key, whole) ?? `${one.part}: ${one.key}`;
}

function definitionOf(definition: Json | undefined): string {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) return '';
  return ` (${String(definition['name'])}@${String(definition['version'])})`;
}

function fieldsOf(one: PlanDifference): string[] {
  if (one.change !== 'changed') return [];
  return one.fields.map(({ field, before, after }: FieldDifference) => `      ${field}: ${shown(before)} → ${shown(after)}`);
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
