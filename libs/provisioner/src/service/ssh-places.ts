import { join } from 'node:path';
import { SlipwayError, type ResourceKind } from '@slipway/contracts';
import { SshConnection, configuredHostKey, hostKeyFiles, localFilesystem, sshCommand, sshFilesystem } from '@slipway/interfaces';
import type { RemoteLocationConfig } from '@slipway/mesh';
import type { Place } from '../ports.js';

/** Where everything stands at a host whose configuration does not say. */
const FOLDER = '/var/lib/slipway';

/** A key of OpenSSH has at most some KiB. */
const KEY_BYTES = 64 * 1024;

/** Places at other machines: `<folder>/places/<location>/<kind>/<driver>`, as {@link localPlaces} has them; one connection for each location. */
export function sshPlaces(dataFolder: string, kind: ResourceKind, hosts: Readonly<Record<string, RemoteLocationConfig>>) {
  const local = localFilesystem();
  const pinned = hostKeyFiles(local, join(dataFolder, 'host-keys'));

  const connect = async (location = ''): Promise<SshConnection> => {
    const { address, port, user, keyFile, hostKey } = hosts[location]!.ssh;
    const privateKey = await readKey(location, keyFile);
    const said = `hosts.${location}.ssh.hostKey of the configuration`;
    const keys = hostKey === undefined ? pinned : configuredHostKey(hostKey, said);
    return new SshConnection({ address, ...(port !== undefined && { port }), user, privateKey }, keys);
  };

  async function readKey(location: string, keyFile: string): Promise<Buffer> {
    const wrong = (reason: string) =>
      new SlipwayError('driver-failed', `hosts.${location}.ssh.keyFile: ${keyFile} ${reason}`, { location, keyFile });
    const found = await local.stat(keyFile);
    if (found?.type !== 'file') throw wrong('is not there, or no file');
    if ((found.mode & 0o077) !== 0) throw wrong('can be read by others: chmod 600');
    return (await local.readFile(keyFile, KEY_BYTES))!;
  }

  const connection = once(connect);
  const make = async (location = '', driver = ''): Promise<Place> => {
    const over = await connection(location);
    const filesystem = sshFilesystem(over);
    const { ssh, address = ssh.address, node, docker, folder = FOLDER } = hosts[location]!;
    let root = folder;
    for (const name of ['places', location, kind, driver]) {
      root = join(root, name);
      await filesystem.mkdir(root, { mode: 0o711 });
    }
    const setting = `hosts.${location}`;
    const said = { ...(node !== undefined && { node }), ...(docker !== undefined && { docker }) };
    const machine = { address, setting, ...said, connect: (to: number) => over.forward(to) };
    return { command: sshCommand(over), filesystem, root, machine };
  };

  return {
    place: once(make),
    async close(): Promise<void> {
      const open = await Promise.allSettled(connection.made());
      await Promise.all(open.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}

/** What was made for these names is kept; what failed is tried again by the next who asks. */
function once<T>(
  make: (...names: string[]) => Promise<T>,
): ((...names: string[]) => Promise<T>) & { made(): Iterable<Promise<T>> } {
  const all = new Map<string, Promise<T>>();
  const get = (...names: string[]) => {
    const key = names.join('/');
    let made = all.get(key);
    if (!made) {
      made = make(...names);
      all.set(key, made);
      made.catch(() => all.delete(key));
    }
    return made;
  };
  return Object.assign(get, { made: () => all.values() });
}
