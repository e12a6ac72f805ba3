import { connect } from 'node:net';
import { HOST, type Network } from '../../place/network.js';

/** An engine's own listener takes a connection and drops it where nothing listens in the container: what lasts this long is real. */
const LASTS_MS = 300;

/** `null` when the program in the container answers at its published port, else why not. */
export async function check(network: Network, port: number, path: string | undefined, timeoutMs: number): Promise<string | null> {
  if (path === undefined) return connectionLasts(port, timeoutMs);
  const ill = await network.check(port, path, timeoutMs);
  return ill === 'socket hang up' || ill === 'read ECONNRESET' ? 'Nothing listens in the container yet' : ill;
}

function connectionLasts(port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: timeoutMs });
    let lasting: NodeJS.Timeout | undefined;
    const end = (reason: string | null) => {
      clearTimeout(lasting);
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => (lasting = setTimeout(() => end(null), LASTS_MS)));
    socket.once('data', () => end(null));
    socket.once('close', () => end('Nothing listens in the container yet'));
    socket.once('timeout', () => end(`Port ${port} did not answer within ${timeoutMs} ms`));
    socket.once('error', ({ message }) => end(message));
  });
}
