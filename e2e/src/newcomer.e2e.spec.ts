import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayClient } from '@slipway/client';
import { SERVICES } from '@slipway/contracts';
import { NO_STREAM } from '@slipway/event-store';
import { openSqliteEventLog } from '@slipway/event-store/sqlite';
import { PATIENCE_MS } from '@slipway/event-store/testing';
import { startNatsServer } from '@slipway/mesh/testing';
import { root } from '@slipway/testing';
import { processesIn } from './place.js';
import { slipway } from './slipway.js';

/** `npm start`, as its script is: one process whose output is what the newcomer reads. */
class Start {
  output = '';
  readonly child: ChildProcess;
  constructor(args: string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), ...args], {
      cwd: root,
      env: { ...process.env, NATS_URL: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }
  async says(pattern: RegExp, ms = 90_000): Promise<RegExpExecArray> {
    for (const until = Date.now() + ms; Date.now() < until; await sleep(50)) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (this.child.exitCode !== null && !pattern.test(this.output)) break;
    }
    throw new Error(`It did not say ${pattern}:\n${this.output}`);
  }
  /** A terminal's Ctrl-C: SIGINT to the whole foreground group. */
  async interrupt(): Promise<number> {
    process.kill(-this.child.pid!, 'SIGINT');
    return this.end();
  }
  async end(): Promise<number> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode!;
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

describe('npm start', () => {
  let folder: string;
  let data: string;
  let port: number;
  let started: Start[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-start-'));
    chmodSync(folder, 0o711); // As most folders are: instances run as users of their own.
    data = join(folder, 'data');
    port = await freePort();
    started = [];
  });
  afterEach(async () => {
    for (const start of started) if (start.child.exitCode === null) await start.interrupt().catch(() => {});
    for (const pid of processesIn(data)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
  const start = (args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const one = new Start(['--data', data, '--port', String(port), ...args], env);
    started.push(one);
    return one;
  };
  /** What runs for the service, once it is what it was: a supervisor may just be looking after it. */
  const runsAsBefore = async (before: number[]) => {
    for (let tries = 0; tries < 200 && `${processesIn(data)}` !== `${before}`; tries++) await sleep(50);
    expect(processesIn(data)).toEqual(before);
  };
  const untilGone = async (pids: number[]) => {
    for (let tries = 0; tries < 1200 && pids.some(isRunning); tries++) await sleep(50);
    expect(pids.filter(isRunning)).toEqual([]);
  };
  /** `kill -9` of everything that a start has started, but for instances. */
  const killAll = async (mesh: Start) => {
    const supervisor = supervisorOf(data);
    const programs = childrenOf(supervisor);
    process.kill(supervisor, 'SIGKILL');
    process.kill(-mesh.child.pid!, 'SIGKILL');
    for (const pid of programs) process.kill(pid, 'SIGKILL');
    await mesh.end().catch(() => {});
    await untilGone(programs);
  };
  /** A line that was printed, as somebody types it in a terminal in the clone. */
  const typed = (command: string) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const { status, stdout, stderr } = spawnSync(command, { shell: true, cwd: root, env, encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  /** An event that views can't make sense of. */
  const recordNonsense = async () => {
    const log = await openSqliteEventLog({ folder: join(data, 'log'), timeLimitMs: PATIENCE_MS });
    const actor = { id: 'somebody', type: 'user' as const };
    const nonsense = { id: randomUUID(), type: 'PlanSettled', data: {}, metadata: { actor } };
    await log.as('orchestrator').append('environment-nonsense', NO_STREAM, [nonsense]);
    await log.close();
  };
  /** The configuration of the profile dev with a certificate for these names. */
  const withTls = (names: string): string => {
    const [certFile, keyFile, file] = [join(folder, 'cert.pem'), join(folder, 'key.pem'), join(folder, 'slipway.yaml')];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile];
    expect(spawnSync('openssl', [...made, '-subj', '/CN=slipway', '-addext', `subjectAltName=DNS:${names}`]).status).toBe(0);
    const dev = readFileSync(join(root, 'deploy/dev/slipway.yaml'), 'utf8');
    const listens = `gateway:\n  tls: { certFile: ${certFile}, keyFile: ${keyFile} }\n`;
    writeFileSync(file, dev.replace(/^gateway:\n/m, listens));
    return file;
  };
  /** As somebody at the same machine: nothing told but the data folder. */
  const cli = (...args: string[]) =>
    slipway({ url: '', key: '' }, args, { env: { SLIPWAY_URL: undefined, SLIPWAY_KEY: undefined, SLIPWAY_DATA: data } });
  const client = () =>
    new SlipwayClient({ url: `http://127.0.0.1:${port}`, key: readFileSync(join(data, 'gateway.key'), 'utf8').trim() });

  it('brings up the mesh and the sample, tells where everything is, and the second time provisions nothing', async () => {
    const first = start();
    await first.says(new RegExp(`^ready http://127\\.0\\.0\\.1:${port}$`, 'm'));
    const [, url] = await first.says(/The service\s+(http:\S+)/);
    await first.says(
      new RegExp(`Gateway\\s+http://127.0.0.1:${port}\\n\\s+API docs\\s+http://127.0.0.1:${port}/api/docs\\n\\s+Data\\s+${data}`),
    );
    await first.says(/(\n {2}npx slipway .*){3}/);
    expect((await fetch(url!)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/api/docs`)).status).toBe(200);
    expect(statSync(join(data, 'gateway.key')).mode & 0o777).toBe(0o600);
    const pids = processesIn(data);
    expect(pids.length).toBeGreaterThan(0);

    expect(await first.interrupt()).toBe(0);
    expect(processesIn(data)).toEqual([]);
    await expect(fetch(url!)).rejects.toThrow();

    const second = start();
    const [, again] = await second.says(/The service\s+(http:\S+)/);
    expect(second.output).toContain('nothing to provision');
    expect(again).toBe(url);
    expect((await fetch(again!)).status).toBe(200);
    const { items } = await client().requests.list();
    expect(items).toHaveLength(1);
  }, 300_000);

  it('leaves instances running with --detach, and adopts them at the next start', async () => {
    const first = start(['--detach', '--processes']);
    const [, url] = await first.says(/The service\s+(http:\S+)/);
    const before = processesIn(data);
    expect(await first.interrupt()).toBe(0);
    expect((await fetch(url!)).status).toBe(200);
    await runsAsBefore(before);
    const second = start();
    await second.says(/nothing to provision/);
    await second.says(/The service/);
    await runsAsBefore(before);
  }, 300_000);

  it('stops everything with Ctrl-C also when it is a process per service, instances too', async () => {
    const mesh = start(['--processes']);
    const [, url] = await mesh.says(/The service\s+(http:\S+)/);
    const programs = childrenOf(supervisorOf(data));
    expect(programs.length).toBe(1 + SERVICES.length); // nats-server and the services
    const running = [...programs, ...processesIn(data), supervisorOf(data)];
    expect(await mesh.interrupt()).toBe(0);
    expect(mesh.output).toContain('Stopping ...');
    expect(running.filter(isRunning)).toEqual([]);
    expect(processesIn(data)).toEqual([]);
    await expect(fetch(url!)).rejects.toThrow();
  }, 300_000);

  it('stops with Ctrl-C also what a failed step was told to keep, and what is still being started', async () => {
    const content = join(folder, 'content');
    const definition = (name: string, startSeconds: number) => ({
      ...{ name, version: '1.0.0', type: 'instance' },
      spec: {
        // Its last argument shows whose program it is.
        command: ['sh', '-c', 'while :; do sleep 1; done', join(data, 'places')],
        health: { path: '/', startSeconds, timeoutSeconds: 1 },
      },
    });
    mkdirSync(join(content, 'mute'), { recursive: true });
    const definitions = [definition('mute', 1), definition('slow', 100)];
    writeFileSync(join(content, 'mute/package.yaml'), JSON.stringify({ name: 'mute', version: '1.0.0', definitions }));
    const env = { SLIPWAY_CONTENT: content };
    const programs = () => processesIn(data).filter((pid) => commandOf(pid).startsWith('sh\0-c\0while'));
    const untilTheyRun = async (count: number) => {
      for (let tries = 0; tries < 400 && programs().length !== count; tries++) await sleep(50);
      expect(programs()).toHaveLength(count);
    };

    const first = start(['--no-sample'], env);
    await first.says(/^ready /m);
    const kept = await cli('provision', '--keep', '--definition=mute', 'ada', 'kept');
    expect(kept).toMatchObject({ code: 1, stdout: expect.stringContaining('needs attention') });
    await client().provision({ ownerId: 'ada', instanceId: 'starting', definition: 'slow' });
    await untilTheyRun(2);
    expect(await first.interrupt()).toBe(0);
    expect(processesIn(data)).toEqual([]);

    const second = start(['--no-sample'], env);
    await second.says(/^ready /m);
    await untilTheyRun(1);
    expect(await second.interrupt()).toBe(0);
    expect(processesIn(data)).toEqual([]);
  }, 300_000);

  it('uses a NATS server that NATS_URL names, and starts none', async () => {
    const nats = await startNatsServer();
    try {
      const token = join(folder, 'token');
      writeFileSync(token, nats.token, { mode: 0o600 });
      const mesh = start([], { NATS_URL: nats.url, SLIPWAY_NATS_TOKEN_FILE: token, SLIPWAY_NATS_SERVER: '/nowhere/nats-server' });
      const [, url] = await mesh.says(/The service\s+(http:\S+)/);
      expect(mesh.output).toContain(`NATS           ${nats.url}\n`);
      expect((await fetch(url!)).status).toBe(200);
      expect(
        childrenOf(supervisorOf(data))
          .map(commandOf)
          .filter((command) => command.includes('nats-server')),
      ).toEqual([]);
      expect(existsSync(join(data, 'nats'))).toBe(false);
      expect(await mesh.interrupt()).toBe(0);
    } finally {
      await nats.remove();
    }
  }, 300_000);

  it('is found by the CLI through the data folder; a restore is put in place by its next start', async () => {
    const mesh = start();
    await mesh.says(/The service\s+(http:\S+)/);
    expect(await cli('instances')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^guestbook .*healthy/m) });
    const archive = join(folder, 'backup.tar');
    expect((await cli('backup', archive)).code).toBe(0);
    expect(await cli('provision', '--definition=hello', 'ada', 'after')).toMatchObject({ code: 0 });
    expect(await cli('restore', '--replace', archive)).toMatchObject({ code: 0 });
    await mesh.says(/Starting again: .*\n(.*\n)*Restored from a backup; what was there before is in .*before-restore-1/);
    await mesh.says(/(^ready (.*\n)*){2}/m);
    const { stdout } = await cli('requests');
    expect(stdout).toMatch(/succeeded +guestbook/);
    expect(stdout).not.toContain('after');
    expect(await cli('instances', 'guestbook')).toMatchObject({ code: 0, stdout: expect.stringContaining('status: present') });
    expect(await cli('instances', 'after')).toMatchObject({ code: 1, stderr: expect.stringContaining('(not-found)') });
  }, 300_000);

  const isRoot = process.getuid?.() === 0;
  const notRoot = isRoot ? '' : ' (skipped: not root, which alone gives instances users of their own)';
  (isRoot ? it : it.skip)(
    `says who runs what where other users may not pass${notRoot}`,
    async () => {
      const closed = join(folder, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const mesh = start(['--no-sample', '--data', join(closed, 'data')]);
      await mesh.says(/^ready /m);
      expect(mesh.output).toMatch(new RegExp(`can't pass .*, so what is provisioned runs as root here`));
      expect(await mesh.interrupt()).toBe(0);
    },
    120_000,
  );

  it('killed with -9, everything of it, leaves the service running and adopts it again', async () => {
    const first = start();
    const [, url] = await first.says(/The service\s+(http:\S+)/);
    const before = processesIn(data);
    await killAll(first);
    expect((await fetch(url!)).status).toBe(200);
    const second = start();
    await second.says(/nothing to provision/);
    await second.says(/The service/);
    expect((await fetch(url!)).status).toBe(200);
    await runsAsBefore(before);
  }, 300_000);

  it('killed with -9 in the middle of the sample, goes on with it', async () => {
    const first = start();
    await first.says(/Provisioning the sample/);
    while ((await client().requests.list()).items.length === 0) await sleep(10);
    await killAll(first);
    const second = start();
    await second.says(/The service/);
    const { items } = await client().requests.list();
    expect(items).toMatchObject([{ instanceId: 'guestbook', status: 'succeeded' }]);
  }, 300_000);

  it('stays up when the sample can’t go on, and says why and what to do', async () => {
    const first = start(['--no-sample']);
    await first.says(/^ready /m);
    await client().environments.pause('default');
    expect(await first.interrupt()).toBe(0);

    const second = start();
    await second.says(
      /WARNING: The sample service has to wait: Dispatching is paused in the environment default\.\nThe mesh goes on/,
    );
    await second.says(/^Ctrl-C stops/m);
    expect(second.output).not.toContain('The service');
    await killAll(second);

    const third = start();
    await third.says(/is under way \(.*, queued\); waiting for it/);
    await third.says(/^Ctrl-C stops/m);
    const commands = [...third.output.matchAll(/^ {2}(npx slipway .*(?:requests|resume) .*)$/gm)].map(([, command]) => command!);
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(typed(command)).toMatchObject({ status: 0 });
    const { items } = await client().requests.list();
    expect(items).toHaveLength(1);
    expect((await client().wait(items[0]!.id)).status).toBe('succeeded');
    expect(typed(`npx slipway --data=${data} logs ${items[0]!.id}`)).toMatchObject({ status: 0 });
  }, 300_000);

  it('stays up when a read model has stopped, and is mended by the command that it prints', async () => {
    const first = start(['--no-sample']);
    await first.says(/^ready /m);
    expect(await first.interrupt()).toBe(0);
    await recordNonsense();

    const second = start(['--no-sample']);
    await second.says(/WARNING: .* answers, but is not ready\. The mesh stays up/);
    await second.says(/npx slipway .* doctor$/m);
    const commands = [...second.output.matchAll(/^ {2}(npx slipway .*views skip .*)$/gm)].map(([, command]) => command!);
    expect(commands.length).toBeGreaterThan(0);
    expect(second.output).toMatch(/^ {2}views: .* has stopped: /m);
    expect(second.output).not.toMatch(/^ready /m);
    // As long as another has stopped, skipping one is answered with code 1.
    expect(commands.map((command) => typed(command).status).at(-1)).toBe(0);
    await second.says(/^ready /m);
    expect(await second.interrupt()).toBe(0);
  }, 300_000);

  it('tells the address that it really has: of any port, on all addresses, also after the gateway was started again', async () => {
    const mesh = start(['--no-sample', '--processes', '--port', '0'], { SLIPWAY_LISTEN: '0.0.0.0' });
    const [, url] = await mesh.says(/^ready (http:\/\/127\.0\.0\.1:[1-9]\d+)$/m);
    expect((await fetch(`${url}/api/v1/health/ready`)).status).toBe(200);
    expect(await cli('status')).toMatchObject({ code: 0 });
    process.kill(processOf(data, 'gateway'), 'SIGKILL');
    const [, again] = await mesh.says(/^The gateway is at (http:\/\/127\.0\.0\.1:[1-9]\d+) now\.$/m);
    expect(readFileSync(join(data, 'run/gateway.url'), 'utf8')).toBe(again);
    expect((await fetch(`${again}/api/v1/health/live`)).status).toBe(200);
    expect(await mesh.interrupt()).toBe(0);
  }, 120_000);

  it('starts the profile test', async () => {
    const nats = await startNatsServer();
    try {
      const token = join(folder, 'token');
      writeFileSync(token, nats.token, { mode: 0o600 });
      const mesh = start(['--profile', 'test', '--no-sample'], {
        NATS_URL: nats.url,
        SLIPWAY_NATS_TOKEN_FILE: token,
        SLIPWAY_EVENT_LOG: 'sqlite',
      });
      await mesh.says(new RegExp(`^ready http://127\\.0\\.0\\.1:${port}$`, 'm'));
      expect(await client().info()).toMatchObject({ profile: 'test' });
      expect(await mesh.interrupt()).toBe(0);
    } finally {
      await nats.remove();
    }
  }, 120_000);

  const openssl = spawnSync('openssl', ['version']).status === 0;
  const noOpenssl = openssl ? '' : ' (skipped: no openssl to make a certificate)';
  (openssl ? it : it.skip)(
    `speaks HTTPS with the sample and the CLI when it has a certificate${noOpenssl}`,
    async () => {
      const mesh = start([], { SLIPWAY_CONFIG: withTls('localhost,IP:127.0.0.1') });
      await mesh.says(new RegExp(`^ready https://127\\.0\\.0\\.1:${port}$`, 'm'));
      await mesh.says(/The service\s+(http:\S+)/);
      await mesh.says(/^Ctrl-C stops/m);
      const [, command] = /^ {2}(NODE_EXTRA_CA_CERTS=\S+ npx slipway .*instances)$/m.exec(mesh.output)!;
      expect(typed(command!)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^guestbook .*healthy/m) });
      expect(await mesh.interrupt()).toBe(0);
    },
    300_000,
  );

  (openssl ? it : it.skip)(
    `stays up with a certificate that it can't trust, and says so${noOpenssl}`,
    async () => {
      const mesh = start([], { SLIPWAY_CONFIG: withTls('elsewhere.example') });
      await mesh.says(/WARNING: .* is not trusted at https:\S+ \(ERR_TLS_CERT_ALTNAME_INVALID\).*NODE_EXTRA_CA_CERTS/);
      await mesh.says(/^Ctrl-C stops/m);
      expect(mesh.output).not.toContain('Provisioning');
      expect(await mesh.interrupt()).toBe(0);
    },
    120_000,
  );

  it('names a port that is taken before it starts anything', async () => {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const refused = start();
    const code = await refused.end();
    server.close();
    expect(code).toBe(1);
    expect(refused.output).toMatch(new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken\\.\\n.*--port.*\\n$`));
    expect(existsSync(join(data, 'log'))).toBe(false);
  }, 60_000);

  it('refuses a second mesh on the same data, and bad options, with the way out', async () => {
    const first = start(['--no-sample']);
    await first.says(/^ready /m);
    for (const other of [port, await freePort()]) {
      const second = new Start(['--data', data, '--port', String(other), '--no-sample']);
      expect(await second.end()).toBe(1);
      expect(second.output).toContain(`Slipway already runs here: http://127.0.0.1:${port} (process ${supervisorOf(data)})\n`);
      expect(second.output).not.toContain('is taken');
      const [, look] = await second.says(/^ {2}(npx slipway .*status)$/m);
      expect(typed(look!)).toMatchObject({ status: 0 });
      expect(second.output).toMatch(/Ctrl-C .*--data/);
    }
    const third = start(['--prot', '1']);
    expect(await third.end()).toBe(2);
    expect(third.output).toContain('--help');
    const help = start(['--help']);
    expect(await help.end()).toBe(0);
    for (const option of ['--data', '--port', '--no-sample', '--processes', '--detach', '--yes', 'SLIPWAY_DATA', 'SLIPWAY_PORT'])
      expect(help.output).toContain(option);
    expect((await client().instances.list()).items).toEqual([]);
  }, 120_000);

  it('starts a service again that dies', async () => {
    const mesh = start(['--no-sample', '--processes']);
    await mesh.says(/^ready /m);
    const pid = processOf(data, 'orchestrator');
    process.kill(pid, 'SIGKILL');
    await mesh.says(/orchestrator ended \(SIGKILL\)/);
    await mesh.says(/orchestrator is back/);
    for (let tries = 0; tries < 200 && !(await client().ready()).ready; tries++) await sleep(50);
    expect((await client().ready()).ready).toBe(true);
  }, 120_000);
});

/** Process id of the host of one service of the mesh with this data folder. */
function processOf(data: string, service: string): number {
  return childrenOf(supervisorOf(data)).find((pid) => commandOf(pid).split('\0').includes(service))!;
}

const supervisorOf = (data: string): number => Number(readFileSync(join(data, 'run/slipwayd.pid'), 'utf8'));
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

/** Also not when it has ended and nobody has asked how. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
