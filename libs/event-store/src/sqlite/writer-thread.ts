/** The thread that writes: takes appends from its port, groups what has come, commits, answers. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Committer, type Job } from './commit.js';
import { HeadFile } from './head-file.js';

export interface WriterData {
  file: string;
  headFile: string;
  identity: { logId: string; epoch: number };
  /** Grows with each message to the thread: it sleeps on it instead of in an event loop, which wakes up faster. */
  signal: Int32Array;
}
export type ToWriter = Job[] | 'close';

/** Appends of one transaction: bounds how long the lock is held and how much is redone when one of them fails. */
const MOST = 1_000;

const { file, headFile, identity, signal } = workerData as WriterData;
const port = parentPort!;
const noted = new HeadFile(headFile);
const committer = new Committer(file, noted, identity);

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
    port.postMessage(committer.commit(waiting.splice(0, MOST)));
  } else if (!closing) {
    Atomics.wait(signal, 0, seen);
  }
}
committer.close();
noted.close();
port.close();
