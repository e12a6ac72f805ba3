import { expect } from '@jest/globals';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { Holding } from '../../blueprint/testing/index.js';

/** How the contract suite uses a leased host: leaves programs that run, one of them in a session and a folder of its own, and a file. */
export async function useHost(holding: Holding): Promise<() => Promise<unknown>> {
  const command = await holding.interface<Command>('command');
  const filesystem = await holding.interface<Filesystem>('filesystem');
  await filesystem.writeFile('kept', holding.lease.id);
  expect((await command.execOrThrow(['cat', 'kept'])).stdout).toBe(holding.lease.id);
  await command.spawnDetached(['sleep', '300'], { cwd: '.', env: {}, logFile: 'log' });
  await command.execOrThrow(['setsid', 'sh', '-c', 'cd /; sleep 300 >/dev/null 2>&1 &']);
  return async () => {
    await command.exec(['cat', 'kept']);
    await filesystem.writeFile('late', 'too late');
  };
}
