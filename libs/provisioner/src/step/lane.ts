import type { SlipwayError } from '@slipway/contracts';
import type { StepIdentity } from '../lifecycle/resource.js';
import type { RunningLog } from './running-log.js';

/** What goes on in a lane behind the answers: a step's driver, or a look at what runs. */
export interface Work {
  /** The step, or nothing when it is a look. */
  step?: StepIdentity;
  epoch: number;
  log?: RunningLog;
  /** Asks it to end. */
  abort(reason: SlipwayError): void;
  /** Resolves when it has ended and what it brought is recorded, or void; never rejects. */
  done: Promise<void>;
}

/**
 * All work on one resource: decisions one after the other, and one piece of work at a time behind them.
 */
export class Lane {
  work: Work | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs `decide` when all that came before has decided. */
  enter<T>(decide: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const turn = this.#last.then(decide).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  get idle(): boolean {
    return this.#waiting === 0 && this.work === undefined;
  }
}

/** Lanes by stream: there while something goes on in them. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  async in<T>(stream: string, decide: (lane: Lane) => Promise<T>): Promise<T> {
    let lane = this.#lanes.get(stream);
    if (!lane) this.#lanes.set(stream, (lane = new Lane()));
    const entered = lane;
    try {
      return await lane.enter(() => decide(entered));
    } finally {
      this.#leave(stream, entered);
    }
  }

  /** Puts work into a lane and takes it out again when it has ended. */
  begin(stream: string, lane: Lane, work: Work): void {
    lane.work = work;
    void this.#takeOut(stream, lane, work);
  }

  get(stream: string): Lane | undefined {
    return this.#lanes.get(stream);
  }

  underWay(): Work[] {
    return [...this.#lanes.values()].flatMap(({ work }) => (work ? [work] : []));
  }

  async #takeOut(stream: string, lane: Lane, work: Work): Promise<void> {
    await work.done;
    if (lane.work === work) lane.work = undefined;
    this.#leave(stream, lane);
  }

  #leave(stream: string, lane: Lane): void {
    if (lane.idle && this.#lanes.get(stream) === lane) this.#lanes.delete(stream);
  }
}
