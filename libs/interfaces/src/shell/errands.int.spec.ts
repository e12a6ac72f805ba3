import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SshConnection } from '../ssh/connection.js';
import { startSshServer, whyNoSshServer, type TestSshServer } from '../testing/ssh-server.js';
import { Errands } from './errands.js';

jest.setTimeout(60_000);

const missing = whyNoSshServer();

(missing === undefined ? describe : describe.skip)(
  `small things, one after the other${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    let connection: SshConnection;
    let errands: Errands;
    beforeAll(async () => {
      server = await startSshServer();
      connection = new SshConnection(server, { known: async () => server.hostKey, pin: async (_, key) => key });
      errands = new Errands(connection);
    }, 60_000);
    afterAll(async () => {
      await connection?.close();
      await server?.stop();
    });
    const shell = async () => (await errands.run('echo $PPID; echo $$', [])).stdout.toString('utf8');

    test('are done by one shell, in order, each with what it says and how it ends', async () => {
      const first = await shell();
      const done = await Promise.all(
        Array.from({ length: 20 }, (_, n) => errands.run('printf %s "$1"; echo wrong >&2; exit "$2"', [`ü\n${n}`, `${n}`])),
      );
      expect(done.map(({ exitCode, stdout, stderr }) => [exitCode, String(stdout), stderr])).toEqual(
        Array.from({ length: 20 }, (_, n) => [n, `ü\n${n}`, 'wrong\n']),
      );
      expect(await shell()).toBe(first);
    });

    test('say any bytes, also such as end no line', async () => {
      const { stdout } = await errands.run(`printf '\\000\\377\\n\\n'`, []);
      expect([...stdout]).toEqual([0, 255, 10, 10]);
    });

    test('that take too long, or say too much, are given up with their shell; the next one begins with another', async () => {
      const first = await shell();
      await expect(errands.run('sleep 300', [], { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timed-out' });
      const second = await shell();
      expect(second).not.toBe(first);
      await expect(errands.run('head -c 200000 /dev/zero', [], { bytes: 100_000 })).rejects.toMatchObject({
        code: 'too-large',
      });
      expect(await shell()).not.toBe(second);
      await expect(errands.run('kill -9 $$', [])).rejects.toMatchObject({ code: 'driver-failed' });
      expect((await errands.run('echo goes on', [])).stdout.toString()).toBe('goes on\n');
    });

    test('that are refused before they are sent harm no other', async () => {
      await expect(errands.run('true', ['a\0b'])).rejects.toMatchObject({ code: 'bad-input' });
      expect((await errands.run('exit 3', [])).exitCode).toBe(3);
    });

    test('that were asked for are still done when it is closed; what comes later begins with another shell', async () => {
      const first = await shell();
      const asked = errands.run('echo done', []);
      errands.close();
      expect((await asked).stdout.toString()).toBe('done\n');
      expect(await shell()).not.toBe(first);
    });
  },
);
