import type { Change, Plan, PlanStep } from '@slipway/contracts';

/** What is stopped, read out, and brought up again. */
const EXPORT_SIGNS = { stop: '.', export: '>', ensure: '^', destroy: '-', update: '!' } satisfies Record<
  PlanStep['action'],
  string
>;

/** A plan for a person: what would happen, in which order, and what it is wired to. */
export function describePlan(plan: Plan): string {
  const lines: string[] = [];
  if (plan.outcome === 'satisfied') lines.push('Everything is there already; nothing would change.');
  if (plan.outcome === 'unsatisfied') {
    lines.push('This cannot be done. Unsatisfied:');
    for (const { chain, requirement, message } of plan.unsatisfied)
      lines.push(`  ${requirement}`, ...(chain.length ? [`    needed by ${chain.join(' → ')}`] : []), `    ${message}`);
  }
  for (const used of plan.alreadySatisfied)
    lines.push(`  = ${used.kind}/${used.name} is there (${used.definition.name}@${used.definition.version})`);
  for (const step of inOrder(plan.steps)) {
    const sign = plan.outcome === 'export' ? EXPORT_SIGNS[step.action] : SIGNS[step.action];
    const after = step.after.length ? `, after ${step.after.join(', ')}` : '';
    lines.push(
      `  ${sign} ${step.id} (${step.definition.name}@${step.definition.version}, ${step.driver} at ${step.location}${after})`,
      ...(step.because === undefined ? [] : [`      ${step.because}`]),
      ...(step.changes ?? []).map((change) => `      ${describeChange(change)}`),
      ...(step.action === 'update' && step.kind === 'instance' ? [RESTARTS] : []),
    );
  }
  for (const wire of plan.wires) lines.push(`  ~ ${wire.from} uses ${wire.to} as ${wire.requirement}`);
  if (plan.destination !== undefined) lines.push(`  @ its archive goes to ${plan.destination}`);
  if (plan.steps.length) {
    const count = (action: PlanStep['action']) => plan.steps.filter((step) => step.action === action).length;
    lines.push(`${countsOf(plan, count)} Nothing has been changed.`);
  }
  return lines.join('\n');
}

const SIGNS: Readonly<Record<PlanStep['action'], string>> = { ensure: '+', destroy: '-', stop: '-', export: '>', update: '!' };

function countsOf({ outcome }: Plan, count: (action: PlanStep['action']) => number): string {
  if (outcome === 'export') return `${count('export')} to read out, ${count('stop')} stopped meanwhile.`;
  const changed = outcome === 'update' ? `${count('update')} to change, ` : '';
  return `${changed}${count('ensure')} to make, ${count('destroy')} to remove.`;
}

/** Drivers change an instance while it does not run. */
const RESTARTS = '      it is stopped and started again; one that is stopped stays stopped';

/** Why, and how: `spec.sizeLimit: 64MiB → 128MiB (in place)`. */
function describeChange({ field, from, to, how }: Change): string {
  const values = from === undefined && to === undefined ? 'changed' : `${from ?? '…'} → ${to ?? '…'}`;
  return `${field}: ${values} (${how === 'in-place' ? 'in place' : 'replaced'})`;
}

/** Steps so that each stands after those that it waits for; a plan's graph has no cycle. */
function inOrder(steps: PlanStep[]): PlanStep[] {
  const ordered: PlanStep[] = [];
  const placed = new Set<string>();
  while (ordered.length < steps.length) {
    const next = steps.filter((step) => !placed.has(step.id) && step.after.every((id) => placed.has(id)));
    if (next.length === 0) return steps;
    for (const step of next) {
      placed.add(step.id);
      ordered.push(step);
    }
  }
  return ordered;
}
