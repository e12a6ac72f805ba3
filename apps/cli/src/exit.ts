import { ApiError, NotReachable, WaitTimedOut } from '@slipway/client';
import type { RequestView } from '@slipway/contracts/http';

/** Exit codes that scripts can rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, unsatisfied: 3, notReachable: 4, timedOut: 5 } as const;

/** A mistake in how the command was called. */
export class UsageError extends Error {}

/** The exit code that says how a request ended. */
export function exitOfRequest({ status }: RequestView): number {
  if (status === 'succeeded') return EXIT.done;
  return status === 'unsatisfied' ? EXIT.unsatisfied : EXIT.failed;
}

/** The exit code and the words for what went wrong: what happened, why, and the way out. */
export function explain(error: unknown): { code: number; text: string } {
  if (error instanceof NotReachable) {
    return {
      code: EXIT.notReachable,
      text: `${error.message}.\nStart it with npm start, or name another with --url or SLIPWAY_URL.`,
    };
  }
  if (error instanceof WaitTimedOut) {
    return { code: EXIT.timedOut, text: `${error.message}; it goes on. Follow it with: slipway wait ${error.request.id}` };
  }
  if (error instanceof UsageError) return { code: EXIT.usage, text: error.message };
  if (error instanceof ApiError) {
    const fields = (error.problem.fields ?? []).map(({ field, reason }) => `  ${field}: ${reason}`);
    const code = {
      unsatisfied: EXIT.unsatisfied,
      'bad-input': EXIT.usage,
      unreachable: EXIT.notReachable,
      'timed-out': EXIT.timedOut,
    }[error.code as string];
    return { code: code ?? EXIT.failed, text: [`${error.message} (${error.code})`, ...fields, error.problem.hint].join('\n') };
  }
  return { code: EXIT.failed, text: error instanceof Error ? error.message : String(error) };
}
