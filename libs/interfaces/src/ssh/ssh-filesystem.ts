import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Attributes, FileEntryWithStats, SFTPWrapper } from 'ssh2';
import { SlipwayError } from '@slipway/contracts/public';
import type { FileStat, Filesystem } from '../filesystem.js';
import { absolute } from '../local/local-filesystem.js';
import { packRemote } from '../shell/pack.js';
import { readRemotePart } from '../shell/read-part.js';

import { unpackRemote } from '../shell/unpack.js';
import { codeOf, orNull, systemError } from '../system-error.js';
import type { Session, SshConnection } from './connection.js';
import { Sftp } from './sftp.js';
import { sshCommand } from './ssh-command.js';
import { close, open, pieces, readStream, writeAll } from './transfer.js';

/**
 * Files at a host that is reached over SSH, by OpenSSH's file transfer and, where that cannot do it, by programs of the host (GNU
 * coreutils and tar). What it writes and renames is synced to disk there, folder included, before it resolves.
 */
export function sshFilesystem(connection: SshConnection): Filesystem {
  const sftp = new Sftp(connection);
  const command = sshCommand(connection);
  const lstat = (path: string) => sftp.ask<Attributes>('lstat', path, (files, done) => files.lstat(path, done));
  const stat = async (path: string) => {
    const found = await orNull(lstat(absolute(path)));
    return found && fileStat(found);
  };
  return {
    stat,
    readPart: (path, offset, bytes) => readRemotePart(connection, stat, absolute(path), offset, bytes),
    openRead: (path) => readStream(sftp, absolute(path)),
    pack: (path) =>
      packRemote(
        connection,
        { stat, realPath: (folder) => sftp.ask('realpath', folder, (files, done) => files.realpath(folder, done)) },
        absolute(path),
      ),
    unpack: (path, tar, options) => unpackRemote(connection, absolute(path), tar, options),
    writeFile: (path, content, options = {}) => writeFile(sftp, absolute(path), content, options),
    readFile: (path, limit = 1024 * 1024) => orNull(readFile(sftp, absolute(path), limit)),
    list: (path) => list(sftp, absolute(path)),
    async mkdir(path, { mode } = {}) {
      const first = await makeFolders(sftp, absolute(path));
      if (first === undefined) return;
      if (mode !== undefined) await sftp.ask('chmod', path, (files, done) => files.chmod(path, mode, done));
      await syncFolder(sftp, dirname(first));
    },
    async rename(from, to) {
      await rename(sftp, stat, absolute(from), absolute(to));
      await syncFolder(sftp, dirname(to));
    },
    chmod: (path, mode) => sftp.ask('chmod', absolute(path), (files, done) => files.chmod(path, mode, done)),
    async chown(path, uid, gid, { recursive = false } = {}) {
      const all = recursive ? ['-R', '-P'] : [];
      const { exitCode, stderr } = await command.exec(['chown', '-h', ...all, '--', `${uid}:${gid}`, absolute(path)]);
      if (exitCode === 0) return;
      const code = /not permitted/.test(stderr) ? 'EPERM' : /No such file/.test(stderr) ? 'ENOENT' : 'EIO';
      const who = code === 'EPERM' ? `: only root gives files to others, and ${connection.name} is reached as somebody else` : '';
      throw systemError(code, `${stderr.trim().slice(-500)}, at ${connection.name}${who}`, 'chown', path);
    },
    async remove(path) {
      absolute(path);
      try {
        await sftp.ask('unlink', path, (files, done) => files.unlink(path, done));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        // A folder; or something that must not be removed, and then it says why.
        const { exitCode, stderr } = await command.exec(['rm', '-rf', '--', path], { timeoutMs: REMOVE_MS });
        if (exitCode !== 0) throw systemError('EACCES', `${stderr.trim().slice(-500)}, at ${connection.name}`, 'rm', path);
      }
    },
    async freeBytes(path) {
      for (let there = absolute(path); ; there = dirname(there)) {
        const found = await orNull(free(sftp, there));
        if (found !== null || there === dirname(there)) return found ?? 0;
      }
    },
  };
}

/** How often something is tried that failed for a reason that was gone when it was looked for. */
const TRIES = 5;

/** A tree of many files may take as long. */
const REMOVE_MS = 600_000;

const free = async (sftp: Sftp, path: string): Promise<number> => {
  const { f_bavail, f_frsize } = await sftp.ask<{ f_bavail: number; f_frsize: number }>('statvfs', path, (files, done) =>
    files.ext_openssh_statvfs(path, done),
  );
  return Number(f_bavail) * Number(f_frsize);
};

/** Written beside, synced, then put in place in one go: nobody ever sees half a file under its name. */
async function writeFile(
  sftp: Sftp,
  path: string,
  content: string | Uint8Array | Readable,
  { mode = 0o644, exclusive = false }: { mode?: number; exclusive?: boolean },
): Promise<void> {
  const beside = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`);
  const pieceless = typeof content === 'string' || content instanceof Uint8Array;
  await sftp.connection.files(async (session) => {
    const within = (what: string, request: (files: SFTPWrapper, done: (error?: Error | null) => void) => void) =>
      sftp.within(session, what, path, request);
    try {
      const file = { session, handle: await open(sftp, session, beside, 'wx'), path };
      try {
        await writeAll(sftp, file, pieceless ? [content] : content);
        await within('chmod', (files, done) => files.fchmod(file.handle, mode, done));
        await within('fsync', (files, done) => files.ext_openssh_fsync(file.handle, done));
      } finally {
        await close(sftp, file).catch(() => {});
      }
      if (exclusive) await link(sftp, session, beside, path);
      else await within('rename', (files, done) => files.ext_openssh_rename(beside, path, done));
      await syncFolder(sftp, dirname(path));
    } catch (error) {
      throw codeOf(error) === 'EIO' ? await whyNotWritten(sftp, path, error) : error;
    } finally {
      await within('unlink', (files, done) => files.unlink(beside, done)).catch(() => {});
    }
  });
}

/** link(2) refuses a name that is taken; the protocol says only that it failed. */
async function link(sftp: Sftp, session: Session, from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await sftp.within(session, 'link', to, (files, done) => files.ext_openssh_hardlink(from, to, done));
    } catch (error) {
      if (codeOf(error) !== 'EIO') throw error;
      const there = await orNull(sftp.within<Attributes>(session, 'lstat', to, (files, done) => files.lstat(to, done)));
      if (there) throw systemError('EEXIST', `file already exists, link '${to}'`, 'link', to);
      if (tries === TRIES) throw error;
    }
  }
}

/** A full disk is told as any other failure: where hardly anything is free any more, it is one. */
async function whyNotWritten(sftp: Sftp, path: string, error: unknown): Promise<unknown> {
  const left = await free(sftp, dirname(path)).catch(() => Infinity);
  if (left > 1024 * 1024) return error;
  const { name } = sftp.connection;
  return new SlipwayError('no-space', `${path} cannot be written at ${name}: ${left} bytes are free there`, {
    path,
    host: name,
    free: left,
  });
}

async function readFile(sftp: Sftp, path: string, limit: number): Promise<Buffer> {
  return sftp.connection.files(async (session) => {
    const file = { session, handle: await open(sftp, session, path, 'r'), path };
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const piece of pieces(sftp, file)) {
      chunks.push(piece);
      length += piece.length;
      if (length > limit) throw new SlipwayError('too-large', `${path} has more than ${limit} bytes`, { path, limit });
    }
    return Buffer.concat(chunks);
  });
}

/** Names, sorted. That it is not there, and that it is no folder, are told alike. */
async function list(sftp: Sftp, path: string): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const found = await sftp.ask<FileEntryWithStats[]>('readdir', path, (files, done) => files.readdir(path, done));
      const names = found.map(({ filename }) => filename);
      const wrong = names.find((name) => name === '' || /[/\0]/.test(name));
      if (wrong === undefined) return names.toSorted();
      const message = `${sftp.connection.name} says that ${JSON.stringify(wrong)} stands in ${path}, which is no name`;
      throw new SlipwayError('driver-failed', message, { path, host: sftp.connection.name });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      const there = await followed(sftp, path);
      if (!there) return [];
      if (typeOf(there) !== 'directory') throw systemError('ENOTDIR', `not a directory, readdir '${path}'`, 'readdir', path);
      // It has come in between.
      if (tries === TRIES) throw error;
    }
  }
}

const followed = (sftp: Sftp, path: string): Promise<Attributes | null> =>
  orNull(sftp.ask<Attributes>('stat', path, (files, done) => files.stat(path, done)));

/** The first one that was made; `undefined` where the whole way was there. */
async function makeFolders(sftp: Sftp, path: string, tries = 1): Promise<string | undefined> {
  try {
    await sftp.ask('mkdir', path, (files, done) => files.mkdir(path, { mode: 0o777 }, done));
    return path;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && path !== dirname(path) && tries <= TRIES) {
      const first = await makeFolders(sftp, dirname(path));
      const made = await makeFolders(sftp, path, tries + 1);
      return first ?? made;
    }
    const there = await followed(sftp, path);
    if (there && typeOf(there) === 'directory') return undefined;
    if (there) throw systemError('EEXIST', `file already exists, mkdir '${path}'`, 'mkdir', path);
    // What was in the way has gone in between.
    if (codeOf(error) === 'EIO' && tries < TRIES) return makeFolders(sftp, path, tries + 1);
    throw error;
  }
}

/** rename(2), and what it says when it fails: the protocol tells most reasons alike, so we look for them. */
async function rename(sftp: Sftp, stat: Filesystem['stat'], from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await sftp.ask('rename', to, (files, done) => files.ext_openssh_rename(from, to, done));
    } catch (error) {
      if (!['EIO', 'ENOENT'].includes(String(codeOf(error)))) throw error;
      const code = await whyNotRenamed(stat, from, to);
      if (code !== undefined) throw systemError(code, `rename '${from}' -> '${to}'`, 'rename', to);
      if (tries === TRIES) throw error;
    }
  }
}

async function whyNotRenamed(stat: Filesystem['stat'], from: string, to: string): Promise<string | undefined> {
  const [moved, there, folder] = await Promise.all([stat(from), stat(to), stat(dirname(to))]);
  if (!moved) return 'ENOENT';
  if (!folder) return 'ENOENT';
  if (folder.type === 'file') return 'ENOTDIR';
  if (moved.type === 'directory' && there && there.type !== 'directory') return 'ENOTDIR';
  if (moved.type !== 'directory' && there?.type === 'directory') return 'EISDIR';
  return moved.type === 'directory' && there ? 'ENOTEMPTY' : undefined;
}

/** Opening a folder to read it is allowed to the file transfer as to everybody; so is fsync(2) of it. */
async function syncFolder(sftp: Sftp, path: string): Promise<void> {
  await sftp.connection.files(async (session) => {
    const file = { session, handle: await open(sftp, session, path, 'r'), path };
    try {
      await sftp.within(session, 'fsync', path, (files, done) => files.ext_openssh_fsync(file.handle, done));
    } finally {
      await close(sftp, file);
    }
  });
}

/** The bits of stat(2) that tell what it is. */
const typeOf = ({ mode }: Attributes): FileStat['type'] =>
  (mode & 0o170000) === 0o100000 ? 'file' : (mode & 0o170000) === 0o040000 ? 'directory' : 'other';

const fileStat = (found: Attributes): FileStat => ({
  type: typeOf(found),
  mode: found.mode & 0o7777,
  uid: found.uid,
  gid: found.gid,
  bytes: found.size,
});
