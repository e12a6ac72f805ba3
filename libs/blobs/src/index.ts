export type { Blobs } from './port.js';
