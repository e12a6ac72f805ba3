export { isAfter, isPosition } from './position.js';
export { passes } from './filter.js';
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
export { PersistentMap } from './persistent-map.js';
export { PersistentOrder } from './persistent-order.js';
export { foldStream, type Fold, type FoldCache, type Folded } from './fold.js';
export { handle, type HandleOptions, type Handled } from './handle.js';
export { SnapshotCache, type Snapshot } from './snapshot-cache.js';
export type { KeptState } from './kept-state.js';
export { Lane, type LaneDecided, type LaneOptions } from './lane.js';
