import type { EnvironmentEvent, Installed, InstalledRef, LeftBehind, Plan, PlanStep, RequestEvent } from '@slipway/contracts';
import type { RequestState } from './state.js';
import { mustBeUndone } from './step.js';

const refOf = ({ kind, name, generation, definition }: PlanStep): InstalledRef => ({ kind, name, generation, definition });

/** How a request ends when its whole plan holds. */
export function succeeded(plan: Plan): RequestEvent {
  const { alreadySatisfied, steps, wires } = plan;
  return {
    type: 'RequestSucceeded',
    data: {
      alreadySatisfied,
      installed: steps.filter(({ action }) => action === 'ensure').map(refOf),
      removed: steps.filter(({ action }) => action === 'destroy').map(refOf),
      wires,
    },
  };
}

/** What exists, or may exist, although nobody wants it there. `reason`: for what did not fail itself. */
export function leftBehind(state: RequestState, reason: string): LeftBehind[] {
  const steps = Object.values(state.steps);
  const left = steps.filter((step) => (step.plan.action === 'ensure' ? mustBeUndone(step) : step.result !== 'succeeded'));
  return left.map(({ plan: { kind, name, generation, location }, cause }) => ({
    resource: { environment: state.plan!.environment, kind, name },
    generation,
    location,
    reason: cause?.message ?? reason,
  }));
}

type Settled = Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'];

/** What the environment is told when the request has ended. `guestLocation`: where its plan was made for. */
export function settlement(state: RequestState, guestLocation: string): Omit<Settled, 'requestId' | 'installedBlob'> {
  const { name, owner, provisioner } = state.accepted!;
  const nothing = { name, installed: [], removed: [], wires: [] };
  const steps = Object.values(state.steps);
  const removed = steps.filter(({ plan }) => plan.action === 'destroy').map(({ plan }) => plan.id);
  if (state.phase === 'abandoned') return { ...nothing, outcome: 'abandoned', removed };
  if (state.phase !== 'succeeded') return { ...nothing, outcome: 'undone' };
  const made = steps.filter(({ plan }) => plan.action === 'ensure');
  const keys = new Set(made.map(({ plan }) => plan.id));
  const installed = made.map(({ plan, outputs }): Installed => {
    const { kind, generation, definition, location, driver, spec, shared } = plan;
    const base = { kind, name: plan.name, generation, definition, location, guestLocation, driver, owner, spec, outputs };
    return { ...base, ...(provisioner && { provisioner: provisioner.name }), ...(!shared && { instanceId: name }) };
  });
  return { name, outcome: 'done', installed, removed, wires: state.plan?.wires.filter(({ from }) => keys.has(from)) ?? [] };
}
