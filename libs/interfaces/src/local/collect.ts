import type { Readable } from 'node:stream';
import type { CommandOptions } from '../command.js';
import { Lines } from './lines.js';
import type { Linger } from './linger.js';
import { Tail } from './tail.js';

export interface Listening extends Pick<CommandOptions, 'onLine' | 'onLines'> {
  /** Stands still while the listener holds the output up. */
  linger?: Linger;
}

/**
 * Reads one output of a program: keeps its end, and hands on its lines. While `onLines` has not taken the last ones the stream is paused, so
 * that the program waits in its write. Node resumes it when the program has exited: what comes then waits its turn. Once the program is given up
 * nothing is handed on.
 */
export function collect(stream: Readable, from: 'stdout' | 'stderr', { onLine, onLines, linger }: Listening = {}) {
  const tail = new Tail();
  let held: Promise<void> | undefined;
  let failed: { error: unknown } | undefined;
  let ready: string[] = [];
  const lines = (onLine || onLines) && new Lines((line) => ready.push(line));
  const handOn = async (): Promise<void> => {
    const now = ready;
    ready = [];
    if (onLine) for (const line of now) onLine(line, from);
    if (now.length > 0) await onLines?.(now, from);
  };
  const hold = async (taken: Promise<void>): Promise<void> => {
    linger?.hold();
    try {
      await taken;
      while (ready.length > 0 && !linger?.isGivenUp) await handOn();
    } catch (error) {
      failed ??= { error };
    } finally {
      held = undefined;
      linger?.release();
      stream.resume();
    }
  };
  stream.on('data', (chunk: Buffer) => {
    tail.add(chunk);
    if (!lines || failed || linger?.isGivenUp) return;
    lines.add(chunk);
    if (ready.length === 0) return;
    if (onLines) stream.pause();
    if (held) return;
    const taken = handOn();
    if (onLines) held = hold(taken);
  });
  return {
    /** Hands on what came behind the last end of a line. Throws what the listener has thrown: he was told nothing more. */
    async end(): Promise<void> {
      if (held && linger?.isGivenUp) return;
      await held;
      if (failed) throw failed.error;
      lines?.end();
      await handOn();
    },
    text: () => tail.text(),
  };
}
