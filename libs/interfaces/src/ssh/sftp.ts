import type { SFTPWrapper } from 'ssh2';
import { SlipwayError } from '@slipway/contracts/public';
import { systemError } from '../system-error.js';
import type { Session, SshConnection } from './connection.js';

type Done<T> = (error?: Error | null, value?: T) => void;

/** draft-ietf-secsh-filexfer-02 §7, by what OpenSSH's server makes of errno: ENOTDIR is told as ENOENT, most others as EIO. */
const CODES: Readonly<Record<number, string>> = { 2: 'ENOENT', 3: 'EACCES', 4: 'EIO', 5: 'EINVAL', 8: 'ENOTSUP' };

/** A request is one look at a disk, or one piece of a file. */
const ANSWERS_WITHIN_MS = 120_000;

/** Requests of the SSH file transfer protocol, one by one; their errors bear the codes of the system, as those of `node:fs` do. */
export class Sftp {
  constructor(readonly connection: SshConnection) {}

  /** One request about a path. */
  ask<T = void>(what: string, path: string, request: (files: SFTPWrapper, done: Done<T>) => void): Promise<T> {
    return this.connection.files((session) => this.within(session, what, path, request));
  }

  /** One request of several that belong together, which hold the connection. */
  async within<T = void>(
    { files, gone }: Session,
    what: string,
    path: string,
    request: (files: SFTPWrapper, done: Done<T>) => void,
  ): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(limit);
          gone.removeEventListener('abort', onGone);
          end();
        };
        const onGone = () => settle(() => reject(new Error('No response from server')));
        const limit = setTimeout(() => settle(() => reject(this.#tooLate(what, path))), ANSWERS_WITHIN_MS);
        if (gone.aborted) return onGone();
        gone.addEventListener('abort', onGone);
        request(files, (error, value) => settle(() => (error ? reject(error) : resolve(value as T))));
      });
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      throw this.#named(error as Error & { code?: unknown }, what, path);
    }
  }

  #tooLate(what: string, path: string): SlipwayError {
    const { name } = this.connection;
    const message = `${name} did not ${what} ${path} within ${ANSWERS_WITHIN_MS} ms: it may still do so`;
    return new SlipwayError('timed-out', message, { host: name, path });
  }

  #named(error: Error & { code?: unknown }, what: string, path: string): Error {
    const { name } = this.connection;
    if (/does not support this extended request/i.test(error.message)) {
      const message = `The file transfer of ${name} lacks an extension of OpenSSH that ${what} needs: let its subsystem sftp be internal-sftp`;
      return new SlipwayError('driver-unavailable', message, { host: name });
    }
    if (typeof error.code !== 'number') {
      const message = `The connection to ${name} was cut while files were worked on there (${what} ${path}): it may have been done`;
      return new SlipwayError('driver-failed', message, { host: name, path, mayHaveGoneOn: true }, { cause: error });
    }
    return systemError(CODES[error.code] ?? 'EIO', `${error.message}, ${what} '${path}' at ${name}`, what, path);
  }
}
