import { isAbsolute, join } from 'node:path';
import { causeOf } from '@slipway/contracts';
import { sshCommand, sshFilesystem, type SshConnection } from '@slipway/interfaces';
import type { BlueprintContext, Managed } from '../blueprint.js';
import { announced } from './announced.js';
import type { Reached } from './host-on.js';

/** A host at the other end of a connection. `folder`: ours there, below its user's home unless it is absolute. */
export async function overSsh(connection: SshConnection, folder: string, context: BlueprintContext): Promise<Reached> {
  const command = sshCommand(connection);
  const { signal } = context;
  const home = async () => (await command.execOrThrow(['pwd', '-P'], { signal })).stdout.replace(/\n$/, '');
  const root = isAbsolute(folder) ? folder : join(await home(), folder);
  return announced({ command, filesystem: sshFilesystem(connection), root }, context);
}

/** How a host is that is asked over a network: one that does not answer twice is broken. */
export async function askedTwice(ask: () => Promise<Managed>, { signal }: Pick<BlueprintContext, 'signal'>): Promise<Managed> {
  try {
    return await ask().catch(ask);
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'broken', reason: causeOf(error).message };
  }
}
