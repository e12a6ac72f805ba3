import type { DriverContext } from '@slipway/provisioner';

/** What the clock of the place says, in ms since the epoch: what its programs write down goes by that, and another machine's may be wrong. */
export const nowAt = async ({ machine, clock, command }: Pick<DriverContext, 'machine' | 'clock' | 'command'>): Promise<number> =>
  machine ? Number((await command.execOrThrow(['date', '+%s'])).stdout) * 1_000 : clock.now();
