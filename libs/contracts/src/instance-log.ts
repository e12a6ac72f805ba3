import type { ResourceRef } from './services.js';

/** Asks for what an instance itself has written: a part of it, bounded so that it fits into one message. */
export interface InstanceLogQuery {
  resource: ResourceRef;
  /** Goes on after an earlier part. */
  after?: string;
  /** Else begins with so many lines before its end; with all that is kept when left out. */
  tail?: number;
  /** How long the answer may be held until there is something, in ms. */
  waitMs?: number;
}

/** Answer to {@link InstanceLogQuery}. */
export interface InstanceLogPart {
  /** The bytes as they were written, in base64; empty when there are none yet. */
  data: string;
  /** Where the next part begins. */
  after: string;
  /** Whether there is more right now. */
  more: boolean;
  /** Something in between is not kept any more. */
  gap?: boolean;
}
