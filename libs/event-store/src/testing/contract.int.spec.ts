import { MemoryDisk, MemoryEventLog } from './memory-event-log.js';
import { eventStoreContract } from './contract.js';

eventStoreContract('memory', async () => {
  const disk = new MemoryDisk();
  return { open: async (options) => new MemoryEventLog({ ...options, disk }), remove: async () => {} };
});
