import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A PostgreSQL server of a test's own, with a user `admin` who may do anything there. */
export interface TestPostgres {
  host: string;
  port: number;
  user: string;
  /** Holds his password. */
  passwordFile: string;
  password: string;
  stop(): Promise<void>;
}

const BY_VERSION = '/usr/lib/postgresql';
const STARTS_WITHIN_MS = 60_000;

function programs(): string | undefined {
  const versions = existsSync(BY_VERSION) ? readdirSync(BY_VERSION) : [];
  const folders = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(BY_VERSION, version, 'bin'));
  return [...folders, '/usr/local/bin', '/usr/bin'].find((folder) => existsSync(join(folder, 'initdb')));
}

/** Why there can be no PostgreSQL server on this machine; `undefined` when there can. */
export function whyNoPostgres(): string | undefined {
  if (programs() === undefined) return 'PostgreSQL is not installed (Debian: postgresql)';
  // It refuses root, and runs as the user of its package then.
  return process.getuid?.() === 0 && userOf() === undefined ? 'there is no user postgres' : undefined;
}

function userOf(): number | undefined {
  const { status, stdout } = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-postgres-'));
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const uid = process.getuid?.() === 0 ? userOf() : undefined;
  const as = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, '--clear-groups', '--'];
  const password = 'of the test';
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (uid !== undefined) chownSync(data, uid, -1);
  const run = (line: string[]) => {
    const [program, ...args] = [...as, ...line];
    const { status, stderr } = spawnSync(program!, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${line[0]} failed: ${stderr}`);
  };
  const bin = programs()!;
  run([
    join(bin, 'initdb'),
    '-D',
    data,
    '-U',
    'admin',
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '-N',
    '--locale=C.UTF-8',
    '-E',
    'UTF8',
  ]);
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: 'off', max_connections: 50 };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program, ...args] = [...as, join(bin, 'postgres'), '-D', data, ...options];
  const server = spawn(program!, args, { cwd: folder, stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = async () => {
    server.kill('SIGQUIT');
    await exited;
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  const ready = () => spawnSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', `${port}`]).status === 0;
  for (const end = Date.now() + STARTS_WITHIN_MS; !ready(); await sleep(50)) {
    if (Date.now() < end && server.exitCode === null) continue;
    await stop();
    throw new Error('postgres did not start');
  }
  return { host: '127.0.0.1', port, user: 'admin', passwordFile, password, stop };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
