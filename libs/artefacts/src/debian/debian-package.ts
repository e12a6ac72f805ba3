import { PassThrough, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import xz from 'xz-decompress';
import type { DebianPackage } from '../artefact.js';
import { bytesAt, streamOf, type Content } from '../content.js';
import { refused, shown } from '../refusal.js';
import { fileOfTar, type Uncompress } from '../tar/file-of-tar.js';
import { membersOf, type Member } from './ar.js';
import { identityOf, parseControl } from './control.js';

const LONGEST_CONTROL = 1024 ** 2;
/** deb(5): how `control.tar` may be compressed. */
const COMPRESSIONS: Readonly<Record<string, () => Uncompress>> = {
  'control.tar': () => new PassThrough(),
  'control.tar.gz': () => createGunzip(),
  'control.tar.zst': () => createZstdDecompress(),
  'control.tar.xz': () => unxz,
};

async function* unxz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new xz.XzReadableStream(
    Readable.toWeb(Readable.from(source, { objectMode: false })) as ReadableStream<Uint8Array>,
  );
  // The decoder gives its own memory, which it writes into again.
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) yield Buffer.from(piece);
}

/**
 * Reads a binary package's control file (deb(5), format 2): what it is called. Its data and its scripts are dpkg's business. Throws
 * `bad-input` for anything that is no such package.
 */
export async function readDebianPackage(file: string, content: Content): Promise<DebianPackage> {
  const [format, ...members] = await membersOf(content);
  const version = format?.name === 'debian-binary' ? (await bytesAt(content, format.start, 8)).toString('latin1') : '';
  if (!version.startsWith('2.')) throw refused('debian-binary', 'a package of Debian begins with it, and says format 2');
  const [control, data] = members.filter(({ name }) => !name.startsWith('_'));
  if (!data?.name.startsWith('data.tar')) throw refused('data.tar', 'it is missing, or stands elsewhere than behind control.tar');
  const bytes = await controlOf(content, control!);
  if (!bytes) throw refused('control', 'there is none in control.tar');
  return { kind: 'deb', file, ...identityOf(parseControl(bytes.toString())) };
}

async function controlOf(content: Content, { name, start, end }: Member): Promise<Buffer | undefined> {
  const uncompress = Object.hasOwn(COMPRESSIONS, name) ? COMPRESSIONS[name] : undefined;
  if (!uncompress) throw refused(shown(name), `it stands where one of ${Object.keys(COMPRESSIONS).join(', ')} must stand`);
  return fileOfTar(streamOf(content, start, end), uncompress(), (file) => file === 'control', LONGEST_CONTROL);
}
