import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** Why nobody here can start a program as somebody else; `undefined` where we can. */
export const whyNoOthers = process.getuid?.() === 0 ? undefined : 'only root starts programs as somebody else';

/** Somebody who is nobody else: of the part of the user ids in which instances have theirs. */
const OTHER = 0x7000_0000 + 4_711;

/** In the folder of a lease, as a user of his own, without a variable by which he were known: files that are his alone, and a program. */
export async function startAsOther({ place: { secrets } }: Holding, outputs: JsonObject): Promise<void> {
  const place = outputs['place'] as unknown as LeasedPlace;
  const home = join(place.folder, 'other');
  await reached(place, secrets, async ({ command, filesystem }) => {
    await filesystem.mkdir(home, { mode: 0o700 });
    await filesystem.chown(home, OTHER, OTHER);
    const script = 'umask 077; mkdir deep; cd deep; echo his >file; chmod 500 .; exec sleep 300';
    const asOther = [
      'setpriv',
      `--reuid=${OTHER}`,
      `--regid=${OTHER}`,
      '--clear-groups',
      '--',
      'env',
      '-i',
      '/bin/sh',
      '-c',
      script,
    ];
    await command.spawnDetached(asOther, { cwd: home, env: {}, logFile: join(place.folder, 'other.log') });
    const begun = async () => (await filesystem.stat(join(home, 'deep')))?.mode === 0o500;
    for (const end = Date.now() + 30_000; !(await begun()); await sleep(20))
      if (Date.now() > end)
        throw new Error(`It did not begin: ${String(await filesystem.readFile(join(place.folder, 'other.log')))}`);
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
