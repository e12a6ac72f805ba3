/** A thread that follows the log from its beginning until it has caught up. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { SlipwayClient } from '@slipway/client';

export interface Follower {
  url: string;
  key: string;
}

export interface FollowerResult {
  events: number;
  ms: number;
}

const { url, key } = workerData as Follower;
const client = new SlipwayClient({ url, key });
parentPort!.postMessage('ready');
await once(parentPort!, 'message');
const began = performance.now();
let events = 0;
for await (const followed of client.live.follow({ from: 'start' })) {
  if (followed.type === 'event') events++;
  if (followed.type === 'caught-up') break;
}
parentPort!.postMessage({ events, ms: performance.now() - began } satisfies FollowerResult);
parentPort!.close();
