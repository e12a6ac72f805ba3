import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import { LOG_PART, type LogFrom, type LogPart } from '@slipway/provisioner';

/** How much is looked at in one go for the beginning of the last lines, in bytes. */
const BLOCK = 64 * 1024;
const NEWLINE = 10;

/** Before anything was written. */
const NOWHERE = 'none';

/** A place in the log: a file, whatever it is called now, and an offset in it. */
interface Place {
  id: string;
  offset: number;
}

/**
 * What an app says, as its supervisor keeps it: `app.log`, which becomes `app.1.log` when it is full.
 *
 * L1. A part begins right where the one before ended, also when the file was renamed in between; what was thrown away meanwhile is
 *     told as a gap.
 * L2. All of a part is of one file.
 */
export class AppLog {
  readonly #older: string;
  readonly #current: string;

  constructor(
    private readonly files: Pick<Filesystem, 'readPart'>,
    home: string,
  ) {
    [this.#older, this.#current] = ['app.1.log', 'app.log'].map((name) => join(home, 'log', name)) as [string, string];
  }

  async read(from: LogFrom): Promise<LogPart> {
    return this.#after('after' in from ? placeOf(from.after) : await this.#linesFromEnd(from.tail));
  }

  async #after({ id, offset }: Place): Promise<LogPart> {
    const current = await this.files.readPart(this.#current, offset, LOG_PART);
    if (current?.id === id) return partOf({ id, offset }, current.content, current.bytes);
    const older = await this.files.readPart(this.#older, offset, LOG_PART);
    if (older?.id === id) {
      // Renamed: what is left of it comes first. Nobody writes to it any more.
      if (older.content.length > 0) return { ...partOf({ id, offset }, older.content, older.bytes), more: true };
      const next = current ? { id: current.id, offset: 0 } : { id, offset };
      return partOf(next, Buffer.alloc(0), current?.bytes ?? offset);
    }
    // What is not known any more, or nothing yet: from the oldest that is kept.
    const kept = await this.files.readPart(this.#older, 0, LOG_PART);
    const oldest = kept ?? (await this.files.readPart(this.#current, 0, LOG_PART));
    if (!oldest) return partOf({ id, offset }, Buffer.alloc(0), offset);
    const part = partOf({ id: oldest.id, offset: 0 }, oldest.content, oldest.bytes);
    return { ...part, more: part.more || kept !== null, ...(id !== NOWHERE && { gap: true }) };
  }

  /** Where the last lines begin; at the first that is kept when there are not as many. */
  async #linesFromEnd(lines: number): Promise<Place> {
    let left = lines;
    let place: Place = { id: NOWHERE, offset: 0 };
    let atEnd = true;
    for (const path of [this.#current, this.#older]) {
      const file = await this.files.readPart(path, 0, 0);
      if (!file) continue;
      if (left === 0) return { id: file.id, offset: file.bytes };
      for (let end = file.bytes; end > 0; end -= BLOCK) {
        const start = Math.max(0, end - BLOCK);
        const block = await this.files.readPart(path, start, end - start);
        // Renamed just now: better all than a part that nobody asked for.
        if (block?.id !== file.id) return { id: NOWHERE, offset: 0 };
        for (let at = block.content.length - 1; at >= 0; at -= 1) {
          // The newline at the very end ends the last line, and begins none.
          const begins = block.content[at] === NEWLINE && !atEnd;
          atEnd = false;
          if (begins) left -= 1;
          if (begins && left === 0) return { id: file.id, offset: start + at + 1 };
        }
      }
      place = { id: file.id, offset: 0 };
    }
    return place;
  }
}

const partOf = ({ id, offset }: Place, content: Uint8Array, bytes: number): LogPart => {
  const end = offset + content.length;
  return { content, after: `${id}@${end}`, more: end < bytes };
};

/** The place that an earlier part has told; the beginning for anything else. */
function placeOf(after: string): Place {
  const [, id, offset] = /^([\w-]+)@(\d{1,15})$/.exec(after) ?? [];
  return id === undefined ? { id: NOWHERE, offset: 0 } : { id, offset: Number(offset) };
}
