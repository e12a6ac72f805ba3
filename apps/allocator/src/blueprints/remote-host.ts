import { join } from 'node:path';
import { badInput } from '@slipway/contracts';
import { SshConnection, configuredHostKey, hostKeyFiles, hostName } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../blueprint/blueprint.js';
import { declared } from '../blueprint/kit/declared.js';
import { hostOn, type Reached, type Ways } from '../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { optionsOf } from '../blueprint/kit/options.js';
import { askedTwice, overSsh } from '../blueprint/kit/over-ssh.js';
import { readPrivateFile } from '../blueprint/kit/private-file.js';

interface Host {
  address: string;
  port: number;
  user: string;
}
interface Options extends Partial<Host> {
  keyFile: string;
  hostKey?: string;
  folder: string;
}
const OPTIONS = {
  address: { type: 'string', minLength: 1 },
  port: { type: 'integer', minimum: 1, maximum: 65_535 },
  user: { type: 'string', minLength: 1 },
  keyFile: { type: 'string', pattern: '^/' },
  hostKey: { type: 'string', pattern: '^\\S+ SHA256:\\S+$' },
  folder: { type: 'string', minLength: 1, default: '.slipway' },
};

/**
 * A host that is reached over SSH (Linux, OpenSSH, GNU's coreutils, findutils and grep). Options: `address`, `port`, `user`, `keyFile` (of the
 * private key, at the allocator, for nobody else to read), `hostKey` (`ssh-ed25519 SHA256:…`; that of the first contact when left out), `folder` there (below the user's
 * home, unless it is absolute; two meshes need two). Without an address its hosts are entered by hand, each with the attributes `address`,
 * `port` and `user`. There each lease has a folder of its own; programs run as the user, and reach what he reaches.
 */
export const remoteHost: BlueprintMaker = (settings) => {
  const options = optionsOf<Options>(settings, OPTIONS, ['keyFile']);
  const connections = new Map<string, { connection: SshConnection; privateKey: Buffer }>();

  async function connectionTo(host: Host, context: BlueprintContext): Promise<SshConnection> {
    const name = `${host.user}@${hostName(host)}`;
    const privateKey = await readPrivateFile(options.keyFile, 'The key file', context);
    const known = connections.get(name);
    // One by another key goes by itself once nothing goes on over it.
    if (known?.privateKey.equals(privateKey)) return known.connection;
    const keys =
      options.hostKey === undefined
        ? hostKeyFiles(context.filesystem, join(context.folder, 'host-keys'))
        : configuredHostKey(options.hostKey, 'hostKey of the blueprint');
    const connection = new SshConnection({ ...host, privateKey }, keys);
    connections.set(name, { connection, privateKey });
    return connection;
  }

  /** By the configuration, or by the attributes of one that was entered by hand. */
  function hostOf({ attributes }: MadeResource): Host {
    const { address, port = 22, user } = { ...options, ...attributes };
    const isText = (value: unknown) => typeof value === 'string' && value !== '';
    const isPort = Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
    const wrong = [
      ...(isText(address)
        ? []
        : [{ field: 'attributes.address', reason: 'must be a text, where the blueprint does not say it' }]),
      ...(isText(user) ? [] : [{ field: 'attributes.user', reason: 'must be a text, where the blueprint does not say it' }]),
      ...(isPort ? [] : [{ field: 'attributes.port', reason: 'must be a whole number from 1 to 65535' }]),
    ];
    if (wrong.length > 0) throw badInput(wrong);
    return { address: String(address), port: Number(port), user: String(user) };
  }

  const reach = async (resource: MadeResource, context: BlueprintContext): Promise<Reached> =>
    overSsh(await connectionTo(hostOf(resource), context), options.folder, context);

  async function ways(resource: MadeResource, context: BlueprintContext): Promise<Ways> {
    const host = hostOf(resource);
    const hostKey = await (await connectionTo(host, context)).hostKey();
    return { host: host.address, place: { ssh: { ...host, hostKey, keyFile: options.keyFile } } };
  }

  const { allocate, manage, destroy, ...doing } = hostOn(reach, { ways });
  return declared(
    settings,
    { type: 'host', interfaces: ['command', 'filesystem'], capacity: 4, limits: { resources: 1 } },
    {
      ...doing,
      ...(options.address !== undefined && { allocate: allocate!, destroy: destroy! }),
      manage: (resource, context) => askedTwice(() => manage!(resource, context), context),
    },
  );
};
