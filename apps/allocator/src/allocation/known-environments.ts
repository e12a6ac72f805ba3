import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Which environments there are, up to a position of the log: a start reads only what came since. */
export interface KnownEnvironments {
  position: string;
  names: string[];
}

/** Where that is kept between two lives; it may be lost, and is made again from the log then. */
export interface KeptEnvironments {
  read(): KnownEnvironments | undefined;
  write(known: KnownEnvironments): void;
}

/** In a file. What is not there, or not whole, is as good as none. */
export const keptEnvironments = (file: string): KeptEnvironments => ({
  read() {
    try {
      const known = JSON.parse(readFileSync(file, 'utf8')) as Partial<KnownEnvironments>;
      const whole = typeof known.position === 'string' && Array.isArray(known.names);
      return whole ? (known as KnownEnvironments) : undefined;
    } catch {
      return undefined;
    }
  },
  write(known) {
    writeFileSync(`${file}.new`, JSON.stringify(known), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  },
});
