import { causeOf } from '@slipway/contracts';

/** Before something that failed is tried again, in ms; doubles up to the longest. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 30_000;
/** Failures in a row after which a person is told. */
const PARKED_AFTER = 3;

/** What failed of our own while a request was carried on: when it is tried again, and whether it is more than a hiccup. */
export class Trouble {
  /** Milliseconds since the epoch; `Infinity`: nothing has to be tried again. */
  againAt = Infinity;
  #failures = 0;
  #reason = '';
  #last = 0;
  #revision = 0;

  /** `revision`: of the request's stream. How long until it is tried again, in ms. */
  failed(error: unknown, now: number, revision: number): number {
    const { code, message } = causeOf(error);
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures += 1;
    this.#reason = `${code}: ${message}`;
    [this.#last, this.#revision, this.againAt] = [now, revision, now + pause];
    return pause;
  }

  /** It is over when something was recorded since, or when nothing failed for long. */
  succeeded(now: number, revision: number): void {
    if (this.againAt <= now) this.againAt = Infinity;
    if (revision > this.#revision || now - this.#last > 2 * LONGEST_PAUSE) this.#failures = 0;
  }

  /** Why it is parked, if it is. */
  get reason(): string | undefined {
    return this.#failures >= PARKED_AFTER ? this.#reason : undefined;
  }
}
