import { SlipwayError, type CallLines, type Clock, type NumberedCallLines } from '@slipway/contracts';

/** How long lines are waited for that were told before the answer and have not come, in ms. */
const LATE_MS = 2_000;

/** Hands on the lines of a call in their order, each once, and notices when one of them is missing. */
export class WholeLines {
  /** Rejects with `output-lost` as soon as a line is missing. */
  readonly lost: Promise<never>;
  isLost = false;
  #heard = 0;
  #lose: (error: SlipwayError) => void = () => {};
  #came = () => {};

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly callId: string,
    private readonly onLines: (lines: CallLines) => void,
  ) {
    this.lost = new Promise((_resolve, reject) => (this.#lose = reject));
    // Whoever has his answer by then looks at it no more.
    this.lost.catch(() => {});
  }

  heard({ number, from, lines }: NumberedCallLines): void {
    // A message that came twice.
    if (this.isLost || number <= this.#heard) return;
    if (number > this.#heard + 1) {
      this.#missing(number - 1);
      return;
    }
    this.#heard += lines.length;
    this.onLines({ from, lines });
    this.#came();
  }

  /** Waits for those that the answer has overtaken; `told`: how many there are. Throws `output-lost` where they do not come. */
  async all(told: number): Promise<void> {
    const cancel = this.clock.after(LATE_MS, () => this.#missing(told));
    const came = new Promise<void>((resolve) => {
      this.#came = () => void (this.#heard >= told && resolve());
      this.#came();
    });
    await Promise.race([came, this.lost]).finally(cancel);
  }

  /** From what comes next up to and with `last`. */
  #missing(last: number): void {
    this.isLost = true;
    const first = this.#heard + 1;
    const which = first === last ? `line ${first} was` : `lines ${first} to ${last} were`;
    this.#lose(new SlipwayError('output-lost', `Of what the call said ${which} lost`, { callId: this.callId, first, last }));
  }
}
