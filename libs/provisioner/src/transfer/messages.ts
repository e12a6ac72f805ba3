import type { Part } from '@slipway/contracts';
import type { Cause } from '@slipway/contracts/public';
import type { Whole } from './transfers.js';

/** What the thread of transfers is asked. `id` is the call's, `blobs` the folder of the store. */
export type Asked =
  | { id: number; do: 'keep'; blobs: string; what: Whole; holder: string }
  | { id: number; do: 'give'; blobs: string; part: Part; to: Whole; mode?: number }
  | { id: number; do: 'abort'; cause: Cause };

/** What it answers: progress as it comes, then one end. */
export type Told =
  | { id: number; progress: string }
  | { id: number; kept: Omit<Part, 'mediaType'> }
  | { id: number; given: true }
  | { id: number; failed: Failure };

/** An error on its way: ours, or one of the file system, by whose code others tell what has happened. */
export type Failure = { cause: Cause } | { message: string; code: string | undefined; syscall: string | undefined };
