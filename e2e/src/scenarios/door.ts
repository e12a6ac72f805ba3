import type { ApiError } from '@slipway/client';
import type { ErrorCode, EventView, JobKind, Plan } from '@slipway/contracts';
import { ENDED, type Accepted, type RequestView, type ResourceView, type SnapshotView } from '@slipway/contracts/http';

/** What a request can be told while it is there. */
export type Verb = 'cancel' | 'retry' | 'abandon' | 'pause' | 'resume';

/**
 * One way into a mesh, as scenarios use it: whichever it is, the same fields go in, the same answers come out, and what is refused is
 * {@link Refused} with the same code.
 */
export interface Door {
  readonly name: string;
  plan(body: object): Promise<Plan>;
  /** Asks for a job with the fields of its body, and does not wait. */
  ask(job: JobKind, body: object, idempotencyKey?: string): Promise<Accepted>;
  tell(verb: Verb, requestId: string, reason?: string): Promise<void>;
  request(requestId: string): Promise<RequestView>;
  /** The request once nothing of it goes on by itself any more. */
  settled(requestId: string): Promise<RequestView>;
  /** A request's own events from the first one on, as they come, until it has ended. */
  follow(requestId: string): Promise<EventView[]>;
  instance(id: string): Promise<ResourceView>;
  snapshot(id: string): Promise<SnapshotView>;
  close(): void;
}

export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What a call answers; what the gateway refuses as {@link Refused}. */
export async function refusing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const code: ErrorCode | undefined = (error as Partial<ApiError>).problem?.code;
    throw code ? new Refused(code, (error as Error).message) : error;
  }
}

export const isSettled = ({ status }: RequestView): boolean => ENDED.includes(status) || status === 'attention';

/** What ends a request's own events. */
const LAST = ['RequestSucceeded', 'RequestUnsatisfied', 'RequestFailed', 'RequestCancelled', 'RequestAbandoned'];
export const isLast = ({ type }: EventView): boolean => LAST.includes(type);
