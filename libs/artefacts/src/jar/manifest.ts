import { refused, shown } from '../refusal.js';

/** One section: its attributes by their names in lower case, since capitals make no difference. */
export type Section = ReadonlyMap<string, { name: string; value: string }>;

/** A manifest: what is said of the whole, and of single entries by their `Name`. */
export interface Manifest {
  main: Section;
  entries: ReadonlyMap<string, Section>;
}

export const MANIFEST = 'META-INF/MANIFEST.MF';
/** The longest that is read, in bytes: that of a large signed archive has some hundred thousand. */
export const MANIFEST_BYTES = 8 * 1024 ** 2;

/** Three for each entry that an archive may have. */
const MOST_ATTRIBUTES = 300_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,69}$/;
const [LF, CR, SPACE] = [10, 13, 32];

interface Line {
  /** From 1 on, where it begins. */
  number: number;
  bytes: Buffer;
}

/** The value of an attribute; undefined where there is none. */
export const valueOf = (section: Section, name: string): string | undefined => section.get(name.toLowerCase())?.value;

/**
 * Reads a manifest (JAR File Specification, "Notes on Manifest and Signature Files"). Lines end with CR LF, LF or CR; one that begins
 * with a space continues the one before, also in the middle of a character's bytes. Lines longer than 72 bytes are taken, as Java
 * takes them. An attribute that comes twice with two values is refused: who reads the first would see another archive than who reads
 * the last. Throws `bad-input` that names the line.
 */
export function parseManifest(bytes: Buffer): Manifest {
  const entries = new Map<string, Section>();
  const [main = new Map(), ...others] = sectionsOf(bytes);
  for (const section of others) {
    const [name] = section.values();
    if (name?.name.toLowerCase() !== 'name')
      throw refused(MANIFEST, `the section with ${shown(name!.name)} does not begin with "Name"`);
    if (!entries.has(name.value)) entries.set(name.value, section);
    else entries.set(name.value, merged(entries.get(name.value)!, section));
  }
  return { main, entries };
}

/** Sections of one entry may be several (the specification joins them). */
function merged(one: Section, other: Section): Section {
  const both = new Map(one);
  for (const [key, { name, value }] of other) add(both, name, value, `the sections of ${shown(one.get('name')!.value)}`, key);
  return both;
}

/** The first is the main one, also where it is empty; blank lines end a section. */
function sectionsOf(bytes: Buffer): Map<string, { name: string; value: string }>[] {
  const sections = [new Map<string, { name: string; value: string }>()];
  let ended = false;
  let attributes = 0;
  for (const line of logicalLines(bytes)) {
    if (line.bytes.length === 0) {
      ended = true;
      continue;
    }
    if (ended) sections.push(new Map());
    ended = false;
    if (++attributes > MOST_ATTRIBUTES) throw refused(MANIFEST, `it has more than ${MOST_ATTRIBUTES} attributes`);
    const { name, value } = attributeOf(line);
    add(sections.at(-1)!, name, value, `line ${line.number}`);
  }
  return sections;
}

function add(
  section: Map<string, { name: string; value: string }>,
  name: string,
  value: string,
  where: string,
  key = name.toLowerCase(),
) {
  const known = section.get(key);
  if (known && known.value !== value) throw refused(MANIFEST, `${where}: ${name} is there twice, with two values`);
  section.set(key, { name, value });
}

function attributeOf({ number, bytes }: Line): { name: string; value: string } {
  const fail = (reason: string) => refused(MANIFEST, `line ${number}: ${reason}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail('it is no UTF-8');
  }
  const colon = text.indexOf(': ');
  const name = colon < 0 ? text.replace(/:$/, '') : text.slice(0, colon);
  if (!NAME.test(name) || (colon < 0 && !text.endsWith(':')))
    throw fail(`expected a name of at most 70 letters, digits, "-" and "_", then ": " and a value, but it is ${shown(text)}`);
  const value = colon < 0 ? '' : text.slice(colon + 2);
  if (value.includes('\0')) throw fail('a value has no NUL in it');
  return { name, value };
}

/** Lines with those that continue them. */
function* logicalLines(bytes: Buffer): Generator<Line> {
  let pieces: Buffer[] = [];
  let first = 1;
  for (const line of physicalLines(bytes)) {
    if (line.bytes[0] === SPACE) {
      if (pieces.length === 0 || pieces[0]!.length === 0)
        throw refused(MANIFEST, `line ${line.number}: it begins with a space, but there is nothing that it could continue`);
      pieces.push(line.bytes.subarray(1));
    } else {
      if (pieces.length > 0) yield { number: first, bytes: Buffer.concat(pieces) };
      [pieces, first] = [[line.bytes], line.number];
    }
  }
  if (pieces.length > 0) yield { number: first, bytes: Buffer.concat(pieces) };
}

function* physicalLines(bytes: Buffer): Generator<Line> {
  let number = 1;
  for (let from = 0; from < bytes.length; number++) {
    let to = from;
    while (to < bytes.length && bytes[to] !== LF && bytes[to] !== CR) to++;
    yield { number, bytes: bytes.subarray(from, to) };
    from = to + (bytes[to] === CR && bytes[to + 1] === LF ? 2 : 1);
  }
}
