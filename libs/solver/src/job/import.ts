import type { Plan, PlanStep, ResolveQuery, Unsatisfied } from '@slipway/contracts';
import { inWords, nameStands, noPartFor, nothingTakes, type Reason } from '../explain.js';
import { finishPlan, unsatisfied } from '../plan/plan.js';
import { planProvision, type ProvisionInput } from './provision.js';
import { identityRequirement } from '../requirement.js';
import { rolesFrom } from '../definition/roles.js';

type KnownPart = NonNullable<ResolveQuery['parts']>[number];

/**
 * What it takes to have `query.definition` under a name that nothing has yet, beginning with the data of a snapshot: planned
 * as a provision, and each thing that is made for the instance takes the part of its role.
 */
export function planImport(input: ProvisionInput): Plan {
  const { query, environment } = input;
  const { instanceId, parts = [] } = query;
  const plan = planProvision(input);
  if (plan.outcome === 'unsatisfied') return plan;
  const words = inWords(identityRequirement(query.definition!));
  const refuse = (reasons: Reason[]) =>
    unsatisfied(
      query,
      reasons.map((reason): Unsatisfied => ({ chain: [], ...reason })),
    );
  if (environment.madeFor(instanceId).length > 0) return refuse([nameStands(words, instanceId)]);
  const root = plan.steps.find(({ name, shared }) => name === instanceId && !shared);
  const roles = root ? rolesFrom(root.id, (key) => plan.wires.filter(({ from }) => from === key)) : new Map<string, string>();
  const taken = new Map<PlanStep, KnownPart>();
  const reasons: Reason[] = [];
  for (const step of plan.steps.filter(({ shared }) => !shared)) {
    const role = roles.get(step.id);
    const part = parts.find((one) => one.role === role && one.kind === step.kind);
    if (part) taken.set(step, part);
    else if (parts.some(({ kind }) => kind === step.kind)) reasons.push(noPartFor(words, step));
  }
  const left = parts.filter((part) => ![...taken.values()].includes(part));
  reasons.push(...left.map((part) => nothingTakes(words, part)));
  if (reasons.length > 0) return refuse(reasons);
  const { hash: _hash, ...draft } = plan;
  return finishPlan({ ...draft, steps: plan.steps.map((step) => withPart(step, taken.get(step))) });
}

function withPart(step: PlanStep, part: KnownPart | undefined): PlanStep {
  if (!part) return step;
  const { sha256, bytes, mediaType, contentBytes, holder } = part;
  return { ...step, from: { sha256, bytes, mediaType, contentBytes, ...(holder !== undefined && { holder }) } };
}
