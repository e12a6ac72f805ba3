import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../port.js';
import type { Program } from '../supervisor/child.js';
import type { DataFolder } from '../data-folder.js';

export interface OwnNats {
  program: Program;
  url: string;
  tokenFile: string;
  pidFile: string;
}

/**
 * A nats-server of our own: on loopback, behind a token that the first start makes (a file of mode 0600: never an
 * argument), with JetStream in the data folder. It ends with its supervisor, however that ends (PR_SET_PDEATHSIG).
 */
export async function ownNats(data: DataFolder, executable: string): Promise<OwnNats> {
  const folder = join(data.path, 'nats');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tokenFile = join(folder, 'token');
  if (!existsSync(tokenFile)) writeFileSync(tokenFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const port = await freePort('127.0.0.1');
  const pidFile = join(data.run, 'nats-server.pid');
  const configuration = join(folder, 'server.conf');
  const text = JSON.stringify(
    {
      listen: `127.0.0.1:${port}`,
      authorization: { token: readFileSync(tokenFile, 'utf8') },
      jetstream: { store_dir: join(folder, 'jetstream') },
      max_payload: 1024 * 1024,
      pid_file: pidFile,
    },
    null,
    2,
  );
  writeFileSync(configuration, text, { mode: 0o600 });
  const server: [string, ...string[]] = [executable, '--config', configuration];
  return {
    program: {
      name: 'nats-server',
      command: process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--', ...server] : server,
      env: { PATH: process.env.PATH },
      logFile: join(data.logs, 'nats-server.log'),
      channel: false,
    },
    url: `nats://127.0.0.1:${port}`,
    tokenFile,
    pidFile,
  };
}

/** Resolves once the server greets (`INFO …`); throws after `ms` milliseconds, naming its log. */
export async function waitForNats(nats: OwnNats, ms = 10_000): Promise<void> {
  const { hostname, port } = new URL(nats.url);
  const until = Date.now() + ms;
  while (Date.now() < until) {
    if (await greets(hostname, Number(port))) return;
    await sleep(20);
  }
  throw new Error(`nats-server does not answer on ${nats.url}; see ${nats.program.logFile}`);
}

const greets = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => done(bytes.toString().startsWith('INFO')));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
