import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import { readJson } from '../../furnishing/json-file.js';
import type { Wanted } from './wanted.js';

/** What was decided when a generation was made, in its folder: enough to take it back without anybody who made it. */
export interface AptRecord {
  /** Of the host. */
  root: string;
  /** Name of the package that depends on all that is wanted. */
  mark: string;
  wanted: Wanted[];
  /** Which of those that are asked for by name are to go with what needs them. */
  auto: string[];
}

/** Its file's name. */
export const RECORD = 'apt.json';

/** File beside it: the package that the definition brings. */
export const FILE = 'package.deb';

/** File beside it: all was installed once. */
export const INSTALLED_ONCE = 'installed';

/** `null` where none is, or a damaged one. */
export const readRecord = (files: Filesystem, folder: string): Promise<AptRecord | null> =>
  readJson<AptRecord>(files, join(folder, RECORD));

export const writeRecord = (files: Filesystem, folder: string, record: AptRecord): Promise<void> =>
  files.writeFile(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 });
