import { crc32, deflateRawSync } from 'node:zlib';

/** An entry as it is to be written; what is said here is written, also where it is a lie. */
export interface WrittenEntry {
  name: string | Buffer;
  data?: string | Buffer;
  /** Deflated (8) when left out. */
  method?: number;
  flags?: number;
  /** `st_mode`, as Unix programs write it. */
  mode?: number;
  crc?: number;
  uncompressedSize?: number;
  /** Another name in front of the content. */
  localName?: string;
  /** Another place of its local header. */
  offset?: number;
}

const UTF8 = 0x800;

/** A ZIP, byte by byte (PKWARE APPNOTE 6.3.10 §4.3), so that tests can have any; `announced`: how many entries it says it has. */
export function zipOf(entries: readonly WrittenEntry[], { announced = entries.length, prefix = '' } = {}): Buffer {
  const local: Buffer[] = [Buffer.from(prefix)];
  const central: Buffer[] = [];
  let at = local[0]!.length;
  for (const entry of entries) {
    const { data = '', method = 8, flags = UTF8, mode = 0 } = entry;
    const [name, localName] = [Buffer.from(entry.name), Buffer.from(entry.localName ?? entry.name)];
    const plain = Buffer.from(data);
    const content = method === 8 ? deflateRawSync(plain) : plain;
    const sizes = [entry.crc ?? crc32(plain), content.length, entry.uncompressedSize ?? plain.length];
    const common = numbers([20, 2], [flags, 2], [method, 2], [0, 4], ...sizes.map((size): Field => [size, 4]));
    const header = Buffer.concat([numbers([0x04034b50, 4]), common, numbers([localName.length, 2], [0, 2]), localName]);
    central.push(
      numbers([0x02014b50, 4], [(3 << 8) | 20, 2]),
      common,
      numbers([name.length, 2], [0, 2], [0, 2], [0, 2], [0, 2], [(mode << 16) >>> 0, 4], [entry.offset ?? at, 4]),
      name,
    );
    local.push(header, content);
    at += header.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [announced, 2], [announced, 2], [directory.length, 4], [at, 4], [0, 2]);
  return Buffer.concat([...local, directory, end]);
}

type Field = [value: number, bytes: 2 | 4];

const numbers = (...fields: Field[]): Buffer =>
  Buffer.concat(
    fields.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
