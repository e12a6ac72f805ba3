import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  makeSshKey,
  startSshServer,
  startWire,
  whyNoSshServer,
  type TestSshServer,
  type TestWire,
} from '../testing/ssh-server.js';
import { SshConnection, type ConnectionLimits } from './connection.js';
import { hostName, type HostKey, type HostKeys, type SshHost } from './host.js';
import { sshCommand } from './ssh-command.js';
import { sshFilesystem } from './ssh-filesystem.js';

const missing = whyNoSshServer();

/** Pinned keys in memory. */
class Keys implements HostKeys {
  readonly pinned = new Map<string, HostKey>();

  async known(host: string): Promise<HostKey | undefined> {
    return this.pinned.get(host);
  }

  async pin(host: string, key: HostKey): Promise<HostKey> {
    if (!this.pinned.has(host)) this.pinned.set(host, key);
    return this.pinned.get(host)!;
  }
}

/** The state letter of a process, `undefined` when there is none or only its remains. */
const alive = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
    return state === 'Z' ? undefined : state;
  } catch {
    return undefined;
  }
};

async function until(done: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !done(); await sleep(20))
    if (Date.now() > end) throw new Error('It did not come to that');
}

(missing === undefined ? describe : describe.skip)(
  `a connection to a host${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    let keys: Keys;
    let folder: string;
    const open: { stop(): Promise<void> }[] = [];
    const connection = (host: Partial<SshHost> = {}, limits: Partial<ConnectionLimits> = {}): SshConnection => {
      const { address, port, user, privateKey } = server;
      const made = new SshConnection({ address, port, user, privateKey, ...host }, keys, limits);
      open.push({ stop: () => made.close() });
      return made;
    };
    const wire = async (): Promise<TestWire> => {
      const made = await startWire(server);
      open.push(made);
      return made;
    };
    /** A program that says its process id and that of a child, and runs on. */
    const LONG = ['sh', '-c', 'sleep 300 & echo $! $$; wait'];
    /** Runs it until it has said so. */
    const runLong = async (over: SshConnection, options: { timeoutMs?: number } = {}) => {
      let pids!: (value: number[]) => void;
      const told = new Promise<number[]>((resolve) => (pids = resolve));
      const ended = sshCommand(over).exec(LONG, { ...options, onLine: (line) => pids(line.split(' ').map(Number)) });
      ended.catch(() => {});
      return { ended, pids: await told };
    };

    beforeAll(async () => {
      server = await startSshServer();
    }, 60_000);
    beforeEach(() => {
      keys = new Keys();
      folder = mkdtempSync(join(tmpdir(), 'slipway-ssh-'));
    });
    afterEach(async () => {
      for (const one of open.splice(0).toReversed()) await one.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    afterAll(() => server?.stop());

    test('pins the key of the first contact, and takes no other afterwards, by both fingerprints and the way out', async () => {
      await sshCommand(connection()).execOrThrow(['true']);
      const before = server.hostKey;
      expect(keys.pinned.get(hostName(server))).toBe(before);
      expect(before).toMatch(/^ssh-ed25519 SHA256:[\w+/]{43}$/);
      expect(await connection().hostKey()).toBe(before);
      await server.renewHostKey();
      const failed = sshCommand(connection()).exec(['true']);
      await expect(failed).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining(`shows another key than before: ${server.hostKey}, pinned is ${before}.`),
        details: { pinned: before, shown: server.hostKey },
      });
      await expect(failed).rejects.toThrow('If it was made anew, remove the pinned key');
      await expect(sshFilesystem(connection()).list('/')).rejects.toThrow('shows another key than before');
      await expect(connection().hostKey()).rejects.toThrow('shows another key than before');
      keys.pinned.delete(hostName(server));
      await sshCommand(connection()).execOrThrow(['true']);
    }, 60_000);

    test('asks for the kind of key that is pinned: that there are others is no change, that there is none like it any more is one', async () => {
      keys.pinned.set(hostName(server), 'ssh-rsa SHA256:0000000000000000000000000000000000000000000');
      await expect(sshCommand(connection()).exec(['true'])).rejects.toThrow(
        'has no key any more like the one that is pinned, ssh-rsa SHA256:0000',
      );
    });

    test('that two open at once pins one key, and a key that cannot be pinned is not taken', async () => {
      keys.pin = async () => {
        throw new Error('the disk is full');
      };
      await expect(sshCommand(connection()).exec(['true'])).rejects.toThrow('could not be pinned: the disk is full');
      keys.pin = async () => 'ssh-ed25519 SHA256:of-another-one';
      await expect(sshCommand(connection()).exec(['true'])).rejects.toThrow('pinned is ssh-ed25519 SHA256:of-another-one');
    });

    test('with a key that the host does not take says whose, and where it belongs', async () => {
      const { privateKey } = makeSshKey();
      await expect(sshCommand(connection({ privateKey })).exec(['true'])).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(
          new RegExp(`does not let ${server.user} in with the key SHA256:\\S{43}: put its public half into the authorized_keys`),
        ),
      });
      const nonsense = connection({ privateKey: Buffer.from('topsecret') });
      await expect(sshCommand(nonsense).exec(['true'])).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.not.stringContaining('topsecret'),
      });
    });

    test('to a host that is gone, or says nothing, says so', async () => {
      const gone = await wire();
      await gone.stop();
      await expect(sshCommand(connection({ port: gone.port })).exec(['true'])).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining(`127.0.0.1:${gone.port} does not answer by SSH: connect ECONNREFUSED`),
      });
      const silent = await wire();
      silent.swallow();
      const slow = connection({ port: silent.port }, { answersWithinMs: 300 });
      await expect(sshCommand(slow).exec(['true'])).rejects.toThrow(
        'does not answer by SSH: Timed out while waiting for handshake',
      );
    });

    test('is one for all programs and files; more than it may run wait their turn, and may be called off', async () => {
      const over = connection({}, { programs: 3 });
      const command = sshCommand(over);
      const log = join(folder, 'log');
      const script = `echo + >>"$0"; sleep 0.1; echo - >>"$0"`;
      const runs = Array.from({ length: 9 }, () => command.execOrThrow(['sh', '-c', script, log]));
      const cancel = new AbortController();
      const calledOff = command.exec(['touch', join(folder, 'never')], { signal: cancel.signal });
      cancel.abort();
      await expect(calledOff).rejects.toMatchObject({ code: 'step-cancelled' });
      await sshFilesystem(over).writeFile(join(folder, 'file'), 'beside them');
      await Promise.all(runs);
      let running = 0;
      const most = readFileSync(log, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((sign) => (running += sign === '+' ? 1 : -1));
      expect([Math.max(...most), most.length]).toEqual([3, 18]);
      expect(server.connections()).toBe(1);
      expect(await sshFilesystem(over).list(folder)).toEqual(['file', 'log']);
    }, 60_000);

    test('asks for less at a time where sshd takes fewer sessions than usual', async () => {
      const few = await startSshServer({ config: ['MaxSessions 3'] });
      try {
        const over = connection({ port: few.port, privateKey: few.privateKey });
        const runs = Array.from({ length: 12 }, (_, n) => sshCommand(over).exec(['sh', '-c', `sleep 0.05; echo ${n}`]));
        expect((await Promise.all(runs)).map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 12 }, (_, n) => n));
      } finally {
        await few.stop();
      }
    }, 60_000);

    test('leaves nothing running of what is called off, at whatever moment', async () => {
      const over = connection();
      await sshCommand(over).exec(['true']);
      const seconds = `300.${process.pid}${String(Math.random()).slice(2, 8)}`;
      for (let round = 0; round < 12; round += 1) {
        const cancel = new AbortController();
        const called = sshCommand(over).exec(['sh', '-c', `sleep ${seconds} & exec sleep ${seconds}`], { signal: cancel.signal });
        called.catch(() => {});
        await sleep(round * 4);
        cancel.abort();
        await expect(called).rejects.toMatchObject({ code: 'step-cancelled' });
      }
      const running = (pid: string) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(seconds);
        } catch {
          return false;
        }
      };
      await until(() => !readdirSync('/proc').some(running));
    }, 60_000);

    test('gives back the place of what nobody reads to its end', async () => {
      const over = connection({}, { programs: 1 });
      const filesystem = sshFilesystem(over);
      await filesystem.writeFile(join(folder, 'large'), Buffer.alloc(8_000_000));
      for (let n = 0; n < 3; n += 1) {
        for await (const piece of filesystem.pack(folder)) if ((piece as Buffer).length > 1_000) break;
      }
      expect((await sshCommand(over).exec(['echo', 'still there'])).stdout).toBe('still there\n');
      expect(server.connections()).toBe(1);
    }, 60_000);

    test('reads all that a program has said also when it is read slowly, long after its end', async () => {
      const filesystem = sshFilesystem(connection());
      await filesystem.writeFile(join(folder, 'large'), Buffer.alloc(6_000_000, 'slow'));
      let bytes = 0;
      for await (const piece of filesystem.pack(folder)) {
        if (bytes === 0) await sleep(2_500);
        bytes += (piece as Buffer).length;
      }
      expect(bytes).toBeGreaterThan(6_000_000);
    }, 60_000);

    test('is closed when nothing is to do, and opened again when there is', async () => {
      const command = sshCommand(connection({}, { idleMs: 50 }));
      await command.execOrThrow(['true']);
      await until(() => server.connections() === 0);
      expect((await command.exec(['echo', 'again'])).stdout).toBe('again\n');
    }, 60_000);

    test('that is cut in the middle of a program fails with what may be; the next one has a new one, after what was left was ended', async () => {
      const over = connection();
      const { ended, pids } = await runLong(over);
      server.cut();
      await expect(ended).rejects.toMatchObject({
        code: 'driver-failed',
        message: `The connection to ${over.name} was cut while sh ran there: it may have gone on; what is left of it is ended when the host is reached again`,
        details: { mayHaveGoneOn: true },
      });
      expect(pids.map((pid) => alive(pid) !== undefined)).toEqual([true, true]);
      expect((await sshCommand(over).exec(['echo', 'again'])).stdout).toBe('again\n');
      await until(() => pids.every((pid) => alive(pid) === undefined));
    }, 60_000);

    test('that is cut while a file is written says that it may be there', async () => {
      const over = connection();
      async function* endless() {
        for (;;) {
          yield Buffer.alloc(64 * 1024);
          await sleep(5);
        }
      }
      const writing = sshFilesystem(over).writeFile(join(folder, 'file'), Readable.from(endless()));
      writing.catch(() => {});
      await until(() => server.connections() === 1);
      await sleep(200);
      server.cut();
      await expect(writing).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining('was cut while files were worked on'),
      });
      expect(await sshFilesystem(over).stat(join(folder, 'file'))).toBeNull();
    }, 60_000);

    test('leads to what listens on the loopback of its host, outside of the sessions that sshd counts; its end is theirs too', async () => {
      const heard: Promise<unknown>[] = [];
      const listening = createServer((socket) => {
        heard.push(
          once(
            socket.on('error', () => {}),
            'close',
          ),
        );
        socket.pipe(socket);
      }).listen(0, '127.0.0.1');
      open.push({ stop: () => new Promise((resolve) => listening.close(() => resolve())) });
      await once(listening, 'listening');
      const { port } = listening.address() as AddressInfo;
      const way = await wire();
      const over = connection({ port: way.port });
      const all = await Promise.all(Array.from({ length: 12 }, () => over.forward(port)));
      const said = all.map(async (one, index) => {
        one.write(`word ${index}`);
        return String((await once(one, 'data'))[0]);
      });
      expect(await Promise.all(said)).toEqual(all.map((_, index) => `word ${index}`));
      expect(server.connections()).toBe(1);
      all[0]!.destroy();
      await heard[0];
      const cut = Promise.all(all.slice(1).map((one) => once(one, 'close')));
      way.cut();
      await Promise.all([cut, ...heard]);
    });

    test('to a port of its host on which nobody listens is refused as by a system; where its sshd lets nobody through it says which setting', async () => {
      const over = connection();
      const { port } = await wire();
      await open.pop()!.stop();
      await expect(over.forward(port)).rejects.toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
      const strict = await startSshServer({ config: ['AllowTcpForwarding no'] });
      open.push(strict);
      await expect(connection({ port: strict.port, privateKey: strict.privateKey }).forward(server.port)).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining('AllowTcpForwarding must be yes or local'),
      });
    }, 60_000);

    test('whose host dies without a word is given up', async () => {
      const way = await wire();
      const over = connection({ port: way.port }, { keepAliveMs: 700 });
      const { ended, pids } = await runLong(over);
      way.swallow();
      await expect(ended).rejects.toThrow('was cut while sh ran there');
      for (const pid of pids) if (alive(pid) !== undefined) process.kill(pid, 'SIGKILL');
    }, 60_000);

    test('to a slow host does all that a quick one does, and ends what takes too long', async () => {
      const way = await wire();
      way.delay(60);
      const over = connection({ port: way.port });
      const filesystem = sshFilesystem(over);
      const content = Buffer.alloc(3_000_000, 'slow');
      await filesystem.writeFile(join(folder, 'file'), content);
      expect((await filesystem.readFile(join(folder, 'file'), 4_000_000))!.equals(content)).toBe(true);
      const { ended, pids } = await runLong(over, { timeoutMs: 1_000 });
      await expect(ended).rejects.toMatchObject({ code: 'timed-out', message: 'sh did not end within 1000 ms' });
      await until(() => pids.every((pid) => alive(pid) === undefined));
    }, 60_000);

    test('tells 128 of a program that was ended by a signal for which SSH has no name (RFC 4254 §6.10)', async () => {
      expect((await sshCommand(connection()).exec(['sh', '-c', 'kill -BUS $$'])).exitCode).toBe(128);
    });

    test('hands no variable and no input to where others see it', async () => {
      const env = { PATH: process.env.PATH!, PASSWORD: 'topsecret-value' };
      const look = `cat >/dev/null; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '[t]opsecret-value' || true`;
      const { stdout } = await sshCommand(connection()).exec(['sh', '-c', look], { env, input: 'topsecret-value' });
      expect(stdout).toBe('0\n');
    });

    test('that was closed here does nothing any more', async () => {
      const over = connection();
      await sshCommand(over).execOrThrow(['true']);
      await over.close();
      await expect(sshCommand(over).exec(['true'])).rejects.toThrow('was closed here');
      await expect(sshFilesystem(over).list('/')).rejects.toThrow('was closed here');
    });
  },
);
