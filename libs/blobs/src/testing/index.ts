export { MemoryBlobs } from './memory-blobs.js';
export { describeBlobs, type BlobsUnderTest } from './blobs-contract.js';
