export { MemoryDisk, MemoryEventLog, type AppendPoint, type MemoryEventLogOptions } from './memory-event-log.js';
export { given } from './given.js';
export { eventStoreContract, type LogPlace } from './contract.js';
export { PATIENCE_MS } from './contract-setting.js';
export { randomHistory, replay, type HistoryAppend } from './random-history.js';
export { seedOf, seededRandom } from './seeded-random.js';
