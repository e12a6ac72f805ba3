/** The thread that writes: takes appends from its port, groups what has come, commits, answers. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Committer, monotonicMs, type Job, type Outcome } from './commit.js';
import { HeadFile } from './head-file.js';

export interface WriterData {
  file: string;
  headFile: string;
  identity: { logId: string; epoch: number };
  /** Grows with each message to the thread: it sleeps on it instead of in an event loop, which wakes up faster. */
  signal: Int32Array;
}
export type ToWriter = Job[] | 'close';

/** Tells the processor that this is waiting (ECMAScript `Atomics.pause`, which TypeScript does not list yet). */
const relax: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {});

/** Appends of one transaction: bounds how long the lock is held and how much is redone when one of them fails. */
const MOST = 1_000;

const { file, headFile, identity, signal } = workerData as WriterData;
const port = parentPort!;
const noted = new HeadFile(headFile);
const committer = new Committer(file);

/**
 * Notes the new head once the callers have their answers: they need not wait for it. That it fails (a full disk) makes no
 * failure of what is committed; the next note says more.
 */
function note(outcomes: Outcome[]): void {
  const last = outcomes.findLast((outcome) => outcome.kind === 'committed');
  if (last?.kind !== 'committed') return;
  try {
    noted.advance({ ...identity, position: last.position });
  } catch {
    return;
  }
}

/** Milliseconds of looking before sleeping, and how many looks are left out after one that was in vain. */
const LOOK = 0.12;
const LEFT_OUT = 64;
let leftOut = 0;

/**
 * Sleeps until the signal has changed. To be woken takes longer than a caller takes who appends again as soon as he has his answer,
 * so the thread looks for a moment first; not after it did so in vain, which bounds what that costs an idle machine.
 */
function awaitSignal(seen: number): void {
  if (leftOut > 0) leftOut -= 1;
  else {
    const end = monotonicMs() + LOOK;
    while (Atomics.load(signal, 0) === seen && monotonicMs() < end) for (let turns = 0; turns < 20; turns += 1) relax();
    if (Atomics.load(signal, 0) !== seen) return;
    leftOut = LEFT_OUT;
  }
  Atomics.wait(signal, 0, seen);
}

let waiting: Job[] = [];
let closing = false;
while (!closing || waiting.length > 0) {
  const seen = Atomics.load(signal, 0);
  for (let received; (received = receiveMessageOnPort(port));) {
    const message = received.message as ToWriter;
    if (message === 'close') closing = true;
    else waiting = waiting.length > 0 ? waiting.concat(message) : message;
  }
  if (waiting.length > 0) {
    const outcomes = committer.commit(waiting.splice(0, MOST));
    port.postMessage(outcomes);
    note(outcomes);
  } else if (!closing) {
    awaitSignal(seen);
  }
}
committer.close();
noted.close();
port.close();
