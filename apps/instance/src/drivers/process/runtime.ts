import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DriverContext } from '@slipway/provisioner';
import { mayReach } from './user.js';

/**
 * The Node that runs Slipway, as a path that an instance's user can reach: itself, or (when Slipway was installed in root's
 * home, say) a hard link or copy below the driver's root, which all instances share.
 */
export async function reachableNode(context: DriverContext, uid: number | null): Promise<string> {
  const node = process.execPath;
  if (uid === null || (await mayReach(context, uid, node))) return node;
  const { command, filesystem, root } = context;
  const folder = join(root, 'runtime');
  const shared = join(folder, `node-${process.version}-${process.arch}`);
  if ((await filesystem.stat(shared)) !== null) return shared;
  await filesystem.mkdir(folder, { mode: 0o711 });
  const beside = `${shared}.${randomBytes(6).toString('hex')}.part`;
  const linked = await command.exec(['ln', '--force', node, beside]);
  if (linked.exitCode !== 0) {
    await command.execOrThrow(['cp', '--no-preserve=mode', node, beside]);
    await filesystem.chmod(beside, 0o755);
  }
  await filesystem.rename(beside, shared);
  await filesystem.remove(beside); // rename(2) leaves it when both are links to the same file
  return shared;
}
