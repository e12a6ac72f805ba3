import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SshConnection, sshCommand, type HostKey, type HostKeys } from '@slipway/interfaces';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { atLeast, beside, type Figure } from './figure.js';
import { requireFiles, Skipped } from './skipped.js';

const BENCH = 'ssh';
const PLAYBOOK = '/usr/bin/ansible-playbook';
/** sshd instances that are started at a time. */
const STARTED_AT_ONCE = 10;

export const sshNotes = {
  about:
    'Programs at hosts over SSH: 50 `sshd` instances on this machine, 20 times `/bin/true` at each, one after the other at a host and all hosts at once, from ' +
    'nothing: connections are opened and then used again on both sides. Beside Ansible (Debian: `ansible-core`): one play of 20 tasks of the module `command`, or of ' +
    '`raw`, which needs no Python at the host; `strategy: free`, 50 forks, pipelining, ControlPersist, no facts gathered. A rate is all commands by all the time.',
  notMeasured:
    'A way that is long: all hosts share the two cores that also ask them, so the time is mostly what `sshd` and the program take, or Python. What Ansible’s modules do ' +
    'besides running a program.',
};

/** Commands a second, ours and Ansible's. */
export async function sshBench({ short }: { short: boolean }): Promise<Figure[]> {
  requireFiles({ [PLAYBOOK]: 'ansible-core' });
  const missing = whyNoSshServer();
  if (missing !== undefined) throw new Skipped(missing);
  const [hosts, commands] = short ? [4, 4] : [50, 20];
  const servers: TestSshServer[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-ssh-'));
  try {
    while (servers.length < hosts) {
      const missingYet = Math.min(STARTED_AT_ONCE, hosts - servers.length);
      servers.push(...(await Promise.all(Array.from({ length: missingYet }, () => startSshServer()))));
    }
    const count = hosts * commands;
    const own = count / (await ours(servers, commands));
    const theirs = count / ansible('command', servers, commands, folder);
    const raw = count / ansible('raw', servers, commands, folder);
    const again = count / (await ours(servers, commands));
    const rate = (own + again) / 2;
    return [
      atLeast(BENCH, 'commands, times as many a second as Ansible’s command', rate / theirs, 3),
      beside(BENCH, 'commands, times as many a second as Ansible’s raw', rate / raw, 'ratio'),
      beside(BENCH, 'commands, ours', rate, '/s'),
      beside(BENCH, 'commands, Ansible’s command', theirs, '/s'),
      beside(BENCH, 'commands, Ansible’s raw', raw, '/s'),
    ];
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds. */
async function ours(servers: readonly TestSshServer[], commands: number): Promise<number> {
  const pinned = new Map<string, HostKey>();
  const keys: HostKeys = {
    known: async (host) => pinned.get(host),
    pin: async (host, key) => (pinned.set(host, key), key),
  };
  const began = performance.now();
  const connections = servers.map((server) => new SshConnection(server, keys));
  const atHost = async (connection: SshConnection) => {
    const command = sshCommand(connection);
    for (let done = 0; done < commands; done += 1) await command.execOrThrow(['/bin/true']);
  };
  await Promise.all(connections.map(atHost));
  const seconds = (performance.now() - began) / 1_000;
  await Promise.all(connections.map((connection) => connection.close()));
  return seconds;
}

/** Seconds. */
function ansible(module: 'command' | 'raw', servers: readonly TestSshServer[], commands: number, folder: string): number {
  const hosts = servers.map(({ address, port, user, privateKey }, index) => {
    const key = join(folder, `key-${index}`);
    writeFileSync(key, privateKey, { mode: 0o600 });
    return `host-${index} ansible_host=${address} ansible_port=${port} ansible_user=${user} ansible_ssh_private_key_file=${key}`;
  });
  writeFileSync(join(folder, 'hosts'), `[all]\n${hosts.join('\n')}\n`);
  const tasks = Array.from({ length: commands }, () => ({ [`ansible.builtin.${module}`]: '/bin/true', changed_when: false }));
  const play = [{ hosts: 'all', gather_facts: false, strategy: 'free', tasks }];
  writeFileSync(join(folder, 'play.yaml'), JSON.stringify(play));
  writeFileSync(join(folder, 'ansible.cfg'), '');
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_FORKS: '50',
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_HOST_KEY_CHECKING: 'false',
    ANSIBLE_DISPLAY_OK_HOSTS: 'false',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(folder, module),
    ANSIBLE_SSH_ARGS: '-C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR',
  };
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(PLAYBOOK, ['-i', join(folder, 'hosts'), join(folder, 'play.yaml')], {
    env,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
    timeout: 1_800_000,
  });
  const seconds = (performance.now() - began) / 1_000;
  const done = [...stdout.matchAll(/^host-\d+\s+: ok=(\d+)\s+changed=0\s+unreachable=0\s+failed=0/gm)].map(([, ok]) =>
    Number(ok),
  );
  if (status !== 0 || done.length !== servers.length || done.some((ok) => ok !== commands)) {
    throw new Error(`ansible-playbook ended with ${status}: ${`${stdout}${stderr}`.slice(-2_000)}`);
  }
  return seconds;
}
