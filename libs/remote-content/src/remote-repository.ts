import type { ContentKind } from '@slipway/contracts';
import type { Readable } from 'node:stream';

/** The bytes of a content package, as one would upload it: a YAML or JSON file, or a tar (also gzipped) of a folder. */
export interface PackageBytes {
  content: Readable;
  kind: ContentKind;
  /** Name of its file, by which problems name it. */
  file: string;
}

/** A content package that another repository has. */
export interface RemotePackage {
  /** Names it among all that the repository has: `default/samples`, `left-pad@1.3.0`. */
  id: string;
  /** Changes whenever its content does, so that nothing is fetched twice. */
  stamp: string;
  /** Fetches it, checked against what was promised. Throws `RemoteAway`, `RemoteRefused`. */
  open(): Promise<PackageBytes>;
}

/** What another repository has now. */
export interface RemoteContent {
  /** In the order in which they count: of two definitions of one name and version the first. */
  packages: RemotePackage[];
  /** What of it is not taken, a sentence each. */
  problems: string[];
}

/**
 * Another repository: Slipway's own, or one of a kind that Slipway can read content packages from. It is told to list and to hand out;
 * whatever it says is checked, and nothing of it is kept here. An example: `http-index/http-index.ts`.
 */
export interface RemoteRepository {
  /** Throws `RemoteAway` where it cannot be asked now, `RemoteRefused` where what it says is not taken. */
  list(): Promise<RemoteContent>;
  /** Ends its connections. */
  close(): Promise<void>;
}
