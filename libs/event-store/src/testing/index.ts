export { MemoryEventLog, type AppendPoint, type MemoryEventLogOptions } from './memory-event-log.js';
