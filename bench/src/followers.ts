import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EventLog } from '@slipway/event-store';
import { atLeast, beside, median, type Figure } from './figure.js';
import type { Follower, FollowerResult } from './follower.js';
import { withGateway } from './gateway-place.js';
import { fill } from './history.js';

const BENCH = 'followers';
const AT_ONCE = 4;

export const followersNotes = {
  about:
    'Subscribers that were away: clients (`@slipway/client` over the WebSocket, each a thread of its own) follow the log from its ' +
    'beginning, one alone and four at once, until they have caught up. A rate is the events of the log by the time of the slowest.',
  notMeasured: 'Filters, TLS, other machines, subscribers of NATS (what JetStream keeps is its own to deliver).',
};

/** How fast subscribers catch up. */
export async function followersBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-followers-'));
  try {
    const events = short ? 20_000 : 100_000;
    const filled = (log: EventLog) => fill(log, events);
    return await withGateway(folder, filled, async ({ url, key }) => {
      const alone: number[] = [];
      const together: number[] = [];
      for (let round = 0; round < (short ? 2 : 5); round++) {
        alone.push(await slowest(url, key, 1));
        together.push(await slowest(url, key, AT_ONCE));
      }
      return [
        atLeast(BENCH, 'catching up, each of 4 at once', median(together), 20_000, 'events/s'),
        beside(BENCH, 'catching up, one alone', median(alone), 'events/s'),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Events a second of the slowest of so many, who begin together. */
async function slowest(url: string, key: string, count: number): Promise<number> {
  const followers = await Promise.all(Array.from({ length: count }, () => begin({ url, key })));
  const rates = await Promise.all(followers.map((follow) => follow()));
  return Math.min(...rates.map(({ events, ms }) => (events / ms) * 1000));
}

/** A thread that stands ready; called, it follows. */
function begin(follower: Follower): Promise<() => Promise<FollowerResult>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./follower.js', import.meta.url), { workerData: follower });
    worker.once('error', reject);
    worker.once('message', () =>
      resolve(
        () =>
          new Promise((ended, failed) => {
            worker.once('message', ended);
            worker.once('error', failed);
            worker.postMessage('follow');
          }),
      ),
    );
  });
}
