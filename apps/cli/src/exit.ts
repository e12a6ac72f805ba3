import {
  ApiError,
  LeaseNotActive,
  LeaseWaitTimedOut,
  NotReachable,
  NotSettled,
  SubscriptionRefused,
  WaitTimedOut,
} from '@slipway/client';
import { ERRORS, type ErrorCode } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import { describeNotSettled } from './output/not-settled.js';

/** Exit codes that scripts can rely on. A difference that `drift` finds counts as bad usage does. */
export const EXIT = { done: 0, failed: 1, usage: 2, drift: 2, unsatisfied: 3, notReachable: 4, timedOut: 5, changed: 6 } as const;

/** Ctrl-C, as shells count it: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/** A mistake in how the command was called. */
export class UsageError extends Error {}

/** No mesh on this machine has left its address and key where they are looked for. */
export class NoMesh extends Error {}

/** Ctrl-C while a request was followed. */
export class Interrupted extends Error {}

/** The exit code that says how a request ended. */
export function exitOfRequest({ status, cause }: RequestView): number {
  if (status === 'succeeded') return EXIT.done;
  if (status === 'failed' && cause?.code === 'plan-changed') return EXIT.changed;
  return status === 'unsatisfied' ? EXIT.unsatisfied : EXIT.failed;
}

/** How a key is given here; the error's own hint is for who calls over HTTP. */
const KEY_HINT = 'Set SLIPWAY_KEY to the key of this mesh: it stands in gateway.key in its data folder.';

/** The exit code and the words for what went wrong: what happened, why, and the way out. */
export function explain(error: unknown): { code: number; text: string } {
  if (error instanceof NotReachable) {
    return {
      code: EXIT.notReachable,
      text: `${error.message}.\nStart it with npm start, or name another with --url or SLIPWAY_URL.`,
    };
  }
  if (error instanceof WaitTimedOut) {
    return { code: EXIT.timedOut, text: `${error.message}; it goes on. Follow it with: npx slipway wait ${error.request.id}` };
  }
  if (error instanceof LeaseWaitTimedOut) {
    const { id } = error.lease;
    return { code: EXIT.timedOut, text: `${error.message}; it waits on. Follow it with: npx slipway leases wait ${id}` };
  }
  if (error instanceof LeaseNotActive) {
    const { code, message } = error;
    return { code: EXIT.failed, text: `${message} (${code})\n${ERRORS[code].hint}` };
  }
  if (error instanceof NotSettled) return { code: EXIT.timedOut, text: describeNotSettled(error) };
  if (error instanceof UsageError) return { code: EXIT.usage, text: error.message };
  if (error instanceof NoMesh) return { code: EXIT.notReachable, text: error.message };
  if (error instanceof Interrupted) return { code: INTERRUPTED, text: error.message };
  if (error instanceof SubscriptionRefused) {
    const { code, message, hint } = error.error;
    return { code: exitOf(code), text: `${message} (${code})\n${code === 'unauthenticated' ? KEY_HINT : hint}` };
  }
  if (error instanceof ApiError) {
    const { code, message, problem } = error;
    const fields = (problem.fields ?? []).map(({ field, reason }) => `${field}: ${reason}`);
    const unsaid = fields.filter((field) => !message.includes(field)).map((field) => `  ${field}`);
    const hint = code === 'unauthenticated' ? KEY_HINT : problem.hint;
    return { code: exitOf(code), text: [`${message} (${code})`, ...unsaid, hint].join('\n') };
  }
  return { code: EXIT.failed, text: error instanceof Error ? error.message : String(error) };
}

/** Codes that do not mean "failed". Not reachable: the gateway, or what it needs, is away now and may be back later. */
const CODES: Partial<Record<ErrorCode, number>> = {
  'bad-input': EXIT.usage,
  unsatisfied: EXIT.unsatisfied,
  'no-blueprint': EXIT.unsatisfied,
  'lease-impossible': EXIT.unsatisfied,
  'plan-changed': EXIT.changed,
  unreachable: EXIT.notReachable,
  'no-server': EXIT.notReachable,
  'shutting-down': EXIT.notReachable,
  'not-ready': EXIT.notReachable,
  behind: EXIT.notReachable,
  'log-unavailable': EXIT.notReachable,
  'blob-unavailable': EXIT.notReachable,
  'secret-unavailable': EXIT.notReachable,
  'timed-out': EXIT.timedOut,
};

/** The exit code for an error of the one table of errors. */
const exitOf = (code: ErrorCode): number => CODES[code] ?? EXIT.failed;
