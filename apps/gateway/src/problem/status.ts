import type { ErrorCode } from '@slipway/contracts';

/** HTTP's number for an error: the one place where codes and numbers meet (RFC 9110 §15, RFC 6585). */
export function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'bad-input':
    case 'message-malformed':
    case 'spec-invalid':
    case 'archive-invalid':
    case 'content-invalid':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
      return 403;
    case 'not-found':
      return 404;
    case 'too-slow':
      return 408;
    case 'name-taken':
    case 'not-possible':
    case 'wrong-revision':
    case 'plan-stale':
    case 'plan-changed':
    case 'generation-old':
    case 'epoch-old':
    case 'foreign':
    case 'port-taken':
    case 'cancelled':
    case 'step-cancelled':
    case 'layer-refuses':
    case 'lease-unavailable':
    case 'lease-not-active':
    case 'quota-exceeded':
      return 409;
    case 'gone':
      return 410;
    case 'too-large':
      return 413;
    case 'wrong-content-type':
      return 415;
    case 'key-reused':
    case 'unsatisfied':
    case 'undecided':
    case 'driver-unknown':
    case 'not-portable':
    case 'not-updatable':
    case 'no-blueprint':
    case 'lease-impossible':
      return 422;
    case 'too-busy':
    case 'limit-reached':
      return 429;
    case 'log-unavailable':
    case 'log-damaged':
    case 'event-too-new':
    case 'no-server':
    case 'unreachable':
    case 'timed-out':
    case 'behind':
    case 'not-ready':
    case 'shutting-down':
    case 'wrong-location':
    case 'no-port-free':
      return 503;
    case 'instance-away':
    case 'output-lost':
      return 502;
    case 'instance-slow':
      return 504;
    case 'no-space':
      return 507;
    default:
      return 500;
  }
}
