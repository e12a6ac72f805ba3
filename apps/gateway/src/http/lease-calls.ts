import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  SlipwayError,
  VERBS,
  callSubject,
  callTakenSubject,
  type CallAnswer,
  type CallEnded,
  type CallInterfaceCommand,
  type CallLines,
  type CallTaken,
  type NumberedCallLines,
  type RequestContext,
} from '@slipway/contracts';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { STOPPING } from './tokens.js';
import { WholeLines } from './whole-lines.js';

/** How long a call may last, and how long nothing may be heard of it (a sign of life comes every 5 s), in ms. */
const LONGEST_MS = 24 * 3_600_000;
const QUIET_MS = 20_000;
/** A sign of life to who waits until lines are taken. */
const TAKEN_EVERY = 5_000;
const CANCEL_MS = 900;
const CANCELS = 20;

export interface CallOptions {
  /** Its id, and the holder of blobs that it hands over; made when left out. */
  callId?: string;
  /** Ends the call. */
  signal: AbortSignal;
  /** What it says on its way, its signs of life among them. Until it is taken the program waits, once it has said much. */
  onLines?(lines: CallLines): Promise<void> | void;
}

/**
 * Calls of interfaces on leased resources, under way.
 *
 * L1. Whoever goes away has his call ended, and so has everybody when the gateway stops.
 * L2. One of which nothing is heard is given up and told to end: nobody waits for an allocator that is not there any more.
 * L3. Messages may be lost, so lines are numbered: for whoever wants them a call of which one is missing is given up and told to end. Nobody
 *     takes a part of what a program said for all of it.
 * L4. What was handed on is told to who says it, who says only so much more: a caller who reads slowly makes the program wait.
 */
@Injectable()
export class LeaseCalls {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Pick<Runtime, 'bus' | 'clock' | 'config'>,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  /** What it answers. Throws what the allocator does (`lease-not-active`, `not-found`, …), `timed-out` where it is not heard of any more, and `output-lost` where not all of its lines came (L3). */
  async call(
    context: RequestContext,
    command: Omit<CallInterfaceCommand, 'callId'>,
    { callId = randomUUID(), signal, onLines }: CallOptions,
  ): Promise<CallAnswer> {
    const { bus, clock, config } = this.runtime;
    let isOver = false;
    // Again until it has ended: who is asked may not have heard of the call yet, or be away for a moment.
    const cancel = (triesLeft = CANCELS) => {
      bus.request('allocator', VERBS.cancelCall, { callId }, { context, timeoutMs: CANCEL_MS }).catch(() => {});
      clock.after(CANCEL_MS, () => !isOver && triesLeft > 1 && cancel(triesLeft - 1));
    };
    const end = () => cancel();
    const over = AbortSignal.any([signal, this.stopping]);
    if (over.aborted) throw new SlipwayError('shutting-down');
    over.addEventListener('abort', end, { once: true });
    const watch = this.#watch(callId);
    const taking = this.#taking(callId);
    const lines = onLines && new WholeLines(clock, callId, (said) => void taking.take(said.lines.length, onLines(said)));
    const stopHearing = bus.subscribe(callSubject(config.mesh, callId), (said) => {
      watch.heard();
      if (lines) lines.heard(said as NumberedCallLines);
      else taking.take((said as NumberedCallLines).lines.length);
    });
    const broken = [watch.quiet, ...(lines ? [lines.lost] : [])];
    try {
      const asked = { context, timeoutMs: LONGEST_MS };
      const answer = bus.request<CallEnded>('allocator', VERBS.callInterface, { ...command, callId }, asked);
      const { result, lines: told } = await Promise.race([answer, ...broken]);
      await lines?.all(told);
      return { result };
    } catch (error) {
      if (watch.isQuiet() || lines?.isLost) cancel(1);
      throw error;
    } finally {
      watch.stop();
      taking.stop();
      stopHearing();
      isOver = true;
      over.removeEventListener('abort', end);
    }
  }

  /** L4. */
  #taking(callId: string) {
    const { bus, clock, config } = this.runtime;
    let [taken, isOver] = [0, false];
    const tell = () => bus.publish(callTakenSubject(config.mesh, callId), { lines: taken } satisfies CallTaken);
    let cancel = () => {};
    const again = () => {
      cancel = clock.after(TAKEN_EVERY, () => {
        tell();
        again();
      });
    };
    again();
    return {
      /** So many lines, as soon as they are handed on. */
      take: async (lines: number, handedOn?: Promise<void> | void) => {
        await handedOn;
        taken += lines;
        if (lines > 0 && !isOver) tell();
      },
      stop: () => {
        isOver = true;
        cancel();
      },
    };
  }

  /** Rejects when nothing was heard for a while. */
  #watch(callId: string) {
    const { clock } = this.runtime;
    let isQuiet = false;
    let stop = () => {};
    let heard = () => {};
    const quiet = new Promise<never>((_resolve, reject) => {
      heard = () => {
        stop();
        stop = clock.after(QUIET_MS, () => {
          isQuiet = true;
          reject(new SlipwayError('timed-out', `Nothing was heard of the call for ${QUIET_MS / 1000} s`, { callId }));
        });
      };
      heard();
    });
    // Who has his answer by then does not wait for it.
    quiet.catch(() => {});
    return { quiet, isQuiet: () => isQuiet, heard: () => heard(), stop: () => stop() };
  }
}
