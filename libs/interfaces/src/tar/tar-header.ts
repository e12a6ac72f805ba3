/** One entry of a tar archive, before its content. */
export interface TarEntry {
  /** Relative, parts divided by `/`. */
  name: string;
  type: 'file' | 'directory' | 'symlink' | 'link';
  /** Permission bits. */
  mode: number;
  /** Seconds since the epoch. */
  mtime: number;
  /** Bytes of content; of a file only. */
  size?: number;
  /** Where a link leads; of a hard link the name of a file that came before it. */
  target?: string;
}

const BLOCK = 512;
const NAME_BYTES = 100;
/** The most that 11 octal digits tell. */
const LARGEST = 8 ** 11 - 1;
const TYPES = { file: '0', directory: '5', symlink: '2', link: '1', pax: 'x' } as const;

/** Two empty blocks end an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

/** What fills the last block of a file's content. */
export const tarPadding = (size: number): Uint8Array => TAR_END.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);

/**
 * The blocks that stand before an entry's content (POSIX.1-2001 `ustar`, with a pax header where name, target or size do not fit).
 * Nobody's: no owner is told.
 */
export function tarHeader({ name, type, mode, mtime, size = 0, target = '' }: TarEntry): Buffer {
  const full = type === 'directory' ? `${name}/` : name;
  const pax = [
    ...(fits(full) ? [] : [record('path', full)]),
    ...(fits(target) ? [] : [record('linkpath', target)]),
    ...(size <= LARGEST ? [] : [record('size', `${size}`)]),
  ];
  const block = ustar({
    name: fits(full) ? full : 'long-name',
    type: TYPES[type],
    mode,
    mtime,
    size: Math.min(size, LARGEST),
    target: fits(target) ? target : 'long-name',
  });
  if (pax.length === 0) return block;
  const records = Buffer.concat(pax);
  const before = ustar({ name: 'pax', type: TYPES.pax, mode: 0o644, mtime, size: records.length, target: '' });
  return Buffer.concat([before, records, tarPadding(records.length), block]);
}

const fits = (text: string): boolean => Buffer.byteLength(text) <= NAME_BYTES && !/[^\x20-\x7e]/.test(text);

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + `${rest.length}`.length;
  if (`${length}`.length + rest.length > length) length += 1;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

interface Block {
  name: string;
  type: string;
  mode: number;
  mtime: number;
  size: number;
  target: string;
}

function ustar({ name, type, mode, mtime, size, target }: Block): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  for (const [number, at, digits] of [
    [mode & 0o777, 100, 7],
    [0, 108, 7],
    [0, 116, 7],
    [size, 124, 11],
    [Math.min(Math.max(0, Math.floor(mtime)), LARGEST), 136, 11],
  ] as const) {
    block.write(number.toString(8).padStart(digits, '0'), at);
  }
  block.write(type, 156);
  block.write(target, 157);
  block.write('ustar\x0000', 257, 'latin1');
  // The sum counts its own field as spaces.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
