import type { EnvironmentEvent, Installed, InstalledRef, LeftBehind, Plan, PlanStep, RequestEvent } from '@slipway/contracts';
import type { RequestState } from './state.js';
import { goesForward, wouldBeLeft } from './step.js';

const refOf = ({ kind, name, generation, definition }: PlanStep): InstalledRef => ({ kind, name, generation, definition });

/** Steps that make something that was not there; those of an export bring up again what was. */
const isMade = ({ action, inverse }: PlanStep): boolean => action === 'ensure' && inverse === 'destroy';

/** What is there from now on as the plan says: also what a repair has made again. */
const isInstalled = (step: PlanStep, outcome: Plan['outcome']): boolean =>
  isMade(step) || step.action === 'update' || (outcome === 'repair' && step.action === 'ensure');

/** How a request ends when its whole plan holds. `snapshot`: what an export has made. */
export function succeeded(plan: Plan, snapshot?: string): RequestEvent {
  const { alreadySatisfied, steps } = plan;
  const wires = plan.outcome === 'export' ? [] : plan.wires;
  const updated = steps.filter(({ action }) => plan.outcome === 'repair' || action === 'update').map(refOf);
  return {
    type: 'RequestSucceeded',
    data: {
      alreadySatisfied,
      installed: steps.filter(isMade).map(refOf),
      removed: steps.filter(({ action }) => action === 'destroy').map(refOf),
      ...((plan.outcome === 'update' || updated.length > 0) && { updated }),
      wires,
      ...(snapshot !== undefined && { snapshot }),
    },
  };
}

/** What exists, or may exist, although nobody wants it there. `reason`: for what did not fail itself. */
export function leftBehind(state: RequestState, reason: string): LeftBehind[] {
  const steps = Object.values(state.steps);
  const onlyOn = goesForward(steps);
  const left = steps.filter((step) =>
    step.plan.action === 'destroy' ? onlyOn && step.result !== 'succeeded' : !onlyOn && wouldBeLeft(step, steps),
  );
  return left.map(({ plan: { kind, name, generation, location }, cause }) => ({
    resource: { environment: state.plan!.environment, kind, name },
    generation,
    location,
    reason: cause?.message ?? reason,
  }));
}

type Settled = Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'];

/** What the environment is told when the request has ended. `where` its plan was made for. */
export function settlement(
  state: RequestState,
  { guestLocation, provisioner }: { guestLocation: string; provisioner?: string | undefined },
): Omit<Settled, 'requestId' | 'installedBlob'> {
  const { name, owner } = state.accepted!;
  const nothing = { name, installed: [], removed: [], wires: [] };
  const steps = Object.values(state.steps);
  const removed = steps.filter(({ plan }) => plan.action === 'destroy').map(({ plan }) => plan.id);
  const isAbandoned = state.phase === 'abandoned';
  // All but what is taken away was done before that began.
  const made = goesForward(steps) || !isAbandoned ? steps.filter(({ plan }) => isInstalled(plan, state.plan!.outcome)) : [];
  if (isAbandoned && made.length === 0) {
    if (goesForward(steps)) return { ...nothing, outcome: 'abandoned', removed };
    const left = steps.filter((step) => step.plan.action === 'update' && wouldBeLeft(step, steps));
    const uncertain = left.map(({ plan }) => plan.id);
    return { ...nothing, outcome: 'abandoned', ...(uncertain.length > 0 && { uncertain }) };
  }
  if (!isAbandoned && state.phase !== 'succeeded') return { ...nothing, outcome: 'undone' };
  const keys = new Set(made.map(({ plan }) => plan.id));
  const installed = made.map(({ plan, outputs }): Installed => {
    const { kind, generation, definition, location, driver, spec, offerings, requirements, capabilities, needs } = plan;
    const own = {
      owner,
      guestLocation,
      ...(provisioner !== undefined && { provisioner }),
      ...(!plan.shared && { instanceId: name }),
    };
    return {
      ...{ kind, name: plan.name, generation, definition, location, driver, spec, outputs },
      ...(plan.belongs ?? own),
      ...(offerings && { offerings }),
      ...(requirements && { requirements }),
      ...(capabilities && { capabilities }),
      ...(needs && { needs }),
    };
  });
  return {
    name,
    outcome: isAbandoned ? 'abandoned' : 'done',
    installed,
    removed,
    wires: state.plan?.wires.filter(({ from }) => keys.has(from)) ?? [],
  };
}
