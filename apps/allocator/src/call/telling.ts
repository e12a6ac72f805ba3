import {
  SlipwayError,
  callSubject,
  callTakenSubject,
  type CallLines,
  type CallTaken,
  type Clock,
  type NumberedCallLines,
} from '@slipway/contracts';
import type { Bus } from '@slipway/mesh';

const ALIVE_EVERY = 5_000;
/** How long nothing may be heard of who takes what is told while he is waited for: he says it again every 5 s. */
const QUIET_MS = 20_000;
/** Of one message; lines are gathered so long for it. */
const BATCH_BYTES = 32 * 1024;
const BATCH_MS = 20;
/** What may be under way, told and not taken, of one call. */
export const WINDOW_BYTES = 256 * 1024;
/** What a message weighs besides its lines, so that many small ones are not for free. */
const ENVELOPE_BYTES = 512;

type From = 'stdout' | 'stderr';

/**
 * What one call says.
 *
 * T1. Lines are gathered into messages, and numbered.
 * T2. Who tells waits while more than {@link WINDOW_BYTES} are told and not taken: neither the bus nor who hears it has to hold more.
 * T3. Who takes nothing, and gives no sign of life, is gone: `gone` is told.
 */
export class Telling {
  readonly #stop: (() => void)[] = [];
  #ready: string[] = [];
  #from: From = 'stdout';
  #readyBytes = 0;
  #cancelBatch: (() => void) | undefined;
  #cancelQuiet: (() => void) | undefined;
  #told = 0;
  #underWay: { last: number; bytes: number }[] = [];
  #underWayBytes = 0;
  #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(
    private readonly to: { bus: Bus; clock: Pick<Clock, 'after'>; mesh: string; callId: string },
    private readonly gone: (why: SlipwayError) => void,
  ) {
    const { bus, mesh, callId } = to;
    this.#stop.push(bus.subscribe(callTakenSubject(mesh, callId), (body) => this.#taken((body as CallTaken).lines)));
    this.#keepAlive();
  }

  /** How many lines it has told. */
  get told(): number {
    return this.#told;
  }

  /** How many bytes were told, or are ready to be, that nobody has taken yet. */
  get bytes(): number {
    return this.#underWayBytes + this.#readyBytes;
  }

  /** T1, T2. */
  async tell(lines: readonly string[], from: From): Promise<void> {
    if (this.#isOver) return;
    if (from !== this.#from) this.flush();
    this.#from = from;
    for (const line of lines) {
      this.#ready.push(line);
      this.#readyBytes += Buffer.byteLength(line) + 1;
      if (this.#readyBytes >= BATCH_BYTES) this.flush();
    }
    if (this.#ready.length > 0) this.#cancelBatch ??= this.to.clock.after(BATCH_MS, () => this.flush());
    if (this.bytes <= WINDOW_BYTES) return;
    this.#watch();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Tells what was gathered. */
  flush(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    if (this.#ready.length === 0) return;
    const [lines, bytes] = [this.#ready, this.#readyBytes + ENVELOPE_BYTES];
    [this.#ready, this.#readyBytes] = [[], 0];
    this.#publish({ from: this.#from, lines });
    this.#told += lines.length;
    this.#underWay.push({ last: this.#told, bytes });
    this.#underWayBytes += bytes;
  }

  /** The call is over: nobody is waited for, and nothing is told any more. */
  end(): void {
    this.#isOver = true;
    for (const stop of this.#stop) stop();
    this.#cancelBatch?.();
    this.#goOn();
  }

  #taken(lines: number): void {
    while (this.#underWay.length > 0 && this.#underWay[0]!.last <= lines) this.#underWayBytes -= this.#underWay.shift()!.bytes;
    if (this.bytes <= WINDOW_BYTES) this.#goOn();
    else if (this.#waiting.length > 0) this.#watch();
  }

  #goOn(): void {
    this.#cancelQuiet?.();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** T3. */
  #watch(): void {
    this.#cancelQuiet?.();
    this.#cancelQuiet = this.to.clock.after(QUIET_MS, () =>
      this.gone(
        new SlipwayError('timed-out', `Nobody took what the call says for ${QUIET_MS / 1000} s`, { callId: this.to.callId }),
      ),
    );
  }

  #publish(said: CallLines): void {
    const { bus, mesh, callId } = this.to;
    bus.publish(callSubject(mesh, callId), { ...said, number: this.#told + 1 } satisfies NumberedCallLines);
  }

  #keepAlive(): void {
    let cancel = () => {};
    const again = () => {
      cancel = this.to.clock.after(ALIVE_EVERY, () => {
        this.#publish({ from: 'alive', lines: [] });
        again();
      });
    };
    again();
    this.#stop.push(() => cancel());
  }
}
