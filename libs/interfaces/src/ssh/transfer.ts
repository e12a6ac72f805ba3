import { Readable } from 'node:stream';
import type { Session } from './connection.js';
import type { Sftp } from './sftp.js';

/** Bytes of a file that are asked for, or sent, at once: OpenSSH takes up to 255 KiB. */
const PIECE = 128 * 1024;

/** Requests under way at once, so that a long way costs its time only once. */
const AHEAD = 16;

/** An open file of the host. */
export interface OpenFile {
  session: Session;
  handle: Buffer;
  path: string;
}

/** A file from where it is read to its end, some pieces ahead of who reads; closed when it ends, however it ends. */
export const readStream = (sftp: Sftp, path: string): Promise<Readable> =>
  new Promise((resolve, reject) => {
    // The connection is held for as long as the stream is open.
    const held = sftp.connection.files(async (session) => {
      const handle = await open(sftp, session, path, 'r');
      const file = { session, handle, path };
      const stream = Readable.from(pieces(sftp, file), { objectMode: false });
      resolve(stream);
      await new Promise<void>((done) => stream.once('close', done));
    });
    held.catch(reject);
  });

export const open = (sftp: Sftp, session: Session, path: string, flags: 'r' | 'wx'): Promise<Buffer> =>
  sftp.within<Buffer>(session, 'open', path, (files, done) => files.open(path, flags, { mode: 0o600 }, done));

export const close = (sftp: Sftp, { session, handle, path }: OpenFile): Promise<void> =>
  sftp.within(session, 'close', path, (files, done) => files.close(handle, done));

/** What stands from an offset on, at most so many bytes; nothing at the end. */
export const readAt = (sftp: Sftp, { session, handle, path }: OpenFile, offset: number, bytes: number): Promise<Buffer> =>
  sftp.within<Buffer>(session, 'read', path, (files, done) => {
    const into = Buffer.allocUnsafe(bytes);
    files.read(handle, into, 0, bytes, offset, (error, read) => done(error, error ? undefined : into.subarray(0, read)));
  });

/** The pieces of a file, to where nothing more comes: also of one that does not say how long it is. Closes it. */
export async function* pieces(sftp: Sftp, file: OpenFile): AsyncGenerator<Buffer> {
  let asked: { at: number; piece: Promise<Buffer> }[] = [];
  let next = 0;
  let at = 0;
  const ask = () => {
    const piece = readAt(sftp, file, next, PIECE);
    piece.catch(() => {});
    asked.push({ at: next, piece });
    next += PIECE;
  };
  try {
    for (;;) {
      // One of them tells whether there is more than one piece at all.
      while (asked.length < (at === 0 ? 1 : AHEAD)) ask();
      const piece = await asked.shift()!.piece;
      if (piece.length === 0) return;
      at += piece.length;
      yield piece;
      if (piece.length === PIECE) continue;
      // A short piece: what was asked for behind it begins too late.
      asked = [];
      next = at;
    }
  } finally {
    await close(sftp, file).catch(() => {});
  }
}

/** Writes content into an open file, some pieces ahead of the host's answers; its bytes. */
export async function writeAll(sftp: Sftp, file: OpenFile, content: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> {
  const underWay = new Set<Promise<void>>();
  let failed: unknown;
  let at = 0;
  for await (const chunk of content) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    for (let from = 0; from < bytes.length; from += PIECE) {
      const piece = bytes.subarray(from, from + PIECE);
      const sent = sftp
        .within(file.session, 'write', file.path, (files, done) => files.write(file.handle, piece, 0, piece.length, at, done))
        .catch((error: unknown) => void (failed ??= error))
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
      at += piece.length;
      if (underWay.size >= AHEAD) await Promise.race(underWay);
      if (failed) throw failed;
    }
  }
  await Promise.all(underWay);
  if (failed) throw failed;
  return at;
}
