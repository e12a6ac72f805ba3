import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';

const LOOK_AGAIN_MS = 100;

/** Asks again and again until the answer is yes or the time is over; which of the two. Throws the reason of an abort. */
export async function until(
  { clock, signal }: Pick<DriverContext, 'clock' | 'signal'>,
  ms: number,
  done: () => Promise<boolean>,
): Promise<boolean> {
  for (const deadline = clock.now() + ms; ;) {
    if (await done()) return true;
    if (signal.aborted) throw signal.reason instanceof SlipwayError ? signal.reason : new SlipwayError('step-cancelled');
    if (clock.now() >= deadline) return false;
    await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
  }
}
