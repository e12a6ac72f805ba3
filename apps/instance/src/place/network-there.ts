import type { Duplex } from 'node:stream';
import type { Filesystem } from '@slipway/interfaces';
import type { DriverContext, OtherMachine } from '@slipway/provisioner';
import { HOST, REFUSED, TABLES, checkPage, justTaken, listenerIn, localNetwork, unanswered, type Network } from './network.js';

/** Of some 400,000 sockets. */
const TABLE_BYTES = 64 * 1024 ** 2;

/** The loopback network of the place. */
export const networkAt = ({ machine, filesystem }: Pick<DriverContext, 'machine' | 'filesystem'>): Network =>
  machine ? networkThere(machine, filesystem) : localNetwork;

/** That of another machine: its kernel's tables are read there, connections begin there. */
function networkThere(machine: OtherMachine, filesystem: Filesystem): Network {
  const listener = async (port: number): Promise<number | null> => {
    for (const table of TABLES) {
      const uid = listenerIn((await filesystem.readFile(table, TABLE_BYTES))?.toString('utf8') ?? '', port);
      if (uid !== null) return uid;
    }
    return null;
  };
  const connect = async (port: number, timeoutMs: number): Promise<Duplex | string> => {
    const connection = await within(timeoutMs, connectTo(machine, port));
    if (connection === undefined) return unanswered(port, timeoutMs);
    return connection ?? REFUSED;
  };
  return {
    // By a connection too: a host that makes none for us is told of before an instance stands that nobody could ask how it is.
    async free(port) {
      if ((await listener(port)) !== null) return false;
      const connection = await connectTo(machine, port);
      connection?.destroy();
      return connection === null;
    },
    listener,
    async check(port, path, timeoutMs) {
      const opened = await connect(port, timeoutMs);
      if (path === undefined || typeof opened === 'string') return justTaken(opened);
      return checkPage({ host: HOST, port, createConnection: () => opened }, path, timeoutMs);
    },
    connect,
  };
}

/** `null` where nobody takes it. */
async function connectTo(machine: OtherMachine, port: number): Promise<Duplex | null> {
  try {
    return await machine.connect(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return null;
    throw error;
  }
}

/** `undefined` where it takes longer; what comes then is ended. */
async function within(ms: number, connecting: Promise<Duplex | null>): Promise<Duplex | null | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  const first = await Promise.race([connecting, late]).finally(() => clearTimeout(timer));
  if (first === undefined) connecting.then((connection) => connection?.destroy()).catch(() => {});
  return first;
}
