import type { LeaseSpec } from '../definition.js';
import type { Change, InstalledRef, Plan, PlanStep, Wire } from '../plan.js';
import { resourceKey } from '../services.js';
import { lackingIn } from '../elsewhere.js';
import { roundsOf } from './rounds.js';

const SIGNS: Readonly<Record<PlanStep['action'], string>> = {
  ensure: '+',
  destroy: '-',
  stop: '-',
  export: '>',
  update: '~',
};

/** What is stopped, read out, and brought up again. */
const EXPORT_SIGNS = { ...SIGNS, stop: '.', ensure: '^' } satisfies Record<PlanStep['action'], string>;

/** The sign of a step: what happens to its resource. */
export const signOf = ({ action }: PlanStep, { outcome }: Plan): string => (outcome === 'export' ? EXPORT_SIGNS : SIGNS)[action];

/** A plan for a person: what would happen, in which order and what side by side, why, and who is touched by it. */
export function describePlan(plan: Plan): string {
  const lines: string[] = [];
  if (plan.outcome === 'satisfied') lines.push('Everything is there already; nothing would change.');
  if (plan.outcome === 'unsatisfied') lines.push(...unsatisfied(plan));
  for (const used of plan.alreadySatisfied) lines.push(...describeUsed(used, plan));
  const rounds = roundsOf(plan.steps);
  for (const [at, round] of rounds.entries()) {
    if (rounds.length > 1) lines.push(`${at === 0 ? 'First' : 'Then'}${round.length > 1 ? ', side by side' : ''}:`);
    for (const step of round) lines.push(...describeStep(step, plan));
  }
  if (plan.affected?.length) lines.push('Stays as it is, and is touched by it:');
  for (const { key, why } of plan.affected ?? []) lines.push(`  * ${key}: ${why}`);
  if (plan.destination !== undefined) lines.push(`  @ its archive goes to ${plan.destination}`);
  if (plan.steps.length > 0) lines.push(`${countsOf(plan)} Nothing has been changed.`);
  return lines.join('\n');
}

function unsatisfied(plan: Plan): string[] {
  const missing = lackingIn(plan).flatMap(({ chain, requirement, message }) => [
    `  ${requirement}`,
    ...(chain.length > 0 ? [`    needed by ${chain.join(' → ')}`] : []),
    `    ${message}`,
  ]);
  return ['This cannot be done. Unsatisfied:', ...missing, ...explained(plan)];
}

/** How it follows that it cannot be done, where that takes more than one step, and what would do. */
function explained({ explanation }: Plan): string[] {
  if (!explanation) return [];
  const told = explanation.lines.map(({ suppose, because, therefore }) => {
    if (suppose !== undefined) return `Suppose ${suppose}:`;
    return because === undefined ? `So ${therefore}.` : `${because}${therefore === undefined ? '' : `: ${therefore}`}.`;
  });
  return [
    ...(told.length > 1 ? ['  Why:', ...told.map((line) => `    ${line}`)] : []),
    ...explanation.fixes.map((fix) => `  ${fix}`),
  ];
}

function describeUsed(used: InstalledRef, plan: Plan): string[] {
  const key = resourceKey(used);
  return [`  = ${key} is there (${used.definition.name}@${used.definition.version})`, ...users(key, plan)];
}

function describeStep(step: PlanStep, plan: Plan): string[] {
  const { id, definition, driver, location, because, changes = [] } = step;
  const left = orderedBeside(step, plan);
  const after = left.length > 0 ? `, after ${left.join(', ')}` : '';
  const reasons = [
    ...(because === undefined ? [] : [because]),
    ...(isAskedFor(step, plan) ? ['asked for'] : []),
    ...leased(step),
    ...changes.map(describeChange),
    ...(step.action === 'update' && step.kind === 'instance' ? [RESTARTS] : []),
    ...(step.action === 'destroy' ? [whyRemoved(step, plan)] : []),
    ...uses(step, plan),
  ];
  return [
    `  ${signOf(step, plan)} ${id} (${definition.name}@${definition.version}, ${driver} at ${location}${after})`,
    ...(plan.outcome === 'export' ? [] : [...users(resourceKey(step), plan), ...reasons.map((reason) => `      ${reason}`)]),
  ];
}

/** Steps that it waits for, where no wire says why. */
function orderedBeside(step: PlanStep, plan: Plan): string[] {
  const key = resourceKey(step);
  const used = new Set(step.action === 'destroy' ? [] : plan.wires.filter(({ from }) => from === key).map(({ to }) => to));
  return step.after.filter((id) => !used.has(id));
}

/** Whether it is made for itself: nothing of the plan needs it. */
const isAskedFor = (step: PlanStep, { wires }: Plan): boolean =>
  step.action === 'ensure' && !wires.some(({ to }) => to === resourceKey(step));

/** What is leased instead of made: of the allocator, which finds or makes it. */
function leased({ action, spec }: PlanStep): string[] {
  const { lease } = spec as { lease?: LeaseSpec };
  if (action !== 'ensure' || !lease) return [];
  const { type, attributes = {}, filter, blueprint, amount = 1, slots = [] } = lease;
  const wanted = [
    ...Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ...[filter, blueprint && `of ${blueprint}`].filter((one) => one !== undefined),
    ...slots,
  ];
  return [`leases ${amount} of a ${type}${wanted.length > 0 ? `: ${wanted.join(', ')}` : ''}`];
}

/** Drivers change an instance while it does not run. */
const RESTARTS = 'it is stopped and started again; one that is stopped stays stopped';

function whyRemoved({ after }: PlanStep, { outcome }: Plan): string {
  if (after.length > 0) return 'nothing else needs it';
  return outcome === 'remove' ? 'it is given back' : 'it is not needed any more';
}

/** Wires that come with the plan: of what is made, and of what is changed those that it has not had. */
function newWires({ steps, wires }: Plan): Wire[] {
  const making = new Map(
    steps.filter(({ action }) => action === 'ensure' || action === 'update').map((step) => [resourceKey(step), step]),
  );
  return wires.filter(
    (wire) => making.has(wire.from) && !making.get(wire.from)!.before?.wires.some((old) => sameWire(old, wire)),
  );
}

const sameWire = (one: Wire, other: Wire): boolean => one.requirement === other.requirement && one.to === other.to;

/** Who needs a thing from now on: told where that thing is. */
const users = (key: string, plan: Plan): string[] =>
  newWires(plan)
    .filter(({ to }) => to === key)
    .map(({ from, requirement }) => `      needed by ${from} as ${requirement}${taken(plan, { from, requirement, to: key })}`);

/** How much a wire takes of what there is only so much of. */
function taken({ leases }: Plan, { from, requirement, to }: Wire): string {
  const lease = leases.find((one) => one.key === to && one.holder === from && one.requirement === requirement);
  return lease ? `, which takes ${lease.amount} of ${lease.capacity} (${lease.namespace})` : '';
}

/** What a step is wired to that is told nowhere else, and what it is not wired to any more. */
function uses(step: PlanStep, plan: Plan): string[] {
  const key = resourceKey(step);
  const told = new Set([...plan.steps, ...plan.alreadySatisfied].map(resourceKey));
  const mine = plan.wires.filter(({ from }) => from === key);
  const lost = (step.before?.wires ?? []).filter((old) => !mine.some((wire) => sameWire(old, wire)));
  return [
    ...newWires(plan)
      .filter(({ from, to }) => from === key && !told.has(to))
      .map(({ to, requirement }) => `uses ${to} as ${requirement}`),
    ...lost.map(({ to, requirement }) => `does not use ${to} as ${requirement} any more`),
  ];
}

function countsOf({ outcome, steps }: Plan): string {
  const count = (action: PlanStep['action']) => steps.filter((step) => step.action === action).length;
  if (outcome === 'repair') return `${count('update')} to bring back, ${count('ensure')} to make again.`;
  if (outcome === 'export') return `${count('export')} to read out, ${count('stop')} stopped meanwhile.`;
  const changed = outcome === 'update' || count('update') > 0 ? `${count('update')} to change, ` : '';
  return `${changed}${count('ensure')} to make, ${count('destroy')} to remove.`;
}

/** Why, and how: `spec.sizeLimit: 64MiB → 128MiB (in place)`. */
function describeChange({ field, from, to, how }: Change): string {
  const values = from === undefined && to === undefined ? 'changed' : `${from ?? '…'} → ${to ?? '…'}`;
  return `${field}: ${values} (${how === 'in-place' ? 'in place' : 'replaced'})`;
}
