import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { JsonObject, LeasedPlace } from '@slipway/contracts';
import {
  ContainerHost,
  SshConnection,
  configuredHostKey,
  localCommand,
  localFilesystem,
  privateKeyOf,
  shellCommand,
  shellFilesystem,
  sshCommand,
  sshFilesystem,
  type Command,
  type Filesystem,
} from '@slipway/interfaces';
import type { SecretRef, Secrets } from '@slipway/secrets';
import type { Holding } from '../../blueprint/testing/index.js';

/**
 * How the contract suite stands on a leased host: reaches it by nothing but what the lease gives, finds there what its holder writes, and leaves
 * a file and a program in the folder.
 */
export async function standOnHost(holding: Holding, outputs: JsonObject): Promise<() => Promise<unknown>> {
  const { secrets } = holding.place;
  const place = outputs['place'] as unknown as LeasedPlace;
  const own = await holding.interface<Filesystem>('filesystem');
  const file = join(place.folder, 'stood');
  await own.writeFile('note', holding.lease.id);
  await reached(place, secrets, async ({ command, filesystem }) => {
    expect(String(await filesystem.readFile(join(place.folder, 'note')))).toBe(holding.lease.id);
    await filesystem.writeFile(file, holding.lease.id);
    await command.spawnDetached(['sleep', '300'], { cwd: place.folder, env: {}, logFile: join(place.folder, 'stood.log') });
  });
  expect(String(await own.readFile('stood'))).toBe(holding.lease.id);
  return () =>
    reached(place, secrets, async ({ command }) => {
      expect((await command.execOrThrow(['cat', file])).stdout).toBe(holding.lease.id);
    });
}

async function reached(
  { ssh, docker }: LeasedPlace,
  secrets: Secrets,
  work: (place: { command: Command; filesystem: Filesystem }) => Promise<void>,
): Promise<void> {
  if (ssh) {
    const { address, port, user, hostKey, ...kept } = ssh;
    const privateKey =
      'keyFile' in kept
        ? (await localFilesystem().readFile(kept.keyFile))!
        : privateKeyOf(await secrets.read(kept.key as SecretRef));
    const connection = new SshConnection({ address, port, user, privateKey }, configuredHostKey(hostKey, 'what the lease gives'));
    const place = { command: sshCommand(connection), filesystem: sshFilesystem(connection) };
    return work(place).finally(() => connection.close());
  }
  if (docker) {
    const host = new ContainerHost({ host: docker.engine }, docker.container);
    const filesystem = shellFilesystem(host);
    return work({ command: shellCommand(host), filesystem }).finally(() => filesystem.close());
  }
  return work({ command: localCommand(), filesystem: localFilesystem() });
}
