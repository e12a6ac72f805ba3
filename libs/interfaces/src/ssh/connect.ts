import { connect as connectSocket, type Socket } from 'node:net';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { SlipwayError } from '@slipway/contracts/public';
import { fingerprintOf, hostKeyOf, hostName, signaturesOf, type HostKey, type HostKeys, type SshHost } from './host.js';

/** Times in ms. */
export interface ConnectLimits {
  /** From the first packet to the end of the authentication. */
  answersWithinMs: number;
  /** An idle connection is asked so often whether it lives; three questions without an answer cut it. */
  keepAliveMs: number;
}

/** A connection that was authenticated, on both sides. */
export interface Connected {
  client: Client;
  socket: Socket;
  /** The one that the host has proved to have. */
  hostKey: HostKey;
}

/**
 * Connects to a host. Its key is looked at before ours is shown: an unknown one is pinned, another one than is pinned is refused. Throws
 * `driver-failed` with what is wrong: the host does not answer, it has another key, or it does not take ours; `bad-input` for a private
 * key that is none.
 */
export async function connect(host: SshHost, keys: HostKeys, limits: ConnectLimits): Promise<Connected> {
  const own = ownKey(host);
  const name = hostName(host);
  const pinned = await keys.known(name);
  let refused: SlipwayError | undefined;
  let proved: HostKey | undefined;
  const verify = async (key: HostKey): Promise<boolean> => {
    try {
      const known = pinned ?? (await keys.pin(name, key));
      if (known === key) {
        proved = key;
        return true;
      }
      refused = keyChanged(name, known, key, keys.where?.(name));
    } catch (error) {
      const message = `The key of ${name} could not be pinned: ${(error as Error).message}`;
      refused = error instanceof SlipwayError ? error : new SlipwayError('driver-failed', message, { host: name });
    }
    return false;
  };

  const socket = connectSocket({ host: host.address, port: host.port ?? 22 });
  socket.setNoDelay(true);
  const config: ConnectConfig = {
    sock: socket,
    username: host.user,
    privateKey: host.privateKey,
    authHandler: ['publickey'],
    readyTimeout: limits.answersWithinMs,
    keepaliveInterval: limits.keepAliveMs,
    keepaliveCountMax: 3,
    hostVerifier: (blob: Buffer, done: (isRight: boolean) => void) => {
      void (async () => done(await verify(hostKeyOf(blob))))();
    },
    ...(pinned !== undefined && { algorithms: { serverHostKey: signaturesOf(pinned) as never } }),
  };
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    const failed = (error?: Error & { level?: string }) => {
      reject(refused ?? notConnected(host, own, pinned, keys.where?.(name), error));
      socket.destroy();
    };
    client.once('ready', () => {
      client.removeListener('close', failed);
      resolve({ client, socket, hostKey: proved! });
    });
    // Also what comes after the first one, and after it was open: its end says what has become of it.
    client.on('error', failed);
    client.once('close', failed);
    client.connect(config);
  });
}

/** The fingerprint of the public half of a host's private key. */
function ownKey({ privateKey, user, ...host }: SshHost): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) {
    const reason = key instanceof Error ? key.message : 'it holds no private key';
    throw new SlipwayError('bad-input', `The private key of ${user} at ${hostName(host)} cannot be read: ${reason}`, { reason });
  }
  return fingerprintOf(key.getPublicSSH());
}

const removed = (where: string | undefined): string => `remove the pinned key${where === undefined ? '' : ` (${where})`}`;

function keyChanged(host: string, known: HostKey, key: HostKey, where: string | undefined): SlipwayError {
  const message =
    `${host} shows another key than before: ${key}, pinned is ${known}. Somebody may stand in between, or the host was made anew. ` +
    `Nothing was sent to it. If it was made anew, ${removed(where)}, and the new one is pinned at the next contact`;
  return new SlipwayError('driver-failed', message, { host, pinned: known, shown: key });
}

function notConnected(
  host: SshHost,
  own: string,
  pinned: HostKey | undefined,
  where: string | undefined,
  error: (Error & { level?: string }) | undefined,
): SlipwayError {
  const name = hostName(host);
  const said = error?.message ?? 'it closed the connection';
  const details = { host: name, reason: said };
  if (error?.level === 'client-authentication') {
    const message = `${name} does not let ${host.user} in with the key ${own}: put its public half into the authorized_keys of ${host.user} there`;
    return new SlipwayError('driver-failed', message, { ...details, key: own, user: host.user }, { cause: error });
  }
  if (error?.level === 'handshake' && pinned !== undefined && /host key/i.test(said)) {
    const message = `${name} has no key any more like the one that is pinned, ${pinned}. If it was made anew, ${removed(where)}`;
    return new SlipwayError('driver-failed', message, { ...details, pinned }, { cause: error });
  }
  const message = `${name} does not answer by SSH: ${said}. Look whether the host runs, and whether address and port are right`;
  return new SlipwayError('driver-failed', message, details, { cause: error });
}
