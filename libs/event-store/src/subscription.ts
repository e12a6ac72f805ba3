import { SlipwayError, type Clock } from '@slipway/contracts';
import type { LogLogger } from './adapter.js';
import type { EventStore, Position, SubscribeOptions, Subscription } from './port.js';

/** Milliseconds between tries while the log is away. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1_000;

/**
 * Invariants:
 *  S1 One batch is under way at a time: the next is read when `events` has resolved (back-pressure; the head is pushed,
 *     batches are pulled).
 *  S2 The position only moves on after delivery, and only to what the log says comes next: nothing is skipped, nothing
 *     is delivered twice.
 *  S3 A wake-up that comes while reading is remembered: the end of the log is looked at again after it.
 *  S4 What is away for now (`log-unavailable`) is tried again for ever; all else ends it, told once to `failed`.
 *  S5 After `stop()` has resolved no delivery begins.
 */
export function subscription(
  readAll: EventStore['readAll'],
  start: Position,
  watch: (wake: () => void) => () => void,
  options: SubscribeOptions,
  clock: Clock,
  logger?: LogLogger,
): Subscription & { ended: Promise<void> } {
  let position: Position = options.after ?? start;
  let stopping = false;
  let woken = true;
  let interrupt: () => void = () => {};
  const unwatch = watch(() => {
    woken = true;
    interrupt();
  });

  /** Resolves when woken or stopped, or after `ms`. */
  const pause = (ms?: number) =>
    new Promise<void>((resolve) => {
      const cancel = ms === undefined ? () => {} : clock.after(ms, () => interrupt());
      interrupt = () => {
        cancel();
        interrupt = () => {};
        resolve();
      };
      if (stopping || (woken && ms === undefined)) interrupt();
    });

  async function run(): Promise<void> {
    let told: Position | undefined;
    let wait = FIRST_PAUSE;
    while (!stopping) {
      woken = false;
      let batch;
      try {
        batch = await readAll({ ...options, after: position });
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'log-unavailable') throw error;
        logger?.warn({ subscription: options.name, reason: error.message, nextTryMs: wait }, 'The log is away; will try again');
        await pause(wait);
        wait = Math.min(wait * 2, LONGEST_PAUSE);
        continue;
      }
      wait = FIRST_PAUSE;
      if (stopping) return;
      if (batch.events.length > 0) await options.events(batch.events);
      position = batch.position;
      if (!batch.end || stopping) continue;
      if (position !== told) await options.caughtUp?.((told = position));
      await pause();
    }
  }

  const ended = run()
    .catch((error: unknown) => {
      if (!stopping) options.failed(error);
    })
    .finally(unwatch);
  return {
    get position() {
      return position;
    },
    ended,
    stop() {
      stopping = true;
      interrupt();
      return ended;
    },
  };
}
