import { SlipwayError } from '@slipway/contracts';
import type { Position } from '../port.js';

/** A position as the file keeps it: which log and epoch, and the number within. */
export interface Place {
  /** `<logId>.<epoch>`. */
  log: string;
  at: number;
}

const POSITION = /^([A-Za-z0-9-]+\.\d{1,10})\.(\d{20})$/;

/** Whether a text has the form of a position. */
export const isPosition = (text: string): boolean => POSITION.test(text);

/** Takes a position apart; `bad-input` for what is none. */
export function placeOf(position: Position, field = 'position'): Place {
  const [, log, digits] = POSITION.exec(position) ?? [];
  const at = Number(digits);
  if (log === undefined || !Number.isSafeInteger(at)) {
    throw new SlipwayError('bad-input', `${field}: "${position}" is not a position of the log`, { field });
  }
  return { log, at };
}

/** Puts it together again. */
export const positionOf = ({ log, at }: Place): Position => `${log}.${String(at).padStart(20, '0')}`;
