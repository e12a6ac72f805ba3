/** Longest time, in seconds, that an answer is held. */
export const LONGEST_WAIT = 300;

/**
 * The seconds of `wait` in a `Prefer` header (RFC 7240 §4.3), at most {@link LONGEST_WAIT}; `null` when it is not preferred.
 * As that RFC asks, a preference that is not understood is passed over, and of several the first counts.
 */
export function preferredWait(header: string | string[] | undefined): number | null {
  const preferences = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  for (const preference of preferences) {
    const [token = ''] = preference.split(';', 1);
    const match = /^\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*$/i.exec(token);
    if (match) return Math.min(LONGEST_WAIT, Number(match[1] ?? match[2]));
  }
  return null;
}
