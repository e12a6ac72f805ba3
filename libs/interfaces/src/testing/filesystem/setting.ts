import type { Filesystem } from '../../filesystem.js';

/** What each test of the contract finds: a filesystem, and an empty folder of its own. */
export interface Setting {
  filesystem: Filesystem;
  /** A path below that folder; the folder itself without names. */
  at(...names: string[]): string;
}
