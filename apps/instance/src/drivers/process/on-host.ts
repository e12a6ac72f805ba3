import { basename, dirname } from 'node:path';
import type { JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';
import { hostAmong } from '../../host/target-host.js';

/** Where an instance finds its folder and Node on a host that has another root, as `shim/on-host.sh` mounts them. */
export const FOLDER = '/mnt/instance';
export const NODE = '/mnt/node';
const TAKEN = ['instance', 'node'];

/** A folder of this machine that is seen on the host as `/mnt/<name>`. */
export interface Mounted {
  name: string;
  path: string;
}

/** How an instance stands on a host. */
export interface OnHost {
  /** Of the host; `null`: that of this machine, where paths are what they are. */
  root: string | null;
  mounted: Mounted[];
  /** What it is wired to, as it is seen from there: paths are those of the mounts. */
  inputs: Record<string, JsonObject>;
}

/** Throws `spec-invalid` for what is wired to under a name that a mount has already, and for a host where the place is at another machine. */
export async function onHost(
  inputs: Record<string, JsonObject>,
  { filesystem, machine }: Pick<DriverContext, 'filesystem' | 'machine'>,
): Promise<OnHost> {
  const target = hostAmong(inputs);
  if (target && machine)
    throw specInvalid('requirements', `a host is one of the machine of its service; this is for ${machine.setting}`);
  const root = target?.root ?? '/';
  if (root === '/') return { root: null, mounted: [], inputs };
  const host: OnHost = { root, mounted: [], inputs: {} };
  for (const [name, outputs] of Object.entries(inputs)) {
    const { path } = outputs;
    host.inputs[name] = outputs;
    if (typeof path !== 'string' || !path.startsWith('/')) continue;
    if (TAKEN.includes(name)) throw specInvalid(`requirements.${name}`, `on a host /mnt/${name} is taken; call it otherwise`);
    // A file (a database) is seen with its folder: others stand beside it under its name.
    const folder = (await filesystem.stat(path))?.type === 'directory';
    host.mounted.push({ name, path: folder ? path : dirname(path) });
    const inside = folder ? `/mnt/${name}` : `/mnt/${name}/${basename(path)}`;
    const text = JSON.stringify(outputs).replaceAll(JSON.stringify(path).slice(1, -1), inside);
    host.inputs[name] = JSON.parse(text) as JsonObject;
  }
  return host;
}
