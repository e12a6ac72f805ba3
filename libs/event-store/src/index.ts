export { NO_STREAM } from './port.js';
export type {
  Appended,
  EventLog,
  EventMetadata,
  EventStore,
  LogInfo,
  NewEvent,
  Position,
  ReadAllOptions,
  ReadAllResult,
  ReadFilter,
  RecordedEvent,
  SubscribeOptions,
  Subscription,
} from './port.js';
export type { Decider } from './decider.js';
export { Upcasters, type Upcaster } from './upcasters.js';
