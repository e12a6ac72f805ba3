import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SSHD, answers, childrenOf, ended, kill, sshdSettings, whyNoOtherSshUser } from './ssh-server.js';

/** A machine of a test's own that is reached over SSH: what is begun there ends with it, and its user's home is nobody else's. */
export interface TestSshMachine {
  user: string;
  /** As one that loses its power, for good. */
  stop(): Promise<void>;
}

export interface SshMachineOptions {
  /** On loopback (127.0.0.0/8): of several machines at one port each has its own. */
  addresses: readonly string[];
  port: number;
  /** Private, in OpenSSH's form. */
  hostKey: string;
  /** Lines of authorized_keys. */
  authorizedKeys: readonly string[];
}

/** Why none can be had here; `undefined` when one can. */
export const whyNoSshMachine = (): string | undefined => whyNoOtherSshUser();

/** An `sshd` that is the first process of a namespace of processes. Throws with what it says where it does not start. */
export async function startSshMachine({ addresses, port, hostKey, authorizedKeys }: SshMachineOptions): Promise<TestSshMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-machine-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, 'host_key'), hostKey, { mode: 0o600 });
  writeFileSync(join(folder, 'authorized_keys'), authorizedKeys.map((line) => `${line}\n`).join(''));
  const config = join(folder, 'sshd_config');
  const listen = addresses.map((address) => `${address}:${port}`);
  writeFileSync(config, [...sshdSettings(folder, listen), ''].join('\n'));
  const { username: user, homedir } = userInfo();
  const begin = 'mount --bind "$0" "$1"; shift; exec "$@"';
  const apart = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const sshd = ['sh', '-c', begin, home, homedir, SSHD, '-D', '-e', '-f', config];
  // It ends with whoever runs the test, however that ends.
  const daemon = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...apart, ...sshd], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (!(await answers(addresses[0]!, port, daemon))) {
    await ended(daemon);
    remove();
    throw new Error(`sshd did not start at ${listen.join(', ')}: ${said}`);
  }
  return {
    user,
    async stop() {
      if (daemon.exitCode === null && daemon.signalCode === null) {
        const exit = new Promise((resolve) => daemon.once('exit', resolve));
        // With its first process a namespace ends, and before `unshare` does.
        childrenOf(daemon.pid!).forEach(kill);
        await exit;
      }
      remove();
    },
  };
}
