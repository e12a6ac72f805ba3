import { SlipwayError, badInput } from '@slipway/contracts';
import type { LogInfo, Position } from './port.js';

/** One life of a log, from its making or from a restore on. */
export interface Epoch {
  /** 1 for the first; later ones are at least the second (Unix time) they began in, so that no two restores share one. */
  epoch: number;
  /** Number of the last event that was there when it began. */
  after: bigint;
}

const DIGITS = 20;
const FORM = /^([A-Za-z0-9-]+)\.(\d{1,10})\.(\d{20})$/;

/** Whether a text has the form of a position. */
export const isPosition = (text: string): boolean => FORM.test(text);

/** Whether one position lies behind another. Both must hold in the same log; their epochs may differ. */
export const isAfter = (position: Position, other: Position): boolean => position.slice(-DIGITS) > other.slice(-DIGITS);

/** The position before the first event. */
export const startOf = ({ logId, epoch }: Pick<LogInfo, 'logId' | 'epoch'>): Position =>
  new Lineage(logId, [{ epoch, after: 0n }]).position(0);

/** The epoch that follows on one when a copy is restored at `nowMs`. */
export const nextEpoch = (previous: number, nowMs: number): number => Math.max(previous + 1, Math.floor(nowMs / 1000));

/**
 * Turns the numbers of one log into positions and back. A position of an older epoch still holds where both epochs have
 * the same events, which is up to the number that each later epoch began after; beyond it is `gone`.
 */
export class Lineage {
  private readonly prefix: string;
  readonly epoch: number;

  constructor(
    readonly logId: string,
    /** Ascending; at least one. */
    private readonly epochs: readonly Epoch[],
  ) {
    this.epoch = epochs.at(-1)!.epoch;
    this.prefix = `${logId}.${String(this.epoch).padStart(10, '0')}.`;
  }

  position(number: bigint | number): Position {
    return this.prefix + String(number).padStart(DIGITS, '0');
  }

  /**
   * The number of a position. Throws `bad-input` for what is no position, `gone` for one of another log, of an epoch
   * that this copy never saw, or of events that a restore left behind.
   */
  number(position: Position): bigint {
    const [, logId, epoch, digits] = FORM.exec(position) ?? [];
    if (!logId) throw badInput([{ field: 'position', reason: `"${position}" is not a position of the log` }]);
    if (logId !== this.logId) throw this.gone(position, 'it is of another log');
    const at = this.epochs.findIndex((life) => life.epoch === Number(epoch));
    if (at < 0) throw this.gone(position, 'it is of an epoch that this log does not have');
    const number = BigInt(digits!);
    if (this.epochs.some((later, index) => index > at && number > later.after))
      throw this.gone(position, 'a restore has left it behind');
    return number;
  }

  gone(position: Position, reason: string): SlipwayError {
    return new SlipwayError('gone', `Position ${position} does not exist here: ${reason}`, { position, reason });
  }
}
