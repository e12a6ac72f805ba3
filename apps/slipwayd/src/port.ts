import { createServer } from 'node:net';
import { SlipwayError } from '@slipway/contracts';

/** Throws `port-taken` naming the port, so that nothing is started in vain. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port !== 0) await listenOnce(host, port);
}

/** A port that nobody listens on just now. */
export const freePort = (host: string): Promise<number> => listenOnce(host, 0);

async function listenOnce(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => resolve((server.address() as { port: number }).port));
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new SlipwayError('port-taken', `Port ${port} on ${host} is taken.`);
    throw new SlipwayError(
      'config-invalid',
      `The gateway can't listen on ${host}:${port} (${code}); set gateway.host and gateway.port to what this machine has.`,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
