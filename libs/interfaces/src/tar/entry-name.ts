import { refused, type RefusalCode } from './refusal.js';

/** Of a name, and of the target of a link. */
export const PATH_BYTES = 4_096;
/** Of each part of a name. */
const NAME_BYTES = 255;

/**
 * The parts of an entry's name, without needless ones; none for the top itself. Throws for what is absolute or holds `..`, for what
 * no file system takes, and for what stands more than `depth` folders deep.
 */
export function partsOf(name: string, depth: number, code?: RefusalCode): string[] {
  const shown = name.slice(0, 100);
  if (name.includes('\0') || Buffer.byteLength(name) > PATH_BYTES) throw refused(shown, 'its name is not one', code);
  if (name.startsWith('/')) throw refused(name, 'its name is absolute', code);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(name, 'its name holds ".."', code);
  const isLong = parts.some((part) => Buffer.byteLength(part) > NAME_BYTES);
  if (isLong) throw refused(shown, `a part of its name has more than ${NAME_BYTES} bytes`, code);
  if (parts.length > depth) throw refused(shown, `it stands more than ${depth} folders deep`, code);
  return parts;
}
