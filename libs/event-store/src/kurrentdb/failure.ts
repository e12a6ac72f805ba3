import { SlipwayError } from '@slipway/contracts';

/** gRPC status codes (the client passes some errors on as they are). */
const UNAVAILABLE = 14;
const RETRIED = new Set(['unavailable', 'not-leader', 'cancelled']);

interface ClientError {
  type?: string;
  code?: number;
  message?: string;
  actualState?: bigint | string;
}

/** Whether the same call may succeed at once or on another node of the cluster. */
export const mayPass = (error: unknown): boolean =>
  RETRIED.has((error as ClientError).type ?? '') || (error as ClientError).code === UNAVAILABLE;

export const isWrongRevision = (error: unknown): boolean => (error as ClientError).type === 'wrong-expected-version';
export const isNoStream = (error: unknown): boolean => (error as ClientError).type === 'stream-not-found';

const REASONS: Record<string, string> = {
  timeout: 'KurrentDB did not answer in time',
  'deadline-exceeded': 'KurrentDB did not answer in time',
  unavailable: 'KurrentDB cannot be reached',
  'not-leader': 'the cluster has no leader at the moment',
  'access-denied': 'KurrentDB refuses the credentials',
};

/** Any error of the client as ours. Its messages hold no credentials; the connection string is never repeated. */
export function failureOf(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  const { type = '', code, message } = error as ClientError;
  if (type === 'maximum-append-size-exceeded' || type === 'append-record-size-exceeded')
    return new SlipwayError('too-large', `KurrentDB refuses an append of that size: ${message}`);
  if (type === 'stream-deleted' || type === 'stream-tombstoned')
    return new SlipwayError('log-damaged', `A stream was deleted on the server: ${message}`);
  const reason = REASONS[code === UNAVAILABLE ? 'unavailable' : type] ?? (message || 'KurrentDB reported an error');
  return new SlipwayError('log-unavailable', `The event log cannot be used now: ${reason}`, { reason }, { cause: error });
}

/** Ends a call that the client would let wait longer. */
export async function within<Result>(ms: number, call: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('Timed out'), { type: 'timeout' })), ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
