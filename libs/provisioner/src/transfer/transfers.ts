import type { Part } from '@slipway/contracts';
import type { Data, DriverContext } from '../driver.js';

/** What stands at a place and is somebody's data: all below a folder, or a file. */
export type Whole = { folder: string } | { file: string };

/** What {@link Transfers} needs of a step. */
export type Telling = Pick<DriverContext, 'signal' | 'progress'>;

/**
 * Takes many bytes from files at a place to a holder's blobs and back, beside the thread of who asks. What comes out of it, and
 * what it throws, is the same as there.
 */
export interface Transfers {
  /** Whether there is so much that it is worth its start. */
  isMuch(what: Whole): Promise<boolean>;
  /** What stands there as it is now, as a compressed blob of `holder`. */
  keep(what: Whole, holder: string, telling: Telling): Promise<Omit<Part, 'mediaType'>>;
  /** A part as data that {@link Data.unpackTo} and {@link Data.writeTo} take there; nothing where it is too little. */
  give(part: Part, telling: Telling): Pick<Data, 'unpackTo' | 'writeTo'> | undefined;
}
