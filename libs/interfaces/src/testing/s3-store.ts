import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** A store with an S3 API, and who may do everything there. */
export interface TestS3Store {
  endpoint: string;
  accessKeyId: string;
  secretKeyFile: string;
  secretAccessKey: string;
  stop(): Promise<void>;
}

const PROGRAMS = ['ceph-authtool', 'monmaptool', 'ceph-mon', 'ceph', 'ceph-osd', 'radosgw', 'radosgw-admin'];
const STARTS_WITHIN_MS = 120_000;

/** Why no store can be had on this machine; `undefined` when one can. */
export function whyNoS3Store(): string | undefined {
  const missing = PROGRAMS.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0 ? undefined : `no ${missing[0]} here (Debian: ceph-mon, ceph-osd, radosgw)`;
}

/**
 * Ceph's object gateway with the smallest Ceph there can be behind it: one monitor and one object store daemon that keeps
 * everything in memory, on loopback, in a temporary folder. Its processes end with ours, and are stopped by their ids.
 */
export async function startS3Store(): Promise<TestS3Store> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-ceph-'));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const fsid = randomUUID();
  const processes: ChildProcess[] = [];
  for (const name of ['mon', 'osd', 'run']) mkdirSync(join(folder, name));
  const config = join(folder, 'ceph.conf');
  writeFileSync(config, settings(folder, fsid, monitor));
  const run = (program: string, ...args: string[]) => {
    const { status, stderr, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(-2_000)}`);
    return stdout;
  };
  let said = '';
  const start = (program: string, ...args: string[]) => {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', program, '--conf', config, '--foreground', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
    processes.unshift(child);
  };
  const stop = async () => {
    for (const child of processes) await ended(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const keyring = join(folder, 'keyring');
    const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *'];
    run('ceph-authtool', '--create-keyring', keyring, '--gen-key', '--name', 'mon.', '--cap', 'mon', 'allow *');
    for (const name of ['client.admin', 'osd.0']) run('ceph-authtool', keyring, '--gen-key', '--name', name, ...all);
    const map = join(folder, 'monmap');
    run('monmaptool', '--create', '--addv', 'a', `[v2:127.0.0.1:${monitor}/0]`, '--fsid', fsid, map);
    run('ceph-mon', '--conf', config, '--mkfs', '--id', 'a', '--monmap', map, '--keyring', keyring);
    start('ceph-mon', '--id', 'a');
    const osd = randomUUID();
    run('ceph', '--conf', config, '--connect-timeout', '50', 'osd', 'new', osd, '0');
    run('ceph-osd', '--conf', config, '--id', '0', '--mkfs', '--osd-uuid', osd);
    start('ceph-osd', '--id', '0');
    start('radosgw', '--name', 'client.admin', '--rgw-frontends', `beast endpoint=127.0.0.1:${gateway}`);
    const endpoint = `http://127.0.0.1:${gateway}`;
    await answers(endpoint);
    const made = run(
      'radosgw-admin',
      ...['--conf', config, '--name', 'client.admin', 'user', 'create', '--uid', 'slipway', '--display-name', 'Slipway'],
      ...['--caps', 'users=*'],
    );
    const [{ access_key, secret_key }] = (JSON.parse(made) as { keys: [{ access_key: string; secret_key: string }] }).keys;
    const secretKeyFile = join(folder, 'secret-key');
    writeFileSync(secretKeyFile, `${secret_key}\n`, { mode: 0o600 });
    return { endpoint, accessKeyId: access_key, secretKeyFile, secretAccessKey: secret_key, stop };
  } catch (error) {
    await stop();
    throw new Error(`Ceph did not start: ${(error as Error).message}\n${said}`, { cause: error });
  }
}

const settings = (folder: string, fsid: string, monitor: number): string => `[global]
fsid = ${fsid}
mon host = v2:127.0.0.1:${monitor}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon data = ${folder}/mon
osd data = ${folder}/osd
rgw data = ${folder}/run
run dir = ${folder}/run
keyring = ${folder}/keyring
admin socket =
pid file =
log file =
mon cluster log file =
log to stderr = true
err to stderr = true
mon data avail crit = 1
mon data avail warn = 1
rgw rados pool pg num min = 4
`;

async function answers(endpoint: string): Promise<void> {
  for (const deadline = Date.now() + STARTS_WITHIN_MS; ; await sleep(100)) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error('the gateway does not answer');
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(last);
}
