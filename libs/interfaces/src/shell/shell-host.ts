import type { Duplex, Readable } from 'node:stream';
import type { Group } from './script.js';

/** A host where a POSIX shell answers, however it is reached: what programs and archives of it are built on. */
export interface ShellHost {
  /** For messages. */
  readonly name: string;
  /** A channel with a shell that waits for its line (`script.ts`). */
  open(signal?: AbortSignal): Promise<Opened>;
  /** Ends process groups there, now where that is possible, else when the host is reached again. */
  end(group: Group): Promise<void>;
}

/** A program's channel, open and empty. */
export interface Opened {
  channel: ShellChannel;
  /** 128 and more: by signal. `undefined` until it is told. */
  exitCode(): number | undefined;
  /** What has become of the way there, where the channel was closed and no exit code was told: a clause for messages. */
  lost(): string;
  /** Ends the whole way there: of a host that does not do what the protocol says nothing is waited for. */
  cut(): void;
}

/**
 * Input and output of what runs there. It is closed (`close`) when all its output was read and its end is told; `exit` comes at its end where
 * that is told before.
 */
export interface ShellChannel extends Duplex {
  readonly stderr: Readable;
  close(): void;
}
