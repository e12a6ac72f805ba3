import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import ssh2, { type Server, type ServerChannel, type SFTPWrapper } from 'ssh2';
import { makeSshKey } from '../testing/ssh-server.js';
import { SshConnection } from './connection.js';
import { sshCommand } from './ssh-command.js';
import { sshFilesystem } from './ssh-filesystem.js';

/** A host that speaks SSH, and then does as it likes. */
async function hostThat(does: { exec?(channel: ServerChannel): void; sftp?(sftp: SFTPWrapper): void }): Promise<SshConnection> {
  server = new ssh2.Server({ hostKeys: [makeSshKey().privateKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (take) => does.exec?.(take().on('error', () => {}) as ServerChannel));
      session.on('sftp', (take) => does.sftp?.(take() as unknown as SFTPWrapper));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { privateKey } = makeSshKey();
  over = new SshConnection(
    { address: '127.0.0.1', port, user: 'u', privateKey },
    { known: async () => undefined, pin: async (_, key) => key },
  );
  return over;
}

let server: Server;
let over: SshConnection;
afterEach(async () => {
  await over.close();
  server.close();
});

const endless = (write: (piece: string) => boolean, drained: (then: () => void) => void) => {
  const more = () => {
    while (write('x'.repeat(32_000)));
    drained(more);
  };
  more();
};

describe('a host that is not what it should be', () => {
  test('whose login scripts never stop talking is not listened to for ever', async () => {
    const connection = await hostThat({
      exec: (channel) =>
        endless(
          (piece) => channel.write(piece),
          (then) => channel.once('drain', then),
        ),
    });
    await expect(sshCommand(connection).exec(['true'])).rejects.toThrow('The login scripts of the host say more than');
  });

  test('that lets nobody run anything says so', async () => {
    const connection = await hostThat({
      exec: (channel) => {
        channel.write('This account is currently not available.\n');
        channel.exit(1);
        channel.end();
      },
    });
    await expect(sshCommand(connection).exec(['true'])).rejects.toThrow(
      /true could not be started at \S+: no POSIX shell answers there/,
    );
  });

  test('that takes a command and does nothing is given up at the time limit, and so is the connection that it does not let go of', async () => {
    const connection = await hostThat({ exec: () => {} });
    await expect(sshCommand(connection).exec(['true'], { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'timed-out',
      message: 'true did not end within 200 ms',
    });
  }, 60_000);

  test('whose files have names that lead elsewhere is not believed', async () => {
    const attrs = { mode: 0o100644, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
    const connection = await hostThat({
      sftp: (sftp) => {
        let isTold = false;
        sftp.on('OPENDIR', (id) => sftp.handle(id, Buffer.from('h')));
        sftp.on('READDIR', (id) => {
          if (isTold) return sftp.status(id, 1);
          isTold = true;
          sftp.name(id, [{ filename: '../../etc/cron.d/x', longname: '', attrs }] as never);
        });
        sftp.on('CLOSE', (id) => sftp.status(id, 0));
      },
    });
    await expect(sshFilesystem(connection).list('/srv')).rejects.toThrow(
      'says that "../../etc/cron.d/x" stands in /srv, which is no name',
    );
  });

  test('whose file never ends is read no further than its limit', async () => {
    const connection = await hostThat({
      sftp: (sftp) => {
        sftp.on('OPEN', (id) => sftp.handle(id, Buffer.from('h')));
        sftp.on('READ', (id, _handle, _offset, length) => sftp.data(id, Buffer.alloc(length)));
        sftp.on('CLOSE', (id) => sftp.status(id, 0));
      },
    });
    await expect(sshFilesystem(connection).readFile('/srv/file')).rejects.toMatchObject({ code: 'too-large' });
  });
});
