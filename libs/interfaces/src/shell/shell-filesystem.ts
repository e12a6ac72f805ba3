import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { SlipwayError } from '@slipway/contracts/public';
import type { FileStat, Filesystem } from '../filesystem.js';
import { absolute } from '../local/local-filesystem.js';
import { codeOf, orNull } from '../system-error.js';
import { Errands, type ErrandOptions } from './errands.js';
import { packRemote } from './pack.js';
import { readRemotePart } from './read-part.js';
import type { ShellHost } from './shell-host.js';
import { openRemote, writeRemote } from './streams.js';
import { unpackRemote } from './unpack.js';
import { whyFailed } from './why-failed.js';

const STAT = `stat -c '%f %u %g %s' -- "$1"`;
const READ = `head -c "$2" -- "$1"`;
const LIST = `find "$1/" -mindepth 1 -maxdepth 1 -printf '%f\\0'`;
const REAL_PATH = `readlink -z -f -- "$1"`;
/** `$2`: how, for mkdir(1). The folder of the first one that is made is synced. */
const MAKE = `[ -d "$1" ] && exit 0; there=$1; while [ ! -e "$there" ] && [ ! -L "$there" ]; do there=\${there%/*}; there=\${there:-/}; done; mkdir -p -- "\${1%/*}/" && { mkdir \${2:+"$2"} -- "$1" || [ -d "$1" ]; } && sync -- "$there"`;
const RENAME = `mv -f -T -- "$1" "$2" && sync -- "\${2%/*}/"`;
/** What was written beside gets its name, in one go. */
const PLACE = `mv -f -T -- "$1" "$2" && sync -- "\${2%/*}/" || { rm -f -- "$1"; exit 1; }`;
const LINK = `ln -T -- "$1" "$2" && sync -- "\${2%/*}/"; code=$?; rm -f -- "$1"; exit $code`;
/** Few bytes, in `$3` (base64, RFC 4648 §4). */
const PUT = `umask 077; printf %s "$3" | base64 -d >"$1" && chmod -- "$2" "$1" && sync -- "$1" || { rm -f -- "$1"; exit 1; }`;
const FREE = `there=$1; while [ ! -e "$there" ]; do there=\${there%/*}; there=\${there:-/}; done; stat -f -c '%a %S' -- "$there"`;

/** What is put with a line of shell, in bytes: such a line is read byte by byte. */
const FEW = 16 * 1024;

/** Of the names in a folder, in bytes. */
const NAMES = 64 * 1024 ** 2;

/** A tree of many files may take as long. */
const REMOVE_MS = 600_000;

/**
 * Files at a host with a POSIX shell, by its programs (GNU coreutils, findutils and tar). What it writes and renames is synced to disk there,
 * folder included, before it resolves. A folder that would change its file system by a rename is copied, as mv(1) does.
 */
export function shellFilesystem(host: ShellHost): Filesystem & { close(): void } {
  const errands = new Errands(host);
  /** Its output. Throws what the host says of it with the code of the system. */
  async function ask(
    syscall: string,
    script: string,
    [path, ...args]: [string, ...string[]],
    options?: ErrandOptions,
  ): Promise<Buffer> {
    const done = await errands.run(script, [path, ...args], options);
    if (done.exitCode === 0) return done.stdout;
    throw whyFailed(done, syscall, path, host.name);
  }

  async function stat(path: string): Promise<FileStat | null> {
    const found = await missing(ask('lstat', STAT, [at(path)]));
    return found && fileStat(found.toString('latin1'));
  }

  async function place(beside: string, path: string, exclusive: boolean): Promise<void> {
    await ask(exclusive ? 'link' : 'rename', exclusive ? LINK : PLACE, [beside, path]);
  }

  return {
    stat,
    close: () => errands.close(),
    async writeFile(path, content, { mode = 0o644, exclusive = false } = {}) {
      const beside = join(dirname(at(path)), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`);
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      if (bytes instanceof Uint8Array && bytes.length <= FEW)
        await ask('write', PUT, [beside, octal(mode), Buffer.from(bytes).toString('base64')]);
      else
        await writeRemote(host, beside, octal(mode), bytes).catch(async (error: unknown) => {
          await ask('unlink', 'rm -f -- "$1"', [beside]).catch(() => {});
          throw error;
        });
      await place(beside, path, exclusive);
    },
    async readFile(path, limit = 1024 * 1024) {
      const read = await missing(ask('open', READ, [at(path), String(limit + 1)], { bytes: limit + 1 }));
      if (read && read.length > limit)
        throw new SlipwayError('too-large', `${path} has more than ${limit} bytes`, { path, limit });
      return read;
    },
    readPart: (path, offset, bytes) => readRemotePart(host, stat, at(path), offset, bytes),
    openRead: (path) => openRemote(host, stat, at(path)),
    async list(path) {
      const names = await orNull(ask('scandir', LIST, [at(path)], { bytes: NAMES }));
      return (names?.toString('utf8') ?? '').split('\0').filter(Boolean).toSorted();
    },
    async mkdir(path, { mode } = {}) {
      await ask('mkdir', MAKE, [at(path), mode === undefined ? '' : `--mode=${octal(mode)}`]);
    },
    async rename(from, to) {
      await ask('rename', RENAME, [at(from), at(to)]);
    },
    async chmod(path, mode) {
      await ask('chmod', 'chmod -- "$2" "$1"', [at(path), octal(mode)]);
    },
    async chown(path, uid, gid, { recursive = false } = {}) {
      await ask('chown', `chown -h ${recursive ? '-R -P' : ''} -- "$2" "$1"`, [at(path), `${uid}:${gid}`], {
        timeoutMs: REMOVE_MS,
      });
    },
    async remove(path) {
      await ask('rm', 'rm -r -f -- "$1"', [at(path)], { timeoutMs: REMOVE_MS });
    },
    unpack: (path, tar, options) => unpackRemote(host, at(path), tar, options),
    pack: (path) => packRemote(host, { stat, realPath }, at(path)),
    async freeBytes(path) {
      const [blocks, bytes] = (await ask('statfs', FREE, [at(path)])).toString('latin1').split(' ');
      return Number(blocks) * Number(bytes);
    },
  };

  async function realPath(folder: string): Promise<string> {
    return (await ask('realpath', REAL_PATH, [folder])).toString('utf8').replace(/\0$/, '');
  }
}

/** Of a folder without a slash at its end, as shells take paths apart. Throws `bad-input`. */
const at = (path: string): string => absolute(path).replace(/(?<=.)\/+$/, '');

/** `null` for what does not exist, also below a file. */
const missing = <T>(found: Promise<T>): Promise<T | null> =>
  orNull(found).catch((error: unknown) => {
    if (codeOf(error) === 'ENOTDIR') return null;
    throw error;
  });

/** For chmod(1): with five digits it clears what is not named, of folders too. */
const octal = (mode: number): string => mode.toString(8).padStart(5, '0');

/** Of what {@link STAT} says: st_mode (inode(7)) in hexadecimal, owner, group, bytes. */
function fileStat(said: string): FileStat {
  const [hexadecimal = '', uid, gid, bytes] = said.trim().split(' ');
  const mode = Number.parseInt(hexadecimal, 16);
  const type = (mode & 0o170000) === 0o100000 ? 'file' : (mode & 0o170000) === 0o040000 ? 'directory' : 'other';
  return { type, mode: mode & 0o7777, uid: Number(uid), gid: Number(gid), bytes: Number(bytes) };
}
