import type { ClientChannel } from 'ssh2';
import { SlipwayError } from '@slipway/contracts/public';
import { systemError } from '../system-error.js';
import type { Connected } from './connect.js';

/** Where what stands at a host listens for whoever is there too. */
const LOOPBACK = '127.0.0.1';

/** Reasons for which a channel is not opened (RFC 4254 §5.1). */
const PROHIBITED = 1;
const CONNECT_FAILED = 2;

/**
 * A channel to a port of the host's loopback (`direct-tcpip`, RFC 4254 §7.2). It is none of the sessions of which `sshd` takes so many
 * only. `name`: of the host, for messages.
 */
export const openForward = ({ client }: Pick<Connected, 'client'>, port: number, name: string): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    // Nobody asks whose port it is here.
    client.forwardOut(LOOPBACK, 0, LOOPBACK, port, (error, channel) => {
      if (error) reject(whyNot(error, port, name));
      // Whoever reads it is told by its end.
      else resolve(channel.on('error', () => {}));
    });
  });

function whyNot(error: Error & { reason?: unknown }, port: number, name: string): Error {
  if (error.reason === CONNECT_FAILED)
    return systemError('ECONNREFUSED', `nobody takes a connection to port ${port} of ${name}`, 'connect', `${LOOPBACK}:${port}`);
  if (error.reason !== PROHIBITED) return error;
  const message =
    `sshd at ${name} makes no connections to port ${port} of its own loopback for us: ` +
    `AllowTcpForwarding must be yes or local, and PermitOpen must leave it open`;
  return new SlipwayError('driver-failed', message, { host: name, port });
}
