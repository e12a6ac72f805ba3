import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { SecretRef } from '@slipway/secrets';
import { until, type DriverContext } from '@slipway/provisioner';

export const LOOPBACK = '127.0.0.1';

/** The user that a server runs as; `null` for that of Slipway. */
export type ServerUser = { uid: number; gid: number } | null;

/** What was decided when a server was made, kept beside its data: enough to run it again. */
export interface ServerRecord {
  port: number;
  user: ServerUser;
  /** Of the role with all rights. */
  superuser: SecretRef;
  /** Folder of the programs that made its data. */
  programs: string;
}

/** What a kind of server brings to {@link OwnServer}. */
export interface ServerProgram {
  kind: string;
  /** What to install where the programs are missing. */
  packageName: string;
  /** Who it runs as where Slipway is root: the user that the package brings along. */
  userName: string;
  /** Folder of the newest programs at the place. */
  find(context: DriverContext): Promise<string | undefined>;
  /** Makes a new server's data in `<home>/data`. The folder is the user's, `home` will be renamed afterwards. */
  initialise(home: string, record: ServerRecord, password: string, context: DriverContext): Promise<void>;
  /** Program and arguments; its working folder is `home`. */
  command(home: string, record: ServerRecord): string[];
  /** Whether it answers. */
  answers(home: string, record: ServerRecord, context: DriverContext): Promise<boolean>;
  /** Asks it to end; nothing when it does not run. */
  stop(home: string, record: ServerRecord, context: DriverContext): Promise<void>;
}

/** Ports that servers get: above those of instances, below those that Linux gives to outgoing connections. */
const PORTS = { from: 25_000, to: 29_999 };
/** A loaded machine may take its time over a first start, or over the recovery after a crash. */
const PATIENCE_MS = 120_000;
/** One may meet another that is just ending. */
const STARTS = 3;
const START_AGAIN_MS = 100;
const TAKES_LOCK_MS = 5_000;
const LOCKED = 75;
/** Not with the step's signal: a server is everybody's. */
const UNCANCELLED = { signal: undefined };

/**
 * A database server of our own at a place, in `<root>/server`: made and started when it is first needed, on a Unix socket in
 * a folder that only it and we can enter, and on loopback. It outlives us, and is found again by the lock that it holds.
 */
export class OwnServer {
  constructor(private readonly program: ServerProgram) {}

  /** Folder of the server at a place. */
  home({ root }: Pick<DriverContext, 'root'>): string {
    return join(root, 'server');
  }

  async record({ filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>): Promise<ServerRecord | undefined> {
    const text = await filesystem.readFile(join(this.home({ root }), 'server.json'));
    return text ? (JSON.parse(text.toString('utf8')) as ServerRecord) : undefined;
  }

  /** Makes it when it was never there, starts it when it does not run. */
  async start(context: DriverContext): Promise<ServerRecord> {
    const record = (await this.record(context)) ?? (await this.#make(context));
    const home = this.home(context);
    let starts = 0;
    const answers = await until(
      context,
      PATIENCE_MS,
      async () => {
        if (await this.program.answers(home, record, context)) return true;
        // What is left of one that was killed may hold its lock for a moment.
        if (await this.running(context)) return false;
        if (starts === STARTS) throw await this.#failed(home, context);
        starts += 1;
        context.log(`Starting ${this.program.kind} in ${home}`);
        await this.#spawn(home, record, context);
        return false;
      },
      { firstPauseMs: START_AGAIN_MS },
    );
    if (!answers) throw await this.#failed(home, context);
    return record;
  }

  /** Whether it holds its lock. */
  async running(context: DriverContext): Promise<boolean> {
    const lock = this.#lock(context);
    if ((await context.filesystem.stat(lock)) === null) return false;
    // Shared: two who look do not take each other for the server.
    const looking = ['flock', '--shared', '--nonblock', '--conflict-exit-code', String(LOCKED), lock, 'true'];
    return (await context.command.exec(looking, UNCANCELLED)).exitCode === LOCKED;
  }

  /** Brings it back when it was made once and does not run. */
  async keep(context: DriverContext): Promise<void> {
    if ((await this.record(context)) && !(await this.running(context))) await this.start(context);
  }

  /** Ends it, connections and all; nothing when it does not run. */
  async end(context: DriverContext): Promise<void> {
    const record = await this.record(context);
    if (!record || !(await this.running(context))) return;
    await this.program.stop(this.home(context), record, context);
    const ended = await until(context, PATIENCE_MS, async () => !(await this.running(context)), { uncancelled: true });
    if (!ended) throw new SlipwayError('driver-failed', `${this.program.kind} in ${this.home(context)} could not be ended`);
  }

  async #make(context: DriverContext): Promise<ServerRecord> {
    const { filesystem, root, secrets, progress } = context;
    const { kind } = this.program;
    const programs = await this.program.find(context);
    if (programs === undefined) throw this.#missing();
    progress(0.15, `Making a ${kind} server of our own (once)`);
    const id = createHash('sha256').update(root).digest('hex').slice(0, 12);
    const user = await this.#user(context);
    const superuser = await secrets.ensure(`servers/${kind}-${id}/superuser`);
    const record: ServerRecord = { port: await freePort(id), user, superuser, programs };
    const staging = join(root, `.server.${randomBytes(6).toString('hex')}.staging`);
    try {
      await filesystem.mkdir(staging, { mode: 0o711 });
      for (const name of ['data', 'run', 'log']) {
        await filesystem.mkdir(join(staging, name), { mode: 0o700 });
        if (user) await filesystem.chown(join(staging, name), user.uid, user.gid);
      }
      await this.program.initialise(staging, record, await secrets.read(superuser), context);
      await filesystem.writeFile(join(staging, 'lock'), '', { mode: 0o600 });
      await filesystem.writeFile(join(staging, 'server.json'), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
      await filesystem.rename(staging, this.home(context));
    } catch (error) {
      await filesystem.remove(staging);
      // Somebody else was faster, and has swept ours.
      const there = await this.record(context);
      if (there) return there;
      throw error;
    }
    for (const name of await filesystem.list(root)) if (name.endsWith('.staging')) await filesystem.remove(join(root, name));
    return record;
  }

  /** Where Slipway is root: the package's own user, which has to get to the place. */
  async #user({ command, root }: DriverContext): Promise<ServerUser> {
    if (Number((await command.execOrThrow(['id', '-u'])).stdout) !== 0) return null;
    const { userName, kind } = this.program;
    const [, , uid, gid] = (await command.exec(['getent', 'passwd', userName])).stdout.split(':');
    if (!uid || !gid) throw this.#missing();
    const user = { uid: Number(uid), gid: Number(gid) };
    if ((await command.exec([...become(user), 'test', '-x', root])).exitCode === 0) return user;
    throw new SlipwayError(
      'driver-unavailable',
      `${kind} does not run as root, and its user ${userName} cannot reach ${root}: put the data folder (SLIPWAY_DATA) where every folder above it may be passed through`,
    );
  }

  async #spawn(home: string, record: ServerRecord, context: DriverContext): Promise<void> {
    if ((await context.filesystem.stat(record.programs)) === null) {
      throw new SlipwayError(
        'driver-unavailable',
        `The ${this.program.kind} server in ${home} was made by the programs in ${record.programs}, which are gone: install them again (Debian: apt-get install ${this.program.packageName})`,
      );
    }
    const running = [...become(record.user), ...this.program.command(home, record)];
    await context.command.spawnDetached([...locking(this.#lock(context)), ...running], {
      cwd: home,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
      logFile: join(home, 'output.log'),
    });
    // It takes its lock at once, unless it ends at once: what it says then is told by who asks whether it answers.
    await until(context, TAKES_LOCK_MS, () => this.running(context));
  }

  async #failed(home: string, { command }: DriverContext): Promise<SlipwayError> {
    const [newest] = (await command.exec(['ls', '-t', join(home, 'log')], UNCANCELLED)).stdout.split('\n');
    const files = ['output.log', ...(newest ? [join('log', newest)] : [])].map((file) => join(home, file));
    const { stdout } = await command.exec(['tail', '--quiet', '--bytes=1000', ...files], UNCANCELLED);
    const said = stdout.trim();
    return new SlipwayError('driver-failed', `${this.program.kind} in ${home} does not run${said ? `: ${said}` : ''}`);
  }

  #missing(): SlipwayError {
    const { kind, packageName } = this.program;
    return new SlipwayError(
      'driver-unavailable',
      `There is no ${kind} on this machine: install it (Debian: apt-get install ${packageName}), or name a server in databases.${kind}.server of the configuration`,
      { package: packageName },
    );
  }

  #lock(context: DriverContext): string {
    return join(this.home(context), 'lock');
  }
}

/** The program that follows holds the lock as long as it lives. It waits a moment for it: somebody may just look. */
const locking = (lock: string): string[] => [
  'flock',
  '--timeout',
  '0.5',
  '--conflict-exit-code',
  String(LOCKED),
  '--no-fork',
  lock,
];

/** The program that follows runs as that user, with no way to more. */
export const become = (user: ServerUser): string[] =>
  user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs', '--'] : [];

/** A port that nobody listens on; the first one that is looked at depends on the place. */
async function freePort(seed: string): Promise<number> {
  const size = PORTS.to - PORTS.from + 1;
  const first = parseInt(seed.slice(0, 8), 16);
  for (let step = 0; step < size; step += 1) {
    const port = PORTS.from + ((first + step) % size);
    if (await isFree(port)) return port;
  }
  throw new SlipwayError('driver-failed', `No port of ${PORTS.from}-${PORTS.to} is free`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
