import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The variable that a starter and all that it starts bear: the starter's name, and behind a dot the call's id. */
export const MARK = 'SLIPWAY_STARTER';

/** Looks in a row that must find nothing: a process that is just being replaced by its program shows no variables. */
const CLEAN_LOOKS = 3;

/** Pause between two looks, in ms. */
const PAUSE_MS = 10;

/** The group of a program that has begun: its first process, and when that began (proc(5), clock ticks since boot). */
export interface Group {
  pid: number;
  since: string | undefined;
}

interface Shown {
  group: number;
  since: string;
}

/** The group of a program of whose beginning we have just heard. */
export const groupOf = (pid: number): Group => {
  try {
    return { pid, since: shown(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.since };
  } catch {
    return { pid, since: undefined };
  }
};

/**
 * Ends what a starter that was killed has left running, and returns when nothing of it runs any more. It is known by its group
 * where the starter could still tell it, and by the mark in its environment where it could not, or where it has left its group.
 * What calls that have ended left behind on purpose bears another call's mark and is not touched.
 */
export async function endLeftovers(starter: string, calls: ReadonlyMap<number, Group | undefined>): Promise<void> {
  const marks = new Set([`${MARK}=${starter}`, ...[...calls.keys()].map((id) => `${MARK}=${starter}.${id}`)]);
  const groups = new Set<number>();
  for (const group of calls.values()) if (group && (await isStill(group))) groups.add(group.pid);
  for (let clean = 0; clean < CLEAN_LOOKS; clean += 1) {
    for (const pid of await processes()) {
      const process = await look(pid);
      if (!process || !(groups.has(process.group) || (await bears(pid, marks)))) continue;
      if (end(pid)) clean = -1;
    }
    await sleep(PAUSE_MS);
  }
}

/** A group's number is given to nobody else while one of it lives: only its first process can be somebody else by now. */
async function isStill({ pid, since }: Group): Promise<boolean> {
  const now = await look(pid);
  return now === undefined || now.since === since;
}

const processes = async (): Promise<number[]> => (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);

/** A process that runs; `undefined` when there is none, or only its remains. */
const look = async (pid: number): Promise<Shown | undefined> =>
  shown(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''));

/** proc(5): behind the name in brackets, which may hold anything, come state, parent, group and, as the 22nd, when it began. */
function shown(stat: string): Shown | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  if (!group || state === 'Z' || state === 'X') return undefined;
  return { group: Number(group), since: fields[19]! };
}

/** Whose variables we may not read runs as somebody else. */
async function bears(pid: number, marks: ReadonlySet<string>): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.split('\0').some((variable) => marks.has(variable));
}

/** Whether we may. What became somebody else's by itself (sudo) is not ours to end, nor to wait for. */
function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
