import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeCommand } from '../testing/index.js';
import { startSshServer, whyNoSshServer, type TestSshServer } from '../testing/ssh-server.js';
import type { Command } from '../command.js';
import { SshConnection } from './connection.js';
import { sshCommand } from './ssh-command.js';

const missing = whyNoSshServer();

(missing === undefined ? describe : describe.skip)(
  `programs over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    let connection: SshConnection;
    let command: Command;
    beforeAll(async () => {
      server = await startSshServer();
      connection = new SshConnection(server, { known: async () => server.hostKey, pin: async (_, key) => key });
      command = sshCommand(connection);
    }, 60_000);
    afterAll(async () => {
      await connection?.close();
      await server?.stop();
    });

    describeCommand('ssh', () => ({
      exec: (...args) => command.exec(...args),
      execOrThrow: (...args) => command.execOrThrow(...args),
      spawnDetached: (...args) => command.spawnDetached(...args),
    }));
  },
);
