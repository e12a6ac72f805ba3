import type { Readable } from 'node:stream';

export interface FileStat {
  type: 'file' | 'directory' | 'other';
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  bytes: number;
}

/** A part of a file that may be renamed, and another put in its place, at any time. */
export interface FilePart {
  /** Tells the file from every other one that stands or stood under its name. */
  id: string;
  /** Of the whole file. */
  bytes: number;
  /** What stands from the offset on; shorter at the end of the file. */
  content: Buffer;
}

/** Files at a place. Paths are absolute. Missing things are `null` or nothing to do, never an error, where that is natural. */
export interface Filesystem {
  /** `exclusive`: fails with code `EEXIST` when it exists. Durable when it resolves. */
  writeFile(
    path: string,
    content: string | Uint8Array | Readable,
    options?: { mode?: number; exclusive?: boolean },
  ): Promise<void>;
  /** `null` when it does not exist. At most `limit` bytes (1 MiB), else `too-large`. */
  readFile(path: string, limit?: number): Promise<Buffer | null>;
  /** At most `bytes` bytes from an offset on, of one file and the same. `null` when it does not exist. */
  readPart(path: string, offset: number, bytes: number): Promise<FilePart | null>;
  openRead(path: string): Promise<Readable>;
  /** Of the thing itself: a link is `other`. `null` when it does not exist. */
  stat(path: string): Promise<FileStat | null>;
  /** Names, sorted; empty when it does not exist. */
  list(path: string): Promise<string[]>;
  /** With its parents; nothing to do when it exists. `mode` is that of the last one, whatever the umask. */
  mkdir(path: string, options?: { mode?: number }): Promise<void>;
  /** Atomic (rename(2)) and durable. Errors keep their `code`: ENOTEMPTY, EEXIST, ENOTDIR, ENOENT. */
  rename(from: string, to: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Links are changed themselves, never followed. */
  chown(path: string, uid: number, gid: number, options?: { recursive?: boolean }): Promise<void>;
  /** With all that is in it; nothing to do when it is gone. */
  remove(path: string): Promise<void>;
  /**
   * Unpacks a tar stream below `path`, durably; refuses absolute names, `..`, links that lead out, and devices with `bad-input`.
   * Data (`portable`) may hold more, but nothing that does not mean the same at every place: what {@link checkTar} refuses is
   * `archive-invalid`. Their modes and times are those of the archive.
   */
  unpack(path: string, tar: Readable, options?: { portable?: boolean }): Promise<void>;
  /**
   * All below a folder as a tar stream that {@link unpack} takes as `portable`, anywhere. The stream ends with `not-portable`, by
   * name, where something could not be taken along. Owners are not told.
   */
  pack(path: string): Readable;
  /** Bytes that may still be written where a path is, or will be. */
  freeBytes(path: string): Promise<number>;
}
