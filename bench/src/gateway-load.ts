/** A worker that asks an HTTP server the same thing over and over, on several connections at once: as little client as possible. */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface Load {
  port: number;
  /** The head of the call, as it goes over the wire. */
  head: string;
  connections: number;
  /** How long, in ms. */
  ms: number;
}

/** What came of it. */
export interface Loaded {
  answers: number;
  bytes: number;
  /** The first status line that was not 200. */
  failed?: string;
}

const load = workerData as Load;
const loaded: Loaded = { answers: 0, bytes: 0 };
const END_OF_HEAD = Buffer.from('\r\n\r\n');
let over = false;

/** One connection: the next call when the answer to the last one is complete. */
function connection(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(load.port, '127.0.0.1', () => socket.write(load.head));
    socket.setNoDelay(true);
    let missing = 0;
    let head = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      loaded.bytes += chunk.length;
      if (missing > 0) missing -= chunk.length;
      else {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        if (!text.startsWith('HTTP/1.1 200')) loaded.failed ??= text.split('\r\n', 1)[0];
        missing = Number(/content-length: (\d+)/i.exec(text)?.[1]) - (head.length - end - END_OF_HEAD.length);
        head = Buffer.alloc(0);
      }
      if (missing > 0) return;
      loaded.answers++;
      if (over) socket.end();
      else socket.write(load.head);
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

setTimeout(() => {
  over = true;
}, load.ms);
await Promise.all(Array.from({ length: load.connections }, connection));
parentPort!.postMessage(loaded);
