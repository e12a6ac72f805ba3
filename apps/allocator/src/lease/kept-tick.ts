import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Up to when time is known to have passed, kept between two lives. It may be lost: the newest event is all that is known then. */
export interface KeptTick {
  /** Ms since the epoch. */
  read(): number | undefined;
  write(at: number): void;
}

/** In a file. What is not there, or not whole, is as good as none. */
export const keptTick = (file: string): KeptTick => ({
  read() {
    try {
      const { at } = JSON.parse(readFileSync(file, 'utf8')) as { at?: unknown };
      return Number.isSafeInteger(at) ? (at as number) : undefined;
    } catch {
      return undefined;
    }
  },
  write(at) {
    writeFileSync(`${file}.new`, JSON.stringify({ at }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  },
});
