import type { RequestEvent } from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { initialState, type RequestCommand, type RequestState } from './state.js';

/**
 * A request as a process manager (decisions 3 to 5 and 8 of the design).
 *
 * Q1. Nothing is begun before the environment has admitted the plan; a plan that was admitted is never made again.
 * Q2. A step is requested when all that it comes after have succeeded. The outcome and what it makes due are one append.
 * Q3. A try has one outcome; what comes for another try than the one under way changes nothing.
 * Q4. Nothing is undone while a try is under way or uncertain. A step is undone after all that came after it.
 * Q5. All that may exist at a place is undone, or listed (AttentionNeeded, RequestAbandoned): no orphan.
 * Q6. Deprovision goes forward only: what can't be taken away for good needs attention.
 * Q7. While paused no try begins.
 */
export const request: Decider<RequestState, RequestCommand, RequestEvent> = { initialState, decide, evolve };
