import { readFile, readdir, readlink } from 'node:fs/promises';

/** Whether a process runs (proc(5)): what is left of one that has ended does not. */
export async function alive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Processes that work below a folder, or bear it in a variable. */
export async function programsOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if ((cwd.startsWith(folder) || environment.includes(`=${folder}`)) && (await alive(pid))) found.push(pid);
  }
  return found;
}
