export { archiveFiles, type ArchiveFiles } from './archive-files.js';
export { parseManifest } from './manifest.js';
export { readArchive, readManifest, type ReadOptions } from './read-archive.js';
export { archiveBytes, writeArchive } from './write-archive.js';
