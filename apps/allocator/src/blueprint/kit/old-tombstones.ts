import type { Command } from '@slipway/interfaces';

/** How long it is remembered that something was given back, in days: no call that began before it sleeps so long. */
export const REMEMBERED_DAYS = 30;
/** At every so many acquisitions it is looked for what is older: that takes longer the more there is. */
const EVERY = 100;

/** `$1`: the folder, `$2`: days. What becomes empty goes when it has been so for as long again. */
const SCRIPT = `
find "$1" -mindepth 2 -maxdepth 2 -type f -name 'g[0-9]*' -mtime +"$2" -delete
find "$1" -mindepth 1 -maxdepth 1 -type d -empty -mtime +"$2" -delete`;

/**
 * Forgets tombstones of leases below a folder (absolute) that are older than {@link REMEMBERED_DAYS}, now and then by the token of the
 * acquisition that was taken back: a host that stands for years does not fill with them. What cannot be removed is tried the next time.
 */
export async function forgetOldTombstones(command: Command, leases: string, { token }: { token: number }): Promise<void> {
  if (token % EVERY === 0) await command.exec(['sh', '-c', SCRIPT, 'sh', leases, String(REMEMBERED_DAYS)], { cwd: '/' });
}
