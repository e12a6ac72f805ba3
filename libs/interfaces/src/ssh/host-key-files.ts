import { join } from 'node:path';
import type { Filesystem } from '../filesystem.js';
import type { HostKey, HostKeys } from './host.js';

/** Pinned keys as files of a folder, one for each host by its name: the first one that is written stays, until somebody removes it. */
export function hostKeyFiles(filesystem: Filesystem, folder: string): HostKeys {
  const where = (host: string) => join(folder, host);
  const known = async (host: string) => (await filesystem.readFile(where(host), 4_096))?.toString('utf8').trim();
  return {
    where,
    known,
    async pin(host, key) {
      await filesystem.mkdir(folder, { mode: 0o700 });
      await filesystem
        .writeFile(where(host), `${key}\n`, { mode: 0o600, exclusive: true })
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
      return (await known(host)) ?? key;
    },
  };
}

/** The one key that a configuration names, in `where`: no other is ever taken. */
export const configuredHostKey = (key: HostKey, where: string): HostKeys => ({
  known: async () => key,
  pin: async () => key,
  where: () => where,
});
