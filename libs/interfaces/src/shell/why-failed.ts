import { SlipwayError } from '@slipway/contracts/public';
import { systemError } from '../system-error.js';
import type { Done } from './errands.js';

/** What strerror(3) says at the end of a line, and what GNU's programs say by themselves where they look before they do something. */
const CODES: readonly [RegExp, string][] = [
  [/: No such file or directory$/, 'ENOENT'],
  [/: Not a directory$|cannot overwrite non-directory /, 'ENOTDIR'],
  [/: Directory not empty$/, 'ENOTEMPTY'],
  [/: File exists$/, 'EEXIST'],
  [/: Is a directory$|cannot overwrite directory /, 'EISDIR'],
  [/: Permission denied$/, 'EACCES'],
  [/: Operation not permitted$/, 'EPERM'],
  [/: Read-only file system$/, 'EROFS'],
  [/: Too many levels of symbolic links$/, 'ELOOP'],
  [/: File name too long$/, 'ENAMETOOLONG'],
];

const FULL = /: (No space left on device|Disk quota exceeded)$/m;

/** 127: a shell has not found the program (POSIX, Shell Command Language §2.8.2). */
const NOT_FOUND = 127;

/** The error of what a host's programs say, with the code of the system, as `node:fs` throws them; `no-space` for a full disk. */
export function whyFailed(
  { exitCode, stderr }: Pick<Done, 'exitCode' | 'stderr'>,
  syscall: string,
  path: string,
  host: string,
): Error {
  const said = stderr.trim().slice(-500);
  if (FULL.test(said)) return new SlipwayError('no-space', `${path} cannot be written at ${host}: ${said}`, { path, host });
  if (exitCode === NOT_FOUND) {
    const message = `${host} lacks a program that files need there (GNU coreutils, findutils and tar): ${said}`;
    return new SlipwayError('driver-unavailable', message, { host });
  }
  const lines = said.split('\n');
  const code = CODES.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1] ?? 'EIO';
  return systemError(code, `${said}, ${syscall} '${path}' at ${host}`, syscall, path);
}
