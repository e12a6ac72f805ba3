import { isAbsolute, join, normalize } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts';
import { MINIMAL_ENV, wayBelow, type Command, type CommandOptions, type Filesystem } from '@slipway/interfaces';

/** What somebody has of a place. */
export interface OnPlace {
  command: Command;
  filesystem: Filesystem;
}

/** Where and how he works there. */
export interface Within {
  /** His folder: paths that are not absolute begin there, and so do programs. */
  folder: string;
  /** Absolute, as programs see it: their HOME. */
  home: string;
  /** What all his programs bear, whatever else they are given. */
  variables: Record<string, string>;
  /** What each program is started by: `prlimit --nproc=64`. */
  by?: readonly string[];
  /** Whether no path of a file may lead out of his folder; where a link leads is up to the place. Only such as are not absolute when left out. */
  isConfined?: boolean;
  /** Ends his programs, and lets him at no file any more: what is being read or written by then is cut off. */
  signal: AbortSignal;
}

/**
 * Programs and files of a place for somebody who has a folder there. What is said of the environment of a program is added to a
 * minimal one, with his HOME. What his programs reach is up to the place.
 */
export function onPlace({ command, filesystem }: OnPlace, within: Within): OnPlace {
  return { command: commandWithin(command, within), filesystem: filesystemWithin(filesystem, within) };
}

function commandWithin(command: Command, { folder, home, variables, by = [], signal }: Within): Command {
  const line = (given: readonly string[]) => (given.length === 0 ? given : [...by, ...given]);
  const options = ({ cwd = '.', env, ...given }: CommandOptions = {}): CommandOptions => ({
    ...given,
    cwd: at(folder, cwd),
    env: { ...MINIMAL_ENV, HOME: home, ...env, ...variables },
    signal: given.signal ? AbortSignal.any([signal, given.signal]) : signal,
  });
  return {
    exec: async (given, asked) => command.exec(line(given), options(asked)),
    execOrThrow: async (given, asked) => command.execOrThrow(line(given), options(asked)),
    async spawnDetached(given, { cwd, env, logFile }) {
      signal.throwIfAborted();
      return command.spawnDetached(line(given), {
        cwd: at(folder, cwd),
        env: { ...env, ...variables },
        logFile: at(folder, logFile),
      });
    },
  };
}

function filesystemWithin(files: Filesystem, { folder, signal, isConfined = false }: Within): Filesystem {
  const on = (path: string) => {
    signal.throwIfAborted();
    return at(folder, path, isConfined);
  };
  const read = (content: Readable) => addAbortSignal(signal, content);
  /** What is cut off fails as what comes too late does. */
  const written = async (writing: Promise<void>) => {
    await writing.catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  };
  return {
    writeFile: async (path, content, options) => {
      const to = on(path);
      const isStream = typeof content !== 'string' && !(content instanceof Uint8Array);
      return isStream ? written(files.writeFile(to, read(content), options)) : files.writeFile(to, content, options);
    },
    readFile: async (path, limit) => files.readFile(on(path), limit),
    readPart: async (path, offset, bytes) => files.readPart(on(path), offset, bytes),
    openRead: async (path) => read(await files.openRead(on(path))),
    stat: async (path) => files.stat(on(path)),
    list: async (path) => files.list(on(path)),
    mkdir: async (path, options) => files.mkdir(on(path), options),
    rename: async (from, to) => files.rename(on(from), on(to)),
    chmod: async (path, mode) => files.chmod(on(path), mode),
    chown: async (path, uid, gid, options) => files.chown(on(path), uid, gid, options),
    remove: async (path) => files.remove(on(path)),
    unpack: async (path, tar, options) => written(files.unpack(on(path), read(tar), options)),
    pack: (path) => read(files.pack(on(path))),
    freeBytes: async (path) => files.freeBytes(on(path)),
  };
}

/** Throws `bad-input` where a path leads out of the folder: one that is not absolute, or any. */
function at(folder: string, path: string, isConfined = false): string {
  const isWhole = isAbsolute(path);
  if (isWhole && !isConfined) return path;
  const there = isWhole ? normalize(path) : join(folder, path);
  if (wayBelow(folder, there) === undefined)
    throw new SlipwayError('bad-input', `${path} leads out of the folder of the lease: paths begin in it, and stay below it`, {
      path,
    });
  return there;
}
