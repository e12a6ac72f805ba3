import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '../driver.js';

const LONGEST_MS = 250;

/**
 * Asks again and again, ever more slowly, until the answer is yes or the time is over; which of the two. `firstPauseMs`: until it
 * asks for the second time. Throws the signal's reason (`step-cancelled`) when the step is cancelled meanwhile, unless `uncancelled`.
 */
export async function until(
  context: Pick<DriverContext, 'clock' | 'signal'>,
  ms: number,
  done: () => Promise<boolean>,
  { uncancelled = false, firstPauseMs = 25 } = {},
): Promise<boolean> {
  const { clock, signal } = context;
  const deadline = clock.now() + ms;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, LONGEST_MS)) {
    if (await done()) return true;
    if (clock.now() >= deadline) return false;
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
    if (!uncancelled && signal.aborted)
      throw signal.reason instanceof SlipwayError ? signal.reason : new SlipwayError('step-cancelled');
  }
}
