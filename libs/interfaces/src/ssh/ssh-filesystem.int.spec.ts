import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Filesystem } from '../filesystem.js';
import { describeFilesystem } from '../testing/index.js';
import { startSshServer, whyNoSshServer, type TestSshServer } from '../testing/ssh-server.js';
import { SshConnection } from './connection.js';
import { sshFilesystem } from './ssh-filesystem.js';

const missing = whyNoSshServer();

(missing === undefined ? describe : describe.skip)(
  `files over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    let connection: SshConnection;
    let filesystem: Filesystem;
    beforeAll(async () => {
      server = await startSshServer();
      connection = new SshConnection(server, { known: async () => server.hostKey, pin: async (_, key) => key });
      filesystem = sshFilesystem(connection);
    }, 60_000);
    afterAll(async () => {
      await connection?.close();
      await server?.stop();
    });

    describeFilesystem('ssh', () => new Proxy({} as Filesystem, { get: (_, name: keyof Filesystem) => filesystem[name] }));
  },
);
