export type { BlobContent, Blobs, Contents, HeldBlobs } from './port.js';
export { openBlobs } from './directory/directory-blobs.js';
export { openCompressed, putCompressed, uncompressed, type CompressedRef } from './compressed.js';
