import { ApiError } from './errors.js';
import { pause } from './pause.js';

/** How often a read is sent that is answered "behind". */
const READS = 5;
const logOf = (position: string) => position.slice(0, position.indexOf('.'));

/**
 * The newest log position that a client wrote or saw. Sent along with each read (`Slipway-At-Least`), the client reads what it
 * wrote, and no read shows less than one before it.
 */
export class Newest {
  private position: string | undefined;

  /** Of calls that end in any order the newest counts: positions of one log compare as strings. */
  remember(position: string | null | undefined): void {
    if (!position) return;
    const older = this.position !== undefined && logOf(position) === logOf(this.position) && position < this.position;
    if (!older) this.position = position;
  }

  /** Sends a read of at least that position; one that is answered "behind" again, until it has caught up. */
  async read<T>(send: (atLeast: string | undefined) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let sends = 1; ; sends++) {
      const atLeast = this.position;
      try {
        return await send(atLeast);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === 'gone' && atLeast !== undefined) {
          // After a restore what was written may be no more: then the call itself decides, without its memory.
          this.position = undefined;
          continue;
        }
        if (sends === READS || error.code !== 'behind') throw error;
        await pause(1000 * (error.retryAfter ?? 1), signal);
        signal?.throwIfAborted();
      }
    }
  }
}
