import type { Writable } from 'node:stream';

/** Writes with back pressure; throws where nobody takes any more: why is known at the other end. */
export async function writeOn(into: Writable, piece: Uint8Array): Promise<void> {
  if (piece.length === 0) return;
  if (into.destroyed) throw new Error('the host takes no more of it');
  if (into.write(piece)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      into.removeListener('drain', done).removeListener('close', done);
      resolve();
    };
    into.on('drain', done).on('close', done);
  });
}
