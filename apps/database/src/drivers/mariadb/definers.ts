import { Readable } from 'node:stream';

/** Lines of a dump that make something with a definer begin so; data are on lines of their own, which begin with INSERT. */
const MAKES = /^(\/\*!5\d{4} |CREATE (OR REPLACE )?DEFINER|CREATE ALGORITHM)/;
const DEFINER = /DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`/g;
/** What of a line tells whether it is one of those. */
const BEGINNING = 40;
/** Longer ones are data. */
const LONGEST = 1024 * 1024;
const LF = 0x0a;

/**
 * A dump in which everything belongs to this user: only who has all rights may make things in another one's name. Pieces pass
 * as they are, but for the few lines that make something.
 */
export function ownDefiners(dump: Readable, user: string): Readable {
  return Readable.from(pieces(dump as AsyncIterable<Buffer>, `DEFINER=\`${user}\`@\`%\``), { objectMode: false });
}

async function* pieces(dump: AsyncIterable<Buffer>, definer: string): AsyncGenerator<Buffer> {
  let line: Buffer = Buffer.alloc(0);
  /** The line under way has been seen to be data, and passes. */
  let passing = false;
  const own = (whole: Buffer) =>
    MAKES.test(whole.toString('latin1', 0, BEGINNING))
      ? Buffer.from(whole.toString('latin1').replaceAll(DEFINER, definer), 'latin1')
      : whole;
  for await (const piece of dump) {
    let from = 0;
    while (from < piece.length) {
      const end = piece.indexOf(LF, from);
      const part = piece.subarray(from, end < 0 ? undefined : end + 1);
      from += part.length;
      if (passing) yield part;
      else {
        line = line.length === 0 ? part : Buffer.concat([line, part]);
        if (end >= 0) yield own(line);
        else if (line.length > LONGEST || (line.length >= BEGINNING && !MAKES.test(line.toString('latin1', 0, BEGINNING)))) {
          yield line;
          passing = true;
        } else continue;
        line = Buffer.alloc(0);
      }
      if (end >= 0) passing = false;
    }
  }
  if (line.length > 0) yield own(line);
}
