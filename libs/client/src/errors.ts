import type { Cause, Problem } from '@slipway/contracts/public';

/** The gateway's answer to a call that it refused or could not carry out: problem details (RFC 9457) as an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly problem: Problem,
    /** Seconds after which it may be tried again. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail);
  }
  /** Code of the error table, such as `name-taken`. */
  get code(): Problem['code'] {
    return this.problem.code;
  }
}

/** Nobody answers at the gateway's address, or the answer broke off. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
  constructor(
    readonly url: string,
    options?: { cause?: unknown },
  ) {
    super(`No Slipway gateway answers at ${url}`, options);
  }
}

/** The gateway refuses a subscription, or can't go on with it: `unauthenticated`, `gone`, `bad-input`, `log-damaged`. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused';
  constructor(readonly error: Cause) {
    super(error.message);
  }
}

/** The error that an answer with a status of 400 or more stands for, whoever it is that answered. */
export function errorOf(response: Response, text: string): ApiError {
  const problem = problemIn(text);
  return problem ? new ApiError(problem, secondsIn(response.headers.get('Retry-After'))) : notOurs(response, text);
}

/** An answer that a gateway of Slipway does not give: a proxy's page, another program at the address. */
export function notOurs(response: Response, text: string): ApiError {
  return new ApiError({
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    code: 'internal',
    requestId: response.headers.get('X-Request-Id') ?? '',
    detail: `The answer is not of Slipway's gateway: HTTP ${response.status} ${text.slice(0, 200)}`,
    hint: 'Check the address.',
  });
}

/** Seconds in a `Retry-After`; nothing when it is none. */
export const secondsIn = (header: string | null | undefined): number | undefined => Number(header) || undefined;

function problemIn(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.code === 'string' && typeof value.detail === 'string' ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}
