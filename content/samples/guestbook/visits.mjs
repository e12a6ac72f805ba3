import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Counts visits in a file of the storage, replaced as a whole, so that it is never half written. */
export function openVisits(folder) {
  const file = join(folder, 'visits');
  let count = read(file);
  let written = count;
  let writing;

  async function write() {
    while (written < count) {
      const now = count;
      await writeFile(`${file}.new`, `${now}\n`);
      await rename(`${file}.new`, file);
      written = now;
    }
  }

  /** Visits that come while the file is being written share the next write. */
  function save() {
    writing ??= write().finally(() => (writing = undefined));
    return writing;
  }

  return {
    /** Counts one more; resolves with the count when it is kept. */
    async add() {
      const mine = ++count;
      while (written < mine) await save();
      return mine;
    },
    /** Why the storage cannot be used; undefined when it can. */
    problem: () => {
      try {
        if (!statSync(folder).isDirectory()) return 'is not a folder';
        accessSync(folder, constants.R_OK | constants.W_OK);
        return undefined;
      } catch (error) {
        return error.message;
      }
    },
    close: save,
  };
}

function read(file) {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || 0;
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}
