import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { MINIMAL_ENV } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import { runsNode } from './launch.js';
import type { ProcessSpec } from './spec.js';
import { mayReach } from './user.js';

/** The Node of a place. */
export interface PlacesNode {
  path: string;
  /** `v24.1.0-x64` */
  build: string;
}

const BUILD = /^v\d[\w.-]*$/;
const SAYS_ITSELF = '[process.execPath, process.version + "-" + process.arch].join("\\n")';

/**
 * The Node that runs Slipway; at another machine the one that the configuration names, else the first in the usual folders of programs. Throws
 * `driver-unavailable` where there is none.
 */
export async function nodeAt({ machine, command }: Pick<DriverContext, 'machine' | 'command'>): Promise<PlacesNode> {
  if (!machine) return { path: process.execPath, build: `${process.version}-${process.arch}` };
  const asking = ['sh', '-c', 'exec "$0" -p "$1"', machine.node ?? 'node', SAYS_ITSELF];
  const { exitCode, stdout, stderr } = await command.exec(asking);
  const [path = '', build = ''] = stdout.split('\n');
  if (exitCode === 0 && path.startsWith('/') && BUILD.test(build)) return { path, build };
  const where = machine.node ?? `the folders ${MINIMAL_ENV.PATH}`;
  const said = stderr.trim().slice(-500);
  const message =
    `Node is not found at ${machine.address}, in ${where}${said && `: ${said}`}. ` +
    `Install it there, or say in ${machine.setting}.node of the configuration where it is`;
  throw new SlipwayError('driver-unavailable', message, { host: machine.address, setting: `${machine.setting}.node` });
}

/** Throws `driver-unavailable` where there is none and the spec needs one, be it for what npm installs. */
export async function assertNode(spec: ProcessSpec, context: DriverContext): Promise<void> {
  if (runsNode(spec) || spec.npm !== undefined) await nodeAt(context);
}

/**
 * The place's Node as a path that an instance's user can reach: itself, or (when it was installed in root's home, say) a hard link or copy
 * below the driver's root, which all instances share.
 */
export async function reachableNode(context: DriverContext, uid: number | null): Promise<string> {
  const { path: node, build } = await nodeAt(context);
  if (uid === null || (await mayReach(context, uid, node))) return node;
  const { command, filesystem, root } = context;
  const folder = join(root, 'runtime');
  const shared = join(folder, `node-${build}`);
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
