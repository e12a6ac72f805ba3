import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import { become, LOOPBACK, type ServerProgram } from '../../server/own-server.js';
import { nativeHash } from './client.js';

/** The user of our own server that has all rights. It may come through the socket only. */
export const SUPERUSER = 'slipway';

const NO_SIGNAL = { signal: undefined };
const FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin'];

/** The folder that has a program, or `undefined`. */
export async function folderOf(program: string, { filesystem }: { filesystem: Filesystem }): Promise<string | undefined> {
  for (const folder of FOLDERS) if ((await filesystem.stat(join(folder, program))) !== null) return folder;
  return undefined;
}

export const socketIn = (home: string): string => join(home, 'run', 'mariadb.sock');
const data = (home: string): string => `--datadir=${join(home, 'data')}`;

/** Only we, and only through the socket: with `--skip-name-resolve` nobody who comes by network is `localhost`. */
const beginning = (password: string): string => `
FLUSH PRIVILEGES;
CREATE USER '${SUPERUSER}'@'localhost' IDENTIFIED VIA mysql_native_password USING '${nativeHash(password)}';
GRANT ALL ON *.* TO '${SUPERUSER}'@'localhost' WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE user IN ('root', '');
FLUSH PRIVILEGES;
`;

/** MariaDB as Debian packages it. */
export const mariadbProgram: ServerProgram = {
  kind: 'mariadb',
  packageName: 'mariadb-server',
  userName: 'mysql',

  async find({ filesystem }) {
    const folder = await folderOf('mariadbd', { filesystem });
    return (await folderOf('mariadb-install-db', { filesystem })) && (await folderOf('mariadb', { filesystem })) && folder;
  },

  async initialise(home, { user, programs }, password, { command, filesystem }) {
    const installer = join((await folderOf('mariadb-install-db', { filesystem }))!, 'mariadb-install-db');
    const options = [data(home), '--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
    await command.execOrThrow([...become(user), installer, '--no-defaults', ...options], { timeoutMs: 300_000, cwd: home });
    await command.execOrThrow([...become(user), join(programs, 'mariadbd'), '--no-defaults', '--bootstrap', data(home)], {
      input: beginning(password),
      timeoutMs: 300_000,
      cwd: home,
    });
  },

  command: (home, { programs, port }) => [
    join(programs, 'mariadbd'),
    '--no-defaults',
    data(home),
    `--socket=${socketIn(home)}`,
    `--pid-file=${join(home, 'run', 'mariadbd.pid')}`,
    `--log-error=${join(home, 'log', 'mariadbd.log')}`,
    `--bind-address=${LOOPBACK}`,
    `--port=${port}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--local-infile=0',
    '--max-connections=300',
    '--character-set-server=utf8mb4',
    '--innodb-buffer-pool-size=64M',
  ],

  /** Also who is refused was answered. */
  async answers(home, _record, { command, filesystem }) {
    const program = join((await folderOf('mariadb-admin', { filesystem })) ?? '/usr/bin', 'mariadb-admin');
    const asked = [program, '--no-defaults', `--socket=${socketIn(home)}`, '--connect-timeout=5', 'ping'];
    return (await command.exec(asked, NO_SIGNAL)).exitCode === 0;
  },

  async stop(home, _record, { command, filesystem }) {
    const pid = (await filesystem.readFile(join(home, 'run', 'mariadbd.pid')))?.toString('utf8').trim() ?? '';
    if (!/^\d+$/.test(pid)) return;
    // Its number may have gone to another program.
    const line = await filesystem.readFile(`/proc/${pid}/cmdline`).catch(() => null);
    if (line?.toString('utf8').includes(data(home))) await command.exec(['kill', '-TERM', pid], NO_SIGNAL);
  },
};
