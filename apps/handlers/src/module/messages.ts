import type { Cause, EventToHandle, JobKind, JsonObject } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';

/** What a handler's thread is begun with. */
export interface ThreadSettings {
  /** URL of the handler's module. */
  module: string;
  handler: string;
  options: JsonObject;
}

/** To the thread. `answer`: of a job that it asked for, by its event and number. */
export type ToThread =
  | { do: 'handle'; event: EventToHandle; try: number }
  | { do: 'answer'; event: string; number: number; accepted?: Accepted; cause?: Cause };

/** From the thread. */
export type FromThread =
  | { told: 'loaded'; names: string[] }
  | { told: 'unusable'; reason: string }
  | { told: 'send'; event: string; number: number; job: JobKind; body: JsonObject }
  | { told: 'handled'; cause?: Cause };
