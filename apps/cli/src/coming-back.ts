import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotReachable } from '@slipway/client';
import { NoMesh } from './exit.js';
import { dataFolder, ownAddress, type GlobalOptions } from './session.js';

/**
 * What is thrown when this machine's own gateway does not answer while its mesh runs: that it is being brought back, by whom.
 * Any other error as it is.
 */
export function unlessComingBack(error: unknown, options: GlobalOptions, env = process.env): unknown {
  if (!(error instanceof NotReachable) || error.url !== ownAddress(options, env)) return error;
  const folder = dataFolder(options, env);
  const pid = supervisorOf(folder);
  if (pid === null) return error;
  return new NoMesh(
    `${error.message} just now.\nThe mesh of ${folder} runs (slipwayd, process ${pid}) and starts its gateway by itself: try again in a moment. ` +
      `What keeps it stands in ${join(folder, 'logs')}.`,
    { cause: error },
  );
}

/** The process that has the data folder; `null` when it has ended, also where another process has got its number since. */
function supervisorOf(folder: string): number | null {
  try {
    const pid = Number(readFileSync(join(folder, 'run', 'slipwayd.pid'), 'utf8'));
    return pid > 0 && runs(pid) && isSlipwayd(pid) ? pid : null;
  } catch {
    return null;
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where the system does not tell what a process runs, its number has to do. */
function isSlipwayd(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('slipwayd');
}
