import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { Linger } from '../local/linger.js';
import { abortReason } from '../local/local-command.js';
import { readUntil, type Bound } from './read-until.js';
import { readSaid, type Group, type Said } from './script.js';
import type { ShellHost } from './shell-host.js';

/** What login scripts may say before the program's own output. */
const NOISE = 256 * 1024;
const LOGIN: Bound = {
  bytes: NOISE,
  tooMany: () => new SlipwayError('driver-failed', `The login scripts of the host say more than ${NOISE} bytes`),
};

/** How long what was ended may take to do so, and the host to say it. */
const ENDS_WITHIN_MS = 5_000;

/** From an open channel to the beginning of the program: what login scripts may take. */
const BEGINS_WITHIN_MS = 60_000;

export interface StartOptions {
  input?: string | Uint8Array;
  signal?: AbortSignal;
  /** Of all of it, login scripts included; none when left out. */
  timeoutMs?: number;
  /** All output is read: then what holds it open after the end is not waited for longer than this. */
  linger?: Linger;
  /** What is said of, where it is not there. */
  paths?: { cwd?: string; logFile?: string };
}

/** A program at the host. */
export interface Running {
  input: Writable;
  stdout: Readable;
  stderr: Readable;
  /**
   * Its exit code, once all its output has been read. Rejects with `end`'s reason, or `driver-failed` where the way there was cut: it
   * may have gone on then, until the host is reached again.
   */
  ended: Promise<number>;
  /** Ends its process group. */
  end(why: SlipwayError): void;
  /** Of a detached one it is all that is known. */
  group: Group;
}

/**
 * Starts what `line` says (of `script.ts`) over a channel of its own. Throws `driver-failed` where it could not be started, by name.
 * `input`: behind the line; the caller's to write to and end when left out.
 */
export async function startProgram(
  host: ShellHost,
  command: readonly string[],
  line: (nonce: string) => string,
  { input, signal, timeoutMs = Infinity, linger, paths = {} }: StartOptions = {},
): Promise<Running> {
  const program = command[0];
  if (!program) throw new SlipwayError('bad-input', 'The command is empty');
  const nonce = `slipway-${randomBytes(12).toString('hex')}`;
  const first = line(nonce);
  const { channel, exitCode, lost, cut } = await host.open(signal);
  channel.on('error', () => {});
  // A program that does not read its input ends the channel early: that is its own business.
  channel.write(first);
  if (input !== undefined) channel.end(input);

  let why: SlipwayError | undefined;
  let group: Group | undefined;
  let later: NodeJS.Timeout | undefined;
  let isOver = false;
  // Its end is told only when all of it has been read.
  const close = () => {
    channel.resume();
    channel.stderr.resume();
    channel.close();
    if (!isOver) later = setTimeout(cut, ENDS_WITHIN_MS);
  };
  const endGroup = (left: Group) => {
    channel.resume();
    channel.stderr.resume();
    void host.end(left);
  };
  const tooLong = (ms: number, what: string) => () =>
    end(new SlipwayError('timed-out', `${program} did not ${what} within ${ms} ms`, { program, timeoutMs: ms }));
  const end = (reason: SlipwayError): void => {
    if (why || isOver) return;
    why = reason;
    linger?.giveUp();
    clearTimeout(later);
    later = setTimeout(close, ENDS_WITHIN_MS);
    // Before it has begun that is waited for: who does not know its group cannot end it.
    if (group) endGroup(group);
  };
  const onAbort = () => end(abortReason(signal!));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const starting = setTimeout(tooLong(BEGINS_WITHIN_MS, 'begin'), BEGINS_WITHIN_MS);
  const limit = timeoutMs === Infinity ? undefined : setTimeout(tooLong(timeoutMs, 'end'), timeoutMs);
  if (linger)
    channel.once('exit', () => {
      clearTimeout(later);
      linger.begin(close);
    });
  const ended = new Promise<number>((resolve, reject) => {
    channel.once('close', () => {
      isOver = true;
      for (const timer of [later, starting, limit]) clearTimeout(timer);
      linger?.stop();
      signal?.removeEventListener('abort', onAbort);
      const exit = exitCode();
      if (exit === undefined && group) void host.end(group);
      if (why) reject(why);
      else if (exit !== undefined) resolve(exit);
      else reject(mayHaveGoneOn(program, host.name, lost()));
    });
  });
  ended.catch(() => {});

  const said = await Promise.race([
    Promise.all([begun(channel, nonce), begun(channel.stderr, nonce)]).then(([words]) => readSaid(words)),
    ended.then(() => undefined),
  ]).catch((error: unknown) => {
    close();
    throw error;
  });
  clearTimeout(starting);
  if (said === undefined) {
    close();
    throw new SlipwayError('driver-failed', `${program} could not be started at ${host.name}: no POSIX shell answers there`, {
      program,
    });
  }
  if (said.how === 'begun') {
    group = said.group;
    // It was ended before it had begun.
    if (why) endGroup(group);
    return { input: channel, stdout: channel, stderr: channel.stderr, ended, end, group };
  }
  close();
  throw new SlipwayError(
    'driver-failed',
    `${program} could not be started at ${host.name}: ${reasonOf(said.how, program, paths)}`,
    {
      program,
      host: host.name,
      ...(said.how === 'program' && { lacks: 'program' }),
      ...(said.how === 'folder' && { lacks: 'folder' }),
    },
  );
}

const reasonOf = (
  how: Exclude<Said['how'], 'begun'>,
  program: string,
  { cwd, logFile }: { cwd?: string; logFile?: string },
): string =>
  ({
    program: `there is no program ${program} there`,
    folder: `there is no folder ${cwd} that may be entered`,
    log: `${logFile} cannot be written to`,
    setsid: 'setsid is not installed there (Debian: util-linux)',
  })[how];

function mayHaveGoneOn(program: string, host: string, lost: string): SlipwayError {
  const message = `${lost} while ${program} ran there: it may have gone on; what is left of it is ended when the host is reached again`;
  return new SlipwayError('driver-failed', message, { program, host, mayHaveGoneOn: true });
}

/** The words behind the nonce; what login scripts have said before it is passed over. */
const begun = async (stream: Readable, nonce: string): Promise<string> => (await readUntil(stream, nonce, LOGIN)).words;
