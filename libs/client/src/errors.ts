import type { Problem } from '@slipway/contracts/http';

/** The gateway's answer to a call that it refused or could not carry out: problem details (RFC 9457) as an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
  /** Code of the error table, such as `name-taken`. */
  get code(): Problem['code'] {
    return this.problem.code;
  }
}

/** Nobody answers at the gateway's address. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
  constructor(
    readonly url: string,
    options?: { cause?: unknown },
  ) {
    super(`No Slipway gateway answers at ${url}`, options);
  }
}
