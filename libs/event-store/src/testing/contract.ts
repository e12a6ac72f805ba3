import { appendContract } from './contract-append.js';
import { readContract } from './contract-read.js';
import { subscribeContract } from './contract-subscribe.js';
import { jest, type LogPlace } from './contract-setting.js';

export type { LogPlace } from './contract-setting.js';

/**
 * What every event log promises, as Jest tests. Each adapter's folder runs it with `open`, which gives a place for a log;
 * places may share one server: each test uses streams of its own.
 */
export function eventStoreContract(name: string, open: () => Promise<LogPlace>): void {
  jest().describe(`event store contract: ${name}`, () => {
    appendContract(open);
    readContract(open);
    subscribeContract(open);
  });
}
