export type { BlobContent, Blobs } from './port.js';
export { openBlobs } from './directory/directory-blobs.js';
export { openCompressed, putCompressed, uncompressed, type CompressedRef } from './compressed.js';
