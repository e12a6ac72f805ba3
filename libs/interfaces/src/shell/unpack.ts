import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '@slipway/contracts/public';
import { collect } from '../local/collect.js';
import { MINIMAL_ENV } from '../local/local-command.js';
import { ArtefactEntries } from '../tar/artefact-entries.js';
import { PortableEntries } from '../tar/portable-entries.js';
import { TAR_END, tarHeader, tarPadding, type TarEntry } from '../tar/tar-header.js';
import { walkTar, type Entry } from '../tar/walk-tar.js';
import { allOf } from './bounded.js';
import { startProgram, type Running } from './program.js';
import { runLine } from './script.js';
import type { ShellHost } from './shell-host.js';
import { writeOn } from './write-on.js';

/** Makes the folder where it is missing; all that stands in it, each as its type, a space, its path and a zero byte. */
const LOOK = `mkdir -p -- "$1" && cd -- "$1" && exec find . -mindepth 1 -printf '%y %P\\0'`;

/** Of the names of all that stands there, in bytes. */
const LOOK_BYTES = 64 * 1024 ** 2;

/** Modes as they are said, whatever the umask of whoever we are there; on disk when it ends. */
const TAKE = `umask 022; tar --extract --file=- --directory="$1" --preserve-permissions --no-same-owner --delay-directory-restore $2 && exec sync --file-system -- "$1"`;

/**
 * {@link Filesystem.unpack}: the archive is taken apart here, by the rules of this machine, and only what they let through goes to the
 * host, written anew for its tar: of a hostile entry not a byte arrives there.
 */
export async function unpackRemote(
  host: ShellHost,
  path: string,
  source: Readable,
  { portable = false }: { portable?: boolean } = {},
): Promise<void> {
  const rules = portable ? new DataRules() : new ArtefactRules();
  // It may fail before we come to read it: the one who reads it then hears of it.
  source.on('error', () => {});
  try {
    const look = await start(host, ['sh', '-c', LOOK, 'sh', path]);
    look.input.end();
    const said = collect(look.stderr, 'stderr');
    const found = await allOf(look.stdout, LOOK_BYTES, `What stands in ${path} at ${host.name}`).catch((error: SlipwayError) => {
      look.end(error);
      throw error;
    });
    if ((await look.ended) !== 0) throw failed(host.name, path, said.text());
    for (const one of found.toString('utf8').split('\0').filter(Boolean)) rules.stands(one.slice(2), one.startsWith('d '));
  } catch (error) {
    source.destroy();
    throw error;
  }
  const running = await start(host, ['sh', '-c', TAKE, 'sh', path, portable ? '' : '--touch']);
  const gone = new AbortController();
  void running.ended.catch(() => {}).then(() => gone.abort());
  running.stdout.resume();
  const said = collect(running.stderr, 'stderr');
  const checked = new PassThrough();
  const sent = pipeline(checked, running.input, { signal: gone.signal });
  sent.catch(() => checked.destroy());
  try {
    await walkTar(source, (entry) => hand(entry, rules, checked), portable ? 'archive-invalid' : 'bad-input');
    for (const entry of rules.last()) await writeOn(checked, tarHeader(entry));
    checked.end(TAR_END);
    await sent;
  } catch (error) {
    const isGone = gone.signal.aborted;
    running.end(new SlipwayError('step-cancelled', 'What was to be unpacked was refused'));
    const exitCode = await running.ended.catch((reason: unknown) => {
      if (isGone) throw reason;
    });
    // Of two that each ended the other the one that knows why.
    if (!isGone || exitCode === 0) throw error;
  }
  if ((await running.ended) !== 0) throw failed(host.name, path, said.text());
}

/** Rules for what comes, and what is left for the end. */
interface Rules {
  stands(path: string, isFolder: boolean): void;
  add(header: Entry['header']): TarEntry | undefined;
  last(): TarEntry[];
}

class ArtefactRules implements Rules {
  readonly #entries = new ArtefactEntries();
  readonly #folders: TarEntry[] = [];

  stands(path: string, isFolder: boolean): void {
    this.#entries.stands(path, isFolder);
  }

  add(header: Entry['header']): TarEntry | undefined {
    const entry = this.#entries.add(header);
    if (entry?.type !== 'directory') return entry;
    this.#folders.push(entry);
    return undefined;
  }

  last(): TarEntry[] {
    return [...this.#folders, ...this.#entries.links()];
  }
}

class DataRules implements Rules {
  readonly #entries = new PortableEntries();
  /** What stands there is no data: nothing of it is replaced, and nothing goes through it. */
  readonly #there = new ArtefactEntries();
  readonly #last: { links: TarEntry[]; folders: TarEntry[] } = { links: [], folders: [] };

  stands(path: string, isFolder: boolean): void {
    this.#there.stands(path, isFolder);
  }

  add(header: Entry['header']): TarEntry | undefined {
    const { type, mode = 0o644, mtime, size, linkname } = header;
    const name = this.#entries.add(header);
    if (name === '') return undefined;
    const entry = { name, mode: mode & 0o777, mtime: (mtime?.getTime() ?? 0) / 1_000 };
    if (type === 'symlink') this.#last.links.push({ ...entry, type, target: linkname ?? '' });
    else if (type === 'directory') this.#last.folders.push({ ...entry, type });
    this.#there.add({ name, type: type === 'directory' ? 'directory' : 'file' });
    return type === 'file' ? { ...entry, type, size: size ?? 0 } : undefined;
  }

  last(): TarEntry[] {
    return [...this.#last.links, ...this.#last.folders];
  }
}

async function hand(entry: Entry, rules: Rules, into: PassThrough): Promise<void> {
  const checked = rules.add(entry.header);
  if (!checked) return;
  await writeOn(into, tarHeader(checked));
  if (checked.type !== 'file') return;
  for await (const piece of entry) await writeOn(into, piece as Uint8Array);
  await writeOn(into, tarPadding(checked.size!));
}

const start = (host: ShellHost, command: readonly string[]): Promise<Running> =>
  startProgram(host, command, (nonce) => runLine(nonce, command, { env: MINIMAL_ENV }));

function failed(host: string, path: string, said: string): SlipwayError {
  const why = said.trim().slice(-500);
  const code = /no space left|quota exceeded|wrote only/i.test(why) ? 'no-space' : 'driver-failed';
  return new SlipwayError(code, `${path} cannot be unpacked to at ${host}: ${why}`, { path, host });
}
