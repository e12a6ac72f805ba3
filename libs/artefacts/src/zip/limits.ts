/** What is taken of a ZIP. All of it is looked at, so these bound time; memory does not depend on the content at all. */
export interface ZipLimits {
  entries: number;
  /** Bytes of the central directory: names are compared, so they are held. */
  directoryBytes: number;
  /** Bytes of all entries together, uncompressed. */
  contentBytes: number;
  /** How many times as large as the ZIP its content may be; asked of content above {@link ZipLimits.smallBytes} only. */
  ratio: number;
  smallBytes: number;
}

export const ZIP_LIMITS: ZipLimits = {
  entries: 100_000,
  directoryBytes: 16 * 1024 ** 2,
  contentBytes: 2 * 1024 ** 3,
  ratio: 100,
  smallBytes: 64 * 1024 ** 2,
};
