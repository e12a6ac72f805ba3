import type { Network } from '../../place/network.js';

/** An engine's own listener takes a connection and drops it where nothing listens in the container: what lasts this long is real. */
const LASTS_MS = 300;

const DROPPED = 'Nothing listens in the container yet';

/** `null` when the program in the container answers at its published port, else why not. */
export async function check(network: Network, port: number, path: string | undefined, timeoutMs: number): Promise<string | null> {
  if (path === undefined) return connectionLasts(network, port, timeoutMs);
  const ill = await network.check(port, path, timeoutMs);
  return ill === 'socket hang up' || ill === 'read ECONNRESET' ? DROPPED : ill;
}

async function connectionLasts(network: Network, port: number, timeoutMs: number): Promise<string | null> {
  const opened = await network.connect(port, timeoutMs);
  if (typeof opened === 'string') return opened;
  return new Promise((resolve) => {
    const end = (reason: string | null) => {
      clearTimeout(lasting);
      opened.destroy();
      resolve(reason);
    };
    const lasting = setTimeout(() => end(null), LASTS_MS);
    opened.once('data', () => end(null));
    // Over SSH its end comes by itself, and the close only after ours.
    for (const over of ['end', 'close']) opened.once(over, () => end(DROPPED));
  });
}
