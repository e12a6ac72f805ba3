/**
 * An allocator of its own, with so many leases in an environment: `<folder> <resources> <kinds> <leases>`. A line with a number has so many
 * leases allocated and given back by 16 clients; the answer is a line of JSON, {@link Allocated}.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEventLog } from '@slipway/event-store/open';
import { LeasedPlaces } from './leased-places.js';

/** What some allocations took. */
export interface Allocated {
  /** Of each, from asking until the acquired lease is on disk (ms). */
  times: number[];
  /** Of all threads, for allocating them and giving them back (ms). */
  cpu: number;
}

const [folder, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [resources, kinds, leases] = numbers.map(Number) as [number, number, number];

const log = await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'log') });
const places = new LeasedPlaces(log.as('allocator'), folder);
await places.start();
await places.enter('default', resources, kinds);
await places.leaseMany('default', leases);

for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const times = await places.allocationTimes('default', Number(line), kinds);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ times, cpu: (user + system) / 1_000 } satisfies Allocated)}\n`);
}
await places.stop();
await log.close();
