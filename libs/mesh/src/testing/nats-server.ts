import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Ends it; its storage stays for {@link NatsServer.start}. `SIGKILL` plays a crash. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same port, with the same token and storage. */
  start(): Promise<void>;
  /** Stops the process where it stands (`SIGSTOP`): connected, but silent. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its storage. */
  remove(): Promise<void>;
}

/** A test that is killed leaves no server behind (PR_SET_PDEATHSIG). */
const ENDS_WITH_US = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : [];

/** Path of nats-server: on the PATH, or where Debian and our own setup put it. Throws with how to install it. */
export function findNatsServer(): string {
  const cache = join(import.meta.dirname, '../../../../node_modules/.cache/nats-server');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', cache];
  const found = folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  if (found) return found;
  throw new Error('nats-server is not on this machine. Install it (Debian: apt-get install nats-server) or run npm start once.');
}

/** A real nats-server on a free port of loopback, behind a token, for tests; with JetStream unless told otherwise. */
export async function startNatsServer(
  options: { jetstream?: boolean; tls?: { certFile: string; keyFile: string } } = {},
): Promise<NatsServer> {
  const program = findNatsServer();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-nats-'));
  const token = randomBytes(16).toString('hex');
  const { tls } = options;
  const security = tls ? ['--tls', '--tlscert', tls.certFile, '--tlskey', tls.keyFile] : [];
  const storage = options.jetstream === false ? [] : ['-js', '-sd', join(folder, 'js')];
  let port = -1;
  let child: ChildProcess;
  let ended: Promise<void> = Promise.resolve();

  const start = async () => {
    const portsFolder = await mkdtemp(join(folder, 'ports-'));
    const log: string[] = [];
    const listen = ['-a', '127.0.0.1', '-p', String(port), '--auth', token, '--ports_file_dir', portsFolder];
    const [command = program, ...first] = [...ENDS_WITH_US, program];
    child = spawn(command, [...first, ...listen, ...storage, ...security], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => log.push(text));
    ended = new Promise((resolve) => child.once('exit', () => resolve()));
    port = await readyPort(portsFolder, child, log);
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  await start();
  return {
    get url() {
      return `nats://127.0.0.1:${port}`;
    },
    get pid() {
      return child.pid!;
    },
    token,
    start,
    stop,
    freeze: () => {
      child.kill('SIGSTOP');
      // The signal is on its way for a moment, in which a thread may still answer.
      while (existsSync(`/proc/${child.pid}`) && !allStopped(child.pid!));
    },
    thaw: () => child.kill('SIGCONT'),
    remove: async () => {
      child.kill('SIGCONT');
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether every thread of a process is stopped (state `T` of proc(5)). */
function allStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    try {
      return /\) [TtZX] /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    } catch {
      return true; // It has ended.
    }
  });
}

/** nats-server writes a file with its addresses when it listens. */
async function readyPort(folder: string, child: ChildProcess, log: string[]): Promise<number> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}:\n${log.join('')}`);
    const [name] = await readdir(folder);
    if (name) {
      const text = await readFile(join(folder, name), 'utf8');
      const url = text.endsWith('}') ? (JSON.parse(text) as { nats: string[] }).nats[0] : undefined;
      if (url) return Number(new URL(url).port);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nats-server did not listen within 15 s:\n${log.join('')}`);
}
