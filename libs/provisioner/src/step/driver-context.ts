import { resourceStream, type JsonObject } from '@slipway/contracts';
import type { Command } from '@slipway/interfaces';
import type { DriverContext, Identity } from '../driver.js';
import { leasedHost } from '../leased/leased-host.js';
import type { Ports } from '../ports.js';
import type { Transfers } from '../transfer/transfers.js';
import { RedactingSecrets } from './redaction.js';

/**
 * Beginning of the names of all secrets of one generation of a resource; they are emptied when it is destroyed. A generation
 * never comes back, so what was recorded of a secret never leads to another one.
 */
export const secretPrefix = ({ resource, generation }: Pick<Identity, 'resource' | 'generation'>): string =>
  `${resourceStream(resource)}/g${generation}`;

/** What a driver gets to work with, at one place: at its location, or on the leased host that the resource stands `on`. What it says passes through `say` with all secrets covered. */
export async function driverContext(
  ports: Pick<Ports, 'place' | 'secrets' | 'blobs' | 'clock'>,
  at: { location: string; driver: string; on?: JsonObject | undefined },
  signal: AbortSignal,
  say: Pick<DriverContext, 'progress' | 'log'> = { progress: () => {}, log: () => {} },
): Promise<DriverContext & { secrets: RedactingSecrets; transfers?: Transfers }> {
  const { command, filesystem, root, transfers, machine } = await ports.place(at.location, at.driver, at.on && leasedHost(at.on));
  const secrets = new RedactingSecrets(ports.secrets);
  return {
    command: abortable(command, signal),
    filesystem,
    location: at.location,
    root,
    ...(transfers && { transfers }),
    ...(machine && { machine }),
    blobs: ports.blobs,
    secrets,
    clock: ports.clock,
    signal,
    changing: async () => signal.throwIfAborted(),
    progress: (fraction, message) => say.progress(fraction, secrets.cover(message)),
    log: (line) => say.log(secrets.cover(line)),
  };
}

/** Programs end when the step does, unless the driver brings a signal of its own; none that outlives it begins after that. */
export const abortable = (command: Command, signal: AbortSignal): Command => ({
  exec: (line, options) => command.exec(line, { signal, ...options }),
  execOrThrow: (line, options) => command.execOrThrow(line, { signal, ...options }),
  spawnDetached: async (line, options) => {
    signal.throwIfAborted();
    return command.spawnDetached(line, options);
  },
});
