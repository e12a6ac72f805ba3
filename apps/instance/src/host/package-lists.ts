import { SlipwayError } from '@slipway/contracts';
import type { Debian } from './debian.js';

/**
 * Asks the host's package sources what they have now. Throws `driver-failed` with what apt says where one of them cannot be reached: its
 * older lists stay.
 */
export async function refreshPackageLists(debian: Debian, signal: AbortSignal): Promise<void> {
  const update = ['apt-get', '--quiet', '--option=APT::Update::Error-Mode=any', '--option=DPkg::Lock::Timeout=120', 'update'];
  const result = await debian.change([], update, { signal });
  if (result === null || result.exitCode === 0) return;
  const said = result.stderr.split('\n').filter((line) => /^[EW]: /.test(line));
  throw new SlipwayError(
    'driver-failed',
    `The package sources of the host ${debian.root} cannot be read: ${said.join(' ').slice(-1_500) || `exit code ${result.exitCode}`}. Look at its etc/apt/sources.list and sources.list.d`,
  );
}
