export { archiveFiles, type ArchiveFiles } from './archive-files.js';
export { MANIFEST_BYTES, parseManifest } from './manifest.js';
export { archiveLimits, readArchive, readManifest, type ArchiveLimits, type ReadOptions } from './read-archive.js';
export { archiveBytes, writeArchive } from './write-archive.js';
