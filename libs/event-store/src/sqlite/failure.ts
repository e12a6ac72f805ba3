import { SlipwayError, type JsonObject } from '@slipway/contracts';

const REASONS: Record<number, string> = {
  3: 'no permission to write the file',
  5: 'another process holds the lock',
  6: 'another connection holds the lock',
  8: 'the file or its folder is read-only',
  10: 'the disk reported an error',
  13: 'the disk is full',
  14: 'the file cannot be opened',
};
/** Malformed, no database; and an error in the SQL: ours never changes, so it is the tables that are not what they were. */
const DAMAGED = new Set([11, 26, 1]);

/** `log-damaged` for what SQLite finds malformed (`where` it was reading goes into the details); all else leaves the log as it was and is `log-unavailable`, with the reason. */
export function failureOf(error: { errcode?: number; message: string }, file: string, where: JsonObject = {}): SlipwayError {
  const code = (error.errcode ?? 0) & 0xff;
  if (DAMAGED.has(code))
    return new SlipwayError('log-damaged', `${file} is damaged: ${error.message}`, { file, reason: error.message, ...where });
  const reason = REASONS[code] ?? error.message;
  return unavailable(`${reason}${reason === error.message ? '' : ` (${error.message})`}`, reason);
}

export const unavailable = (message: string, reason = message): SlipwayError =>
  new SlipwayError('log-unavailable', `The event log cannot be used now: ${message}`, { reason });

/** Whether a failure may pass by itself within milliseconds. */
export const isBusy = (error: unknown): boolean => [5, 6].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff);
