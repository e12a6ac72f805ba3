import { instant, type Clock } from '@slipway/contracts';

/** What is kept of one step's log: the beginning and the end, when it is longer. */
const LIMIT = 4 * 1024 * 1024;

/** The log of one step while it runs: lines with their time, readable at any moment, a blob at the end. */
export class RunningLog {
  readonly #head: string[] = [];
  #tail: string[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #dropped = 0;

  constructor(private readonly clock: Clock) {}

  add(line: string): void {
    const stamped = `${instant(this.clock.now())} ${line}\n`;
    if (this.#tail.length === 0 && this.#headBytes + stamped.length <= LIMIT / 2) {
      this.#head.push(stamped);
      this.#headBytes += stamped.length;
      return;
    }
    this.#tail.push(stamped);
    this.#tailBytes += stamped.length;
    if (this.#tailBytes > LIMIT) this.#dropHalf();
  }

  get empty(): boolean {
    return this.#head.length === 0;
  }

  text(): string {
    const gap = this.#dropped ? [`... ${this.#dropped} lines left out ...\n`] : [];
    return [...this.#head, ...gap, ...this.#tail].join('');
  }

  /** Half at a time, so that a log without end costs linear time. */
  #dropHalf(): void {
    let drop = 0;
    for (; this.#tailBytes > LIMIT / 2; drop += 1) this.#tailBytes -= this.#tail[drop]!.length;
    this.#tail = this.#tail.slice(drop);
    this.#dropped += drop;
  }
}
