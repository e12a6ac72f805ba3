import { basename, dirname, join } from 'node:path';
import type { JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { Claims } from './claims.js';
import { USERS } from './ranges.js';

/** A path of something the instance is wired to, which its user was given. */
export interface HandedOver {
  /** The requirement's name. */
  input: string;
  path: string;
}

/**
 * What of the inputs has a `path`: to be handed over to the instance's user when it belongs to nobody else, otherwise used
 * through its group (somebody chose that owner, or another instance has it).
 */
export async function shareOut(
  context: DriverContext,
  inputs: Record<string, JsonObject>,
  uid: number,
): Promise<{ handedOver: HandedOver[]; groups: number[] }> {
  const handedOver: HandedOver[] = [];
  const groups = new Set<number>();
  for (const [input, { path }] of Object.entries(inputs)) {
    const stat = typeof path === 'string' && path.startsWith('/') ? await context.filesystem.stat(path) : null;
    if (stat === null) continue;
    if (stat.uid === uid || (await isNobodys(context, stat.uid))) handedOver.push({ input, path: path as string });
    else groups.add(stat.gid);
  }
  return { handedOver, groups: [...groups] };
}

/** Gives all that was shared out to the instance's user. Doing it again is fine. */
export async function handOver(context: DriverContext, handedOver: readonly HandedOver[], uid: number): Promise<void> {
  for (const { path } of handedOver) {
    const stat = await context.filesystem.stat(path);
    if (stat !== null && stat.uid !== uid && (await isNobodys(context, stat.uid))) await passOn(context, path, stat.uid, uid);
  }
}

/** Gives back to root what is still there. To be called when nothing runs as that user any more. */
export async function giveBack(context: DriverContext, handedOver: readonly HandedOver[], uid: number): Promise<void> {
  for (const { path } of handedOver) {
    if ((await context.filesystem.stat(path))?.uid === uid) await passOn(context, path, uid, 0);
  }
}

/** Root's, or left with the user of an instance that is no more. */
async function isNobodys({ filesystem, root }: DriverContext, uid: number): Promise<boolean> {
  return uid === 0 || (uid >= USERS.from && uid <= USERS.to && !(await new Claims(filesystem, root, 'users').held(uid)));
}

/**
 * A folder with all in it; a file (a database) with its folder and what stands beside it under its name. Only what still
 * belongs to `from`: who wakes up late must not take it from its next owner.
 */
async function passOn({ command, filesystem }: DriverContext, path: string, from: number, to: number): Promise<void> {
  const chown = ['chown', '--no-dereference', `--from=${from}`];
  const owner = `${to}:${to}`;
  if ((await filesystem.stat(path))?.type === 'directory') {
    await command.execOrThrow([...chown, '--recursive', owner, path]);
    return;
  }
  const folder = dirname(path);
  const beside = (await filesystem.list(folder)).filter((name) => name.startsWith(`${basename(path)}-`));
  // The file itself last: its owner says whether all has been done.
  await command.execOrThrow([...chown, owner, folder, ...beside.map((name) => join(folder, name)), path]);
}
