import type { DriverContext } from '@slipway/provisioner';

/** The user that runs Slipway at the place: only root (0) can give an instance one of its own. */
export async function ourUid({ command }: DriverContext): Promise<number> {
  return Number((await command.execOrThrow(['id', '-u'])).stdout);
}

/** Whether nothing runs as a user and nobody is called so. */
export async function userIsFree({ command }: DriverContext, uid: number): Promise<boolean> {
  // Its exit code only tells that other processes have ended while it looked.
  const running = await command.exec(['find', '/proc', '-maxdepth', '1', '-uid', String(uid), '-print', '-quit']);
  return running.stdout === '' && (await command.exec(['getent', 'passwd', String(uid)])).exitCode !== 0;
}

/** Whether a user may pass through to a path. */
export async function mayReach({ command }: DriverContext, uid: number, path: string): Promise<boolean> {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  return (await command.exec(['setpriv', ...user, '--', 'test', '-x', path])).exitCode === 0;
}
