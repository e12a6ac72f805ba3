/** How long output may still come after the program has ended, held open by what it left behind, in ms. */
const LINGER_MS = 1_000;

/** Waits so long for what is still to come after a program has ended; the time in which a slow listener holds its output up does not count. */
export class Linger {
  isGivenUp = false;
  #left = LINGER_MS;
  #holds = 0;
  #since = 0;
  #over: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** The program has ended: `over` is called when the time is up. */
  begin(over: () => void): void {
    this.#over = over;
    this.#go();
  }

  /** Its output is not read for a while. */
  hold(): void {
    this.#holds += 1;
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left -= performance.now() - this.#since;
  }

  release(): void {
    this.#holds -= 1;
    this.#go();
  }

  /** The program is being ended: nobody waits for what it still says. */
  giveUp(): void {
    this.isGivenUp = true;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#over = undefined;
    clearTimeout(this.#timer);
  }

  #go(): void {
    if (!this.#over || this.#holds > 0) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.#over, Math.max(this.#left, 0));
  }
}
