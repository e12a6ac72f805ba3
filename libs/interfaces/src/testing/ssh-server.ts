import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An `sshd` of a test's own: port, host key and authorized key. */
export interface TestSshServer {
  address: string;
  port: number;
  user: string;
  /** Of the user, in OpenSSH's form. */
  privateKey: Buffer;
  /** The host's, as it is pinned: type and fingerprint. */
  hostKey: string;
  /** Ends every connection as a machine that loses its power would: what runs there goes on. */
  cut(): void;
  /** How many connections there are now. */
  connections(): number;
  /** Gives it another host key. */
  renewHostKey(): Promise<void>;
  stop(): Promise<void>;
}

export interface SshServerOptions {
  /** Lines of sshd_config(5) before ours: of a setting the first one counts. */
  config?: readonly string[];
  /** A user of this id who is no administrator; root, or who runs the test, when left out. */
  uid?: number;
}

export const SSHD = '/usr/sbin/sshd';
const STARTS_WITHIN_MS = 20_000;

/** Why no sshd can be started on this machine; `undefined` when one can. */
export function whyNoSshServer(): string | undefined {
  return existsSync(SSHD) ? undefined : 'sshd is not installed (Debian: openssh-server)';
}

/** Why {@link SshServerOptions.uid} cannot be had on this machine. */
export function whyNoOtherSshUser(): string | undefined {
  const missing = whyNoSshServer();
  if (missing !== undefined) return missing;
  const may = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
  return may ? undefined : 'only root, who may make mount namespaces, can let another user in';
}

/** A key pair of Ed25519: the private half in OpenSSH's form, the public one as a line of authorized_keys. */
export function makeSshKey(): { privateKey: Buffer; publicKey: string } {
  // Not by ssh2, one of whose keys in 256 lacks a leading zero and cannot be read.
  const folder = mkdtempSync(join(tmpdir(), 'slipway-key-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(folder, 'key')]);
    return { privateKey: readFileSync(join(folder, 'key')), publicKey: readFileSync(join(folder, 'key.pub'), 'utf8').trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function startSshServer({ config = [], uid }: SshServerOptions = {}): Promise<TestSshServer> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-sshd-'));
  spawnSync('chmod', ['755', folder]);
  const { privateKey, publicKey } = makeSshKey();
  writeFileSync(join(folder, 'authorized_keys'), `${publicKey}\n`);
  const user = uid === undefined ? userInfo().username : 'slipway-test';
  const home = join(folder, 'home');
  mkdirSync(home);
  if (uid !== undefined) {
    spawnSync('chown', [`${uid}:${uid}`, home]);
    writeFileSync(join(folder, 'passwd'), `${readFileSync('/etc/passwd', 'utf8')}${user}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  }
  // Where privileges are separated it wants this folder (Debian's service makes it).
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });

  let hostKey = writeHostKey(folder);
  let port = 0;
  let daemon: ChildProcess;
  const start = async () => {
    for (let attempt = 1; ; attempt += 1) {
      port ||= await freePort();
      writeFileSync(join(folder, 'sshd_config'), [...config, ...sshdSettings(folder, [`127.0.0.1:${port}`]), ''].join('\n'));
      const sshd = [SSHD, '-D', '-e', '-f', join(folder, 'sshd_config')];
      const mounted = [
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount --bind "$0" /etc/passwd; exec "$@"',
        join(folder, 'passwd'),
        ...sshd,
      ];
      const [program, ...args] = uid === undefined ? sshd : mounted;
      daemon = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      daemon.stderr!.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
      if (await answers('127.0.0.1', port, daemon)) return;
      await ended(daemon);
      // Somebody else was faster with the port.
      if (attempt === 5) throw new Error(`sshd did not start: ${said}`);
      port = 0;
    }
  };
  const sessions = () => descendants(daemon.pid!).filter((pid) => nameOf(pid) === 'sshd');
  await start();
  return {
    address: '127.0.0.1',
    user,
    privateKey,
    get port() {
      return port;
    },
    get hostKey() {
      return hostKey;
    },
    cut: () => sessions().forEach((pid) => kill(pid)),
    connections: () => childrenOf(daemon.pid!).length,
    async renewHostKey() {
      hostKey = writeHostKey(folder);
      sessions().forEach((pid) => kill(pid));
      await ended(daemon);
      await start();
    },
    async stop() {
      for (const pid of descendants(daemon.pid!)) kill(pid);
      await ended(daemon);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What stands before a host and can be made slow, or dead. */
export interface TestWire {
  port: number;
  /** All goes on this much later, in ms. */
  delay(ms: number): void;
  /** From now on nothing arrives any more, in neither direction, and nobody is told. */
  swallow(): void;
  /** Ends what there is now. */
  cut(): void;
  stop(): Promise<void>;
}

/** At a free port, unless one is said; before a port of loopback, or a Unix socket. */
export async function startWire(to: { port: number } | { path: string }, at = 0): Promise<TestWire> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let isDead = false;
  const pass = (from: Socket, into: Socket) => {
    sockets.add(from.on('close', () => void (sockets.delete(from), into.destroy())).on('error', () => {}));
    const later = (what: () => unknown) => {
      if (isDead) return;
      if (delayMs === 0) what();
      else setTimeout(() => !into.destroyed && what(), delayMs);
    };
    from
      .on('data', (chunk) => later(() => into.write(chunk)))
      .on('end', () => (isDead ? from.destroy() : later(() => into.end())));
  };
  // Who has said all he had to may still listen.
  const server: Server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: '127.0.0.1', ...to, allowHalfOpen: true });
    pass(near, far);
    pass(far, near);
  });
  server.listen(at, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => void (delayMs = ms),
    swallow: () => void (isDead = true),
    cut,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

/** For what stands in a folder: `host_key` and `authorized_keys`. */
export const sshdSettings = (folder: string, listen: readonly string[]): string[] => [
  ...listen.map((address) => `ListenAddress ${address}`),
  `HostKey ${join(folder, 'host_key')}`,
  `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
  'PidFile none',
  'AuthenticationMethods publickey',
  'PermitRootLogin prohibit-password',
  'PermitUserRC no',
  'UsePAM no',
  'StrictModes no',
  'PrintMotd no',
  'MaxStartups 100',
  'LogLevel ERROR',
  'Subsystem sftp internal-sftp',
  // What whoever runs the tests has in his ~/.bashrc is not what is tested: bash reads it only where it is the outermost shell.
  'SetEnv SHLVL=1',
];

function writeHostKey(folder: string): string {
  const { privateKey, publicKey } = makeSshKey();
  writeFileSync(join(folder, 'host_key'), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'host_key.pub'), publicKey);
  const { stdout } = spawnSync('ssh-keygen', ['-l', '-f', join(folder, 'host_key.pub')], { encoding: 'utf8' });
  return `ssh-ed25519 ${stdout.split(' ')[1]}`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether it does, before it has ended. */
export async function answers(address: string, port: number, daemon: ChildProcess): Promise<boolean> {
  for (const end = Date.now() + STARTS_WITHIN_MS; Date.now() < end && daemon.exitCode === null; await sleep(20)) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address);
      socket.once('data', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (isThere) return daemon.exitCode === null;
  }
  return false;
}

export const childrenOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
};

const descendants = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);

const nameOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
};

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
