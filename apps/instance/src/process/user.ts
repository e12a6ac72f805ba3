import { basename, dirname, join } from 'node:path';
import type { DriverContext } from '@slipway/provisioner';
import type { JsonObject } from '@slipway/contracts';
import type { HandedOver } from './record.js';

/** The user that runs Slipway at the place: only root (0) can give an instance one of its own. */
export async function ourUid({ command }: DriverContext): Promise<number> {
  return Number((await command.execOrThrow(['id', '-u'])).stdout);
}

/** Whether nothing runs as a user and nobody is called so. */
export async function userIsFree({ command }: DriverContext, uid: number): Promise<boolean> {
  const running = await command.execOrThrow(['find', '/proc', '-maxdepth', '1', '-uid', String(uid), '-print', '-quit']);
  return running.stdout === '' && (await command.exec(['getent', 'passwd', String(uid)])).exitCode !== 0;
}

/** Whether a user may pass through to a path. */
export async function mayReach({ command }: DriverContext, uid: number, path: string): Promise<boolean> {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  return (await command.exec(['setpriv', ...user, '--', 'test', '-x', path])).exitCode === 0;
}

/**
 * What of the inputs has a `path`: to be handed over to the instance's user when it is root's, else used through its group
 * (somebody chose that owner, or another instance has it).
 */
export async function shareOut(
  { filesystem }: DriverContext,
  inputs: Record<string, JsonObject>,
  uid: number,
): Promise<{ handedOver: HandedOver[]; groups: number[] }> {
  const handedOver: HandedOver[] = [];
  const groups = new Set<number>();
  for (const [input, { path }] of Object.entries(inputs)) {
    const stat = typeof path === 'string' && path.startsWith('/') ? await filesystem.stat(path) : null;
    if (stat === null) continue;
    if (stat.uid === 0 || stat.uid === uid) handedOver.push({ input, path: path as string });
    else groups.add(stat.gid);
  }
  return { handedOver, groups: [...groups] };
}

/** Gives all that was shared out to the instance's user. Doing it again is fine. */
export async function handOver(context: DriverContext, handedOver: readonly HandedOver[], uid: number): Promise<void> {
  for (const { path } of handedOver) await passOn(context, path, 0, uid);
}

/** Gives back to root what is still there. To be called when nothing runs as that user any more. */
export async function giveBack(context: DriverContext, handedOver: readonly HandedOver[], uid: number): Promise<void> {
  for (const { path } of handedOver) await passOn(context, path, uid, 0);
}

/** A folder with all in it; a file (a database) with its folder and what stands beside it under its name. */
async function passOn({ command, filesystem }: DriverContext, path: string, from: number, to: number): Promise<void> {
  const stat = await filesystem.stat(path);
  if (stat?.uid !== from) return;
  const owner = `${to}:${to}`;
  if (stat.type === 'directory') {
    await command.execOrThrow(['chown', '--recursive', '--no-dereference', owner, path]);
    return;
  }
  const folder = dirname(path);
  const beside = (await filesystem.list(folder)).filter((name) => name.startsWith(`${basename(path)}-`));
  // The file itself last: its owner says whether all has been done.
  const all = [folder, ...beside.map((name) => join(folder, name)), path];
  await command.execOrThrow(['chown', '--no-dereference', owner, ...all]);
}
