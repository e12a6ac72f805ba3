import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { Filesystem } from '../filesystem.js';
import { collect } from '../local/collect.js';
import { MINIMAL_ENV } from '../local/local-command.js';
import { systemError } from '../system-error.js';
import { PortableEntries, targetProblem } from '../tar/portable-entries.js';
import { TAR_END, tarHeader, tarPadding, type TarEntry } from '../tar/tar-header.js';
import { startProgram } from './program.js';
import { runLine } from './script.js';
import type { ShellHost } from './shell-host.js';

/** Of the folder itself: who owns what is read may have put a link in its place. tar follows none below it. */
const READ = `cd -- "$1" && [ "$(pwd -P)" = "$2" ] || exit 44
exec tar --create --file=- --format=gnu --sort=name --hard-dereference .`;

/** How it is looked at there before it is read. */
export interface Looking {
  stat: Filesystem['stat'];
  /** Of a folder: its path without any link. */
  realPath(folder: string): Promise<string>;
}

/** {@link Filesystem.pack}: the host's tar reads, and what it says is looked at and written anew here, by the rules of this machine. */
export const packRemote = (host: ShellHost, looking: Looking, path: string): Readable =>
  Readable.from(packed(host, looking, path), { objectMode: false });

async function* packed(host: ShellHost, { stat, realPath }: Looking, path: string): AsyncGenerator<Uint8Array> {
  const found = await stat(path);
  if (!found) throw systemError('ENOENT', `no such file or directory, open '${path}' at ${host.name}`, 'open', path);
  if (found.type !== 'directory') throw systemError('ENOTDIR', `not a directory, open '${path}' at ${host.name}`, 'open', path);
  const command = ['sh', '-c', READ, 'sh', path, join(await realPath(dirname(path)), basename(path))];
  const running = await startProgram(host, command, (nonce) => runLine(nonce, command, { env: MINIMAL_ENV }), {
    input: '',
  });
  const said = collect(running.stderr, 'stderr');
  // Names are bytes there: latin1 keeps them as they are.
  const archive = extract({ filenameEncoding: 'latin1' } as never);
  const read = pipeline(running.stdout, archive);
  read.catch(() => {});
  const entries = new PortableEntries();
  let isWhole = false;
  try {
    for await (const entry of archive) {
      const { header } = entry;
      const checked = entryOf(entries, header);
      if (checked) {
        yield tarHeader(checked);
        for await (const piece of entry) yield piece as Uint8Array;
        if (checked.type === 'file') yield tarPadding(checked.size!);
      } else entry.resume();
    }
    await read;
    isWhole = true;
    assertWell(await running.ended, said.text(), host.name, path);
    yield TAR_END;
  } finally {
    if (!isWhole) running.end(new SlipwayError('step-cancelled', 'Nobody reads it any more'));
  }
}

interface Read {
  name: string;
  type?: string | null | undefined;
  mode?: number;
  mtime?: Date;
  size?: number;
  linkname?: string | null | undefined;
}

function entryOf(entries: PortableEntries, { name, type, mode = 0o644, mtime, size = 0, linkname }: Read): TarEntry | undefined {
  const path = textOf(name)
    .replace(/^\.\/?/, '')
    .replace(/\/$/, '');
  // Holds no data. A socket tar leaves out by itself.
  if (path === '' || type === 'fifo') return undefined;
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') throw refused(path, 'it is a device');
  const target = type === 'symlink' ? textOf(linkname ?? '') : undefined;
  const problem = target === undefined ? undefined : targetProblem(path, target);
  if (problem !== undefined) throw refused(path, `${problem}: ${JSON.stringify(target)}`);
  try {
    entries.add({ name: path, type, ...(target !== undefined && { linkname: target }) });
  } catch (error) {
    throw refused(path, String((error as SlipwayError).details?.['reason']));
  }
  const seconds = type === 'symlink' ? 0 : (mtime?.getTime() ?? 0) / 1_000;
  return {
    name: path,
    type,
    mode: mode & 0o777,
    mtime: seconds,
    ...(type === 'file' && { size }),
    ...(target !== undefined && { target }),
  };
}

/** What is no UTF-8 could not be written elsewhere as it is. */
function textOf(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const name = bytes.toString('utf8');
  if (!Buffer.from(name).equals(bytes)) throw refused(name, 'its name is no UTF-8');
  return name;
}

/** tar fails also for what changed while it was read, which is no harm: it was read as it was then. What became shorter is one. */
function assertWell(exitCode: number, said: string, host: string, path: string): void {
  const lines = said.split('\n').filter((line) => line !== '' && !/file changed as we read it|socket ignored/.test(line));
  const harm = lines.find((line) => /shrank|removed before/.test(line));
  if (harm !== undefined) throw refused(path, `it became shorter while it was read: ${harm}`);
  if (exitCode === 0 || (exitCode === 1 && lines.every((line) => /due to previous errors/.test(line)))) return;
  const message = exitCode === 44 ? 'it is not the folder that it was' : lines.join('; ').slice(-500);
  throw new SlipwayError('driver-failed', `${path} cannot be read out at ${host}: ${message}`, { path, host });
}

const refused = (name: string, reason: string): SlipwayError =>
  new SlipwayError('not-portable', `${JSON.stringify(name)} cannot be read out: ${reason}`, { entry: name, reason });
