import { Readable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { Filesystem } from '../filesystem.js';
import { collect } from '../local/collect.js';
import { MINIMAL_ENV } from '../local/local-command.js';
import { systemError } from '../system-error.js';
import { startProgram, type Running } from './program.js';
import { readUntil } from './read-until.js';
import { runLine } from './script.js';
import type { ShellHost } from './shell-host.js';
import { whyFailed } from './why-failed.js';
import { writeOn } from './write-on.js';

/** At the end it says how much has arrived: an input that was cut off ends as one that is whole. */
const WRITE = `umask 077; cat >"$1" && chmod -- "$2" "$1" && sync -- "$1" && stat -c %s -- "$1"`;

/** Not there, or not ours to read. */
const UNREADABLE = 44;
const OPEN = `(: <"$1") 2>/dev/null || exit ${UNREADABLE}; echo begins; exec cat <"$1"`;

/** Writes a file that is nobody's yet, of any size, and syncs it; what is only half there after a failure is the caller's to remove. */
export async function writeRemote(host: ShellHost, path: string, mode: string, content: Uint8Array | Readable): Promise<void> {
  // It may fail before we come to read it: who reads it then hears of it.
  if (content instanceof Readable) content.on('error', () => {});
  const running = await start(host, ['sh', '-c', WRITE, 'sh', path, mode]).catch((error: unknown) => {
    if (content instanceof Readable) content.destroy();
    throw error;
  });
  const stdout = collect(running.stdout, 'stdout');
  const stderr = collect(running.stderr, 'stderr');
  let sent = 0;
  let isRefused = false;
  try {
    for await (const chunk of content instanceof Readable ? content : [content]) {
      const piece = Buffer.from(chunk as Uint8Array | string);
      sent += piece.length;
      isRefused = running.input.destroyed;
      if (isRefused) break;
      await writeOn(running.input, piece);
    }
  } catch (error) {
    running.end(new SlipwayError('step-cancelled', 'What was to be written ended before its end'));
    await running.ended.catch(() => {});
    throw error;
  }
  running.input.end();
  const exitCode = await running.ended;
  if (exitCode !== 0) throw whyFailed({ exitCode, stderr: stderr.text() }, 'write', path, host.name);
  if (isRefused || Number(stdout.text()) !== sent)
    throw new SlipwayError('driver-failed', `Of ${path} not all has arrived at ${host.name}`, { path, host: host.name });
}

/** {@link Filesystem.openRead}: what is not read to its end is ended there. */
export async function openRemote(host: ShellHost, stat: Filesystem['stat'], path: string): Promise<Readable> {
  const running = await start(host, ['sh', '-c', OPEN, 'sh', path]);
  running.input.end();
  const said = collect(running.stderr, 'stderr');
  const begins = readUntil(running.stdout, 'begins', { bytes: 0, tooMany: () => new Error('it says something else') });
  const begun = await Promise.race([begins, running.ended.then(() => undefined)]);
  if (!begun) {
    const code = (await stat(path)) ? 'EACCES' : 'ENOENT';
    throw systemError(code, `cannot be opened, open '${path}' at ${host.name}`, 'open', path);
  }
  let isWhole = false;
  async function* content(): AsyncGenerator<Uint8Array> {
    yield* running.stdout as AsyncIterable<Uint8Array>;
    const exitCode = await running.ended;
    if (exitCode !== 0) throw whyFailed({ exitCode, stderr: said.text() }, 'read', path, host.name);
    isWhole = true;
  }
  const stream = Readable.from(content(), { objectMode: false });
  return stream.once('close', () => {
    if (!isWhole) running.end(new SlipwayError('step-cancelled', 'Nobody reads it any more'));
  });
}

const start = (host: ShellHost, command: readonly string[]): Promise<Running> =>
  startProgram(host, command, (nonce) => runLine(nonce, command, { env: MINIMAL_ENV }));
