import type { Lease } from '@slipway/client';
import type { Session } from '../../command.js';
import { EXIT, Interrupted } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { leaseProgress } from '../../output/lease-progress.js';

/** Follows a lease until it is active, telling why it is not, and prints its id. */
export async function waitForLease({ options }: Session, leased: Lease, flags: { timeout?: number }): Promise<number> {
  await followUntilActive(leased, flags);
  if (options.output === 'table') print(await leased.id());
  else printValue(leased.view, options.output);
  return EXIT.done;
}

/** Follows a lease until it is active, telling on standard error why it is not. Ctrl-C ends the following, not the lease. */
export async function followUntilActive(
  leased: Lease,
  { timeout, whenInterrupted }: { timeout?: number; whenInterrupted?: string } = {},
): Promise<void> {
  const id = await leased.id();
  const view = leaseProgress();
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Interrupted(whenInterrupted ?? `It waits on. See: npx slipway leases show ${id}`));
  process.once('SIGINT', stop);
  try {
    await leased.waitUntilActive({
      signal: interrupt.signal,
      onUpdate: (now) => view.update(now),
      ...(timeout && { timeoutMs: timeout * 1000 }),
    });
  } finally {
    view.end();
    process.off('SIGINT', stop);
  }
}
