import type { AllocationEvent } from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import type { AllocationCommand } from './commands.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { initialState, type AllocationState } from './state.js';

/** All leases and leased resources of an environment, with the blueprints that there are now. */
export const allocation = (
  environment: string,
  catalogue: BlueprintCatalogue,
): Decider<AllocationState, AllocationCommand, AllocationEvent> => ({
  initialState: () => initialState(environment),
  decide: (state, command) => decide(state, command, catalogue).events,
  decideAndEvolve: (state, command) => decide(state, command, catalogue),
  evolve,
});
