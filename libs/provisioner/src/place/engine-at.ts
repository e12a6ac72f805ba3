import { SlipwayError } from '@slipway/contracts';
import { Docker, type DockerOptions } from '@slipway/interfaces';
import type { DriverContext } from '../driver.js';

/**
 * The Docker engine of a place, by the client there. `ours`: how it is found on this machine; another one has its own, since folders, ports
 * and volumes are those of the machine that an engine runs on.
 */
export const engineAt = ({ command, machine }: Pick<DriverContext, 'command' | 'machine'>, ours?: DockerOptions): Docker =>
  new Docker(command, machine ? { ...(machine.docker !== undefined && { host: machine.docker }) } : ours);

/**
 * To be asked before anything is made. Throws `driver-unavailable` where there is no client or the engine may not be used, `driver-failed`
 * where it does not answer now.
 */
export async function assertEngine(context: Pick<DriverContext, 'command' | 'machine'>, ours?: DockerOptions): Promise<void> {
  const reason = await engineAt(context, ours).whyUnusable();
  if (reason === null) return;
  const { machine } = context;
  const host = machine ? `at ${machine.address} (${machine.setting})` : 'on this machine';
  throw new SlipwayError('driver-unavailable', `Containers and volumes cannot be made ${host}: ${reason}`, {
    ...(machine && { host: machine.address, setting: machine.setting }),
  });
}
