import { join } from 'node:path';
import { become, LOOPBACK, type ServerProgram, type ServerRecord } from '../../server/own-server.js';
import { programsWith } from './programs.js';

/** The role of our own server that has all rights. It may come through the socket only. */
export const SUPERUSER = 'slipway';

const CONNECTIONS = 300;
const STOP_SECONDS = 60;
const NO_SIGNAL = { signal: undefined };

/** Who may come how, always with a password: over loopback everybody but ourselves, and only into databases that were made. */
const HBA = `local all all scram-sha-256
host all ${SUPERUSER} all reject
host postgres,template1 all all reject
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

/** Statements stand in no log: they may hold what a schema brings along. */
const settings = (port: number): string => `listen_addresses = '${LOOPBACK}'
port = ${port}
unix_socket_directories = '../run'
unix_socket_permissions = 0700
password_encryption = scram-sha-256
max_connections = ${CONNECTIONS}
shared_buffers = 64MB
log_min_error_statement = panic
logging_collector = on
log_directory = '../log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
`;

/** PostgreSQL as Debian packages it. */
export const postgresProgram: ServerProgram = {
  kind: 'postgres',
  packageName: 'postgresql',
  userName: 'postgres',

  find: ({ filesystem }) => programsWith(filesystem, 'initdb'),

  async initialise(home, { port, user, programs }, password, { command, filesystem }) {
    const data = join(home, 'data');
    // In the folder of its own user, who is the one that reads it.
    const passwordFile = join(home, 'run', 'password');
    await filesystem.writeFile(passwordFile, password, { mode: 0o600 });
    if (user) await filesystem.chown(passwordFile, user.uid, user.gid);
    const asked = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', `--username=${SUPERUSER}`];
    await command.execOrThrow(
      [...become(user), join(programs, 'initdb'), `--pgdata=${data}`, `--pwfile=${passwordFile}`, '--no-instructions', ...asked],
      { timeoutMs: 300_000 },
    );
    await filesystem.remove(passwordFile);
    for (const [name, content] of Object.entries({ 'pg_hba.conf': HBA, 'postgresql.auto.conf': settings(port) })) {
      await filesystem.writeFile(join(data, name), content, { mode: 0o600 });
      if (user) await filesystem.chown(join(data, name), user.uid, user.gid);
    }
  },

  command: (home, { programs }) => [join(programs, 'postgres'), '-D', join(home, 'data')],

  async answers(home, { programs, port }, { command }) {
    const asked = [`--host=${join(home, 'run')}`, `--port=${port}`, '--timeout=5', '--quiet'];
    return (await command.exec([join(programs, 'pg_isready'), ...asked], NO_SIGNAL)).exitCode === 0;
  },

  async stop(home, { programs, user }, { command }) {
    const stopping = [
      join(programs, 'pg_ctl'),
      'stop',
      `--pgdata=${join(home, 'data')}`,
      `--timeout=${STOP_SECONDS}`,
      '--silent',
    ];
    const by = (mode: string) =>
      command.exec([...become(user), ...stopping, `--mode=${mode}`], { ...NO_SIGNAL, timeoutMs: 2 * STOP_SECONDS * 1000 });
    // Without a checkpoint when it takes too long: the next start recovers.
    if ((await by('fast')).exitCode !== 0) await by('immediate');
  },
};

/** How we reach our own server: through the socket, which nobody else can take the place of. */
export const socketOf = (home: string, { port, programs }: ServerRecord) => ({ host: join(home, 'run'), port, programs });
