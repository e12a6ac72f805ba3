import { badInput } from '@slipway/contracts';
import type { Position } from '../port.js';
import { isPosition } from '../position.js';

/** A position as the file keeps it: which log and epoch, and the number within. */
export interface Place {
  /** `<logId>.<epoch>`. */
  log: string;
  at: number;
}

/** Takes a position apart; `bad-input` for what is none. */
export function placeOf(position: Position, field = 'position'): Place {
  const dot = position.lastIndexOf('.');
  const at = Number(position.slice(dot + 1));
  if (!isPosition(position) || !Number.isSafeInteger(at)) {
    throw badInput([{ field, reason: `"${position}" is not a position of the log` }]);
  }
  return { log: position.slice(0, dot), at };
}

/** Puts it together again. */
export const positionOf = ({ log, at }: Place): Position => `${log}.${String(at).padStart(20, '0')}`;
