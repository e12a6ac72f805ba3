import { MemoryBlobs } from './memory-blobs.js';
import { describeBlobs } from './blobs-contract.js';

describeBlobs('memory', async () => {
  const blobs = new MemoryBlobs();
  return {
    blobs,
    damage: async (sha256, change) => void blobs.contents.set(sha256, change(blobs.contents.get(sha256)!)),
    dispose: async () => undefined,
  };
});
