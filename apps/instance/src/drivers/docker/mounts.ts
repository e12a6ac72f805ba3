import { basename, dirname } from 'node:path';
import type { JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';
import type { DockerSpec } from './spec.js';

/** Where a container finds its secrets, its artefact and its home. */
export const SECRETS = '/slipway/.secrets';
export const APP = '/slipway/.app';
export const HOME = '/slipway/.home';

/** Something of the host or the engine in a container. */
export interface Mount {
  type: 'bind' | 'volume';
  /** A path of the host, or a volume's name. */
  source: string;
  target: string;
  readonly: boolean;
  /** A volume keeps its owner and mode instead of taking those of the image. */
  nocopy?: boolean;
}

export interface Wiring {
  mounts: Mount[];
  /** The inputs as they are seen from inside the container: paths are those of the mounts. */
  inputs: Record<string, JsonObject>;
}

/**
 * Puts what the instance is wired to into its container: a folder, a file with its folder (a database), a volume. Throws
 * `spec-invalid` for a mount of what it is not wired to, and for a server of the host that a network of its own can't reach.
 */
export async function wire(spec: DockerSpec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Wiring> {
  const { mounts: paths = {}, network = 'own' } = spec.container;
  const wiring: Wiring = { mounts: [], inputs: {} };
  for (const [name, outputs] of Object.entries(inputs)) {
    const target = Object.hasOwn(paths, name) ? paths[name]! : `/slipway/${name}`;
    const { path, volume, owner, host } = outputs;
    if (typeof volume === 'string') {
      const nocopy = owner !== undefined;
      wiring.mounts.push({ type: 'volume', source: volume, target, readonly: false, ...(nocopy && { nocopy }) });
      wiring.inputs[name] = { ...outputs, path: target };
    } else if (typeof path === 'string' && path.startsWith('/')) {
      const folder = (await context.filesystem.stat(path))?.type === 'directory';
      wiring.mounts.push({ type: 'bind', source: folder ? path : dirname(path), target, readonly: false });
      const inside = folder ? target : `${target}/${basename(path)}`;
      wiring.inputs[name] = JSON.parse(
        JSON.stringify(outputs).replaceAll(JSON.stringify(path).slice(1, -1), inside),
      ) as JsonObject;
    } else {
      wiring.inputs[name] = outputs;
    }
    if (network === 'own' && typeof host === 'string' && /^(127\.|localhost$|::1$)/.test(host)) {
      throw specInvalid(
        'container.network',
        `${name} listens on ${host} of the host, which a container reaches only with network: host`,
      );
    }
  }
  for (const name of Object.keys(paths)) {
    if (!wiring.mounts.some(({ target }) => target === paths[name] && Object.hasOwn(inputs, name))) {
      throw specInvalid(`container.mounts.${name}`, 'it is wired to no folder or volume of that name');
    }
  }
  return wiring;
}

/** As the client's `--mount` takes it: fields of CSV. */
export function mountArgument({ type, source, target, readonly, nocopy }: Mount): string {
  const fields = [`type=${type}`, `source=${source}`, `target=${target}`];
  if (readonly) fields.push('readonly');
  if (nocopy) fields.push('volume-nocopy');
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
