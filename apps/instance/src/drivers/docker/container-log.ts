import { SlipwayError } from '@slipway/contracts';
import type { Docker } from '@slipway/interfaces';
import { LOG_PART, type LogFrom, type LogPart } from '@slipway/provisioner';

/** A line as the engine keeps it, by its own clock (RFC 3339 with nanoseconds in UTC: comparable as text). */
interface Line {
  at: string;
  text: string;
}

/** A place in the log: so many lines of that moment have been read, and all before it. */
interface Place {
  at: string;
  lines: number;
}

/** Before everything. */
const BEGINNING: Place = { at: '1970-01-01T00:00:00.000000000Z', lines: 0 };
/** More lines than an engine keeps. */
const ALL = 1_000_000;

/**
 * What runs in a container says, as the engine keeps it. Standard output and standard error come from the client by ways of their
 * own: more is read than a part takes, and put in order by the engine's clock before it is cut.
 */
export async function containerLog(docker: Docker, name: string, from: LogFrom): Promise<LogPart> {
  const place = 'after' in from ? placeOf(from.after) : BEGINNING;
  const begin = 'after' in from ? ['--since', place.at] : ['--tail', String(Math.min(from.tail, ALL))];
  // None of the last lines: what comes from the engine's own now on.
  if ('tail' in from && from.tail === 0) return partOf(await newest(docker, name), [], false);
  const { lines, cut } = await linesOf(docker, name, begin);
  const { rest, beginning } = unread(lines, place);
  let bytes = 0;
  const taken = rest.filter(({ text }) => (bytes += Buffer.byteLength(text)) <= LOG_PART);
  return partOf(beginning, taken, cut || taken.length < rest.length);
}

async function linesOf(docker: Docker, name: string, begin: string[]): Promise<{ lines: Line[]; cut: boolean }> {
  const enough = new AbortController();
  const lines: Line[] = [];
  let bytes = 0;
  const onLine = (line: string) => {
    const [, at, text] = /^(\S+Z) ?(.*)$/s.exec(line) ?? [];
    if (at === undefined || bytes > 2 * LOG_PART) return;
    lines.push({ at: inFull(at), text: `${text}\n` });
    bytes += text!.length + 1;
    if (bytes > 2 * LOG_PART) enough.abort(new SlipwayError('step-cancelled', 'Enough has come'));
  };
  try {
    await docker.run(['logs', '--timestamps', ...begin, name], { onLine, signal: enough.signal });
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  }
  return {
    lines: lines.toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at))),
    cut: enough.signal.aborted,
  };
}

/** Where the last line that is kept ends. */
async function newest(docker: Docker, name: string): Promise<Place> {
  const { lines } = await linesOf(docker, name, ['--tail', '1']);
  return after(BEGINNING, lines);
}

/** Those lines that an earlier part has not told. */
function unread(lines: Line[], place: Place): { rest: Line[]; beginning: Place } {
  const known = lines.filter(({ at }) => at === place.at).slice(0, place.lines);
  return { rest: lines.filter((line) => line.at >= place.at && !known.includes(line)), beginning: place };
}

const partOf = (beginning: Place, lines: Line[], more: boolean): LogPart => {
  const { at, lines: count } = after(beginning, lines);
  return { content: Buffer.from(lines.map(({ text }) => text).join('')), after: `${at}@${count}`, more };
};

function after(beginning: Place, lines: Line[]): Place {
  const at = lines.at(-1)?.at ?? beginning.at;
  const same = lines.filter((line) => line.at === at).length;
  return { at, lines: at === beginning.at ? beginning.lines + same : same };
}

/** The engine leaves out zeros at the end of the fraction. */
const inFull = (at: string): string => {
  const [, seconds, fraction = ''] = /^([^.Z]+)(?:\.(\d{1,9}))?Z$/.exec(at) ?? [];
  return seconds === undefined ? at : `${seconds}.${fraction.padEnd(9, '0')}Z`;
};

/** The place that an earlier part has told; the beginning for anything else. */
function placeOf(text: string): Place {
  const [, at, lines] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)@(\d{1,9})$/.exec(text) ?? [];
  return at === undefined ? BEGINNING : { at, lines: Number(lines) };
}
