import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { until, type DriverContext } from '@slipway/provisioner';
import type { InstanceRecord } from './record.js';
import type { Supervision } from './settings.js';

/** What the supervisor says of itself, in `run/state`. */
export interface SupervisorState {
  /** `failed`: it ended, and is not started again. */
  phase: 'running' | 'waiting' | 'stopped' | 'failed';
  /** Of the app's process group; undefined while it waits. */
  pid?: number;
  restarts: number;
  /** How the last run ended; 128 and more: by signal. */
  exit?: number;
  /** Milliseconds since the epoch since when this phase holds, by the clock of the place. */
  since: number;
  /** Of the wait, or of the next one. */
  delayMs: number;
}

/** How long a supervisor may take until it has its lock, and to leave when it is killed. */
const PATIENCE_MS = 20_000;
const LOCKED = 75;
/** Not with the step's signal: to end a sweep half-way helps nobody. */
const UNCANCELLED = { signal: undefined };
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/**
 * The small shell program (`shim/supervise.sh`) that keeps an instance running. Whether it runs is said by the lock it holds,
 * not by process ids. `folder`: where the instance's files are now; `home`: under what name it was started.
 */
export class Supervisor {
  constructor(
    private readonly context: DriverContext,
    private readonly home: string,
    private readonly folder: string = home,
  ) {}

  async running(): Promise<boolean> {
    if ((await this.context.filesystem.stat(this.#lock)) === null) return false;
    const { exitCode } = await this.#underLock(['true']);
    return exitCode === LOCKED;
  }

  /** Starts it unless it runs. It outlives us. */
  async start(record: InstanceRecord, node: string, settings: Supervision): Promise<void> {
    // One that has given up is on its way out.
    const gone = async () => (await this.state())?.phase !== 'failed' || !(await this.running());
    await until(this.context, PATIENCE_MS, gone);
    if (await this.running()) return;
    await this.#forgive();
    const { steadySeconds, graceSeconds, logBytes } = settings;
    const { attempts, firstMs, longestMs } = restartsOf(record, settings);
    const numbers = [record.uid ?? '-', firstMs, longestMs, steadySeconds, graceSeconds, logBytes, attempts];
    const logFile = join(this.folder, 'log', 'supervisor.log');
    await this.context.command.spawnDetached(['sh', './supervise.sh', this.home, node, ...numbers.map(String)], {
      cwd: this.folder,
      env: ENVIRONMENT,
      logFile,
    });
    // No longer when the folder is gone: then none will come. A step that is cancelled waits too: who ends what runs has to
    // find it.
    const stands = async () => (await this.context.filesystem.stat(this.#functions)) !== null;
    const come = async () => (await this.#process()) !== null || !(await stands());
    await until(this.context, PATIENCE_MS, come, { uncancelled: true });
    if ((await this.#process()) !== null) return;
    const said = (await this.context.filesystem.readFile(logFile))?.toString('utf8').trim().slice(-500);
    throw new SlipwayError('driver-failed', `The supervisor did not start${said ? `: ${said}` : ''}`);
  }

  async state(): Promise<SupervisorState | null> {
    const text = (await this.context.filesystem.readFile(join(this.folder, 'run', 'state')))?.toString('utf8');
    if (!text) return null;
    const values = Object.fromEntries(text.split('\n').map((line) => line.split('=', 2) as [string, string]));
    return {
      phase: values.phase as SupervisorState['phase'],
      ...(values.pid && { pid: Number(values.pid) }),
      restarts: Number(values.restarts),
      ...(values.exit && { exit: Number(values.exit) }),
      since: Number(values.since) * 1000,
      delayMs: Number(values.delay),
    };
  }

  /**
   * Ends supervisor and app, politely at first; when it resolves nothing of this instance runs. Not cut short by the step's
   * signal: a half-ended instance helps nobody. Throws `driver-failed` when something cannot be ended.
   */
  async end(uid: number | null, settings: Supervision): Promise<void> {
    const { clock, filesystem } = this.context;
    if ((await filesystem.stat(this.#functions)) === null) return;
    const polite = clock.now() + (settings.graceSeconds + 3) * 1000;
    const asked = new Set<string>();
    const ended = await until(
      this.context,
      settings.graceSeconds * 1000 + PATIENCE_MS,
      async () => {
        const supervisor = await this.#process();
        if (supervisor === null) return this.#sweep(uid);
        const signal = clock.now() < polite ? 'TERM' : 'KILL';
        const asking = `${signal} ${supervisor.join(' ')}`;
        if (!asked.has(asking)) await this.#signal(signal, supervisor);
        asked.add(asking);
        return false;
      },
      { uncancelled: true },
    );
    await this.#forgive();
    if (!ended) throw new SlipwayError('driver-failed', `What runs in ${this.folder} could not be ended`);
  }

  /** What had failed was ended by somebody, or is wanted again: it may be started. */
  async #forgive(): Promise<void> {
    const path = join(this.folder, 'run', 'state');
    const text = (await this.context.filesystem.readFile(path))?.toString('utf8');
    if (!text?.startsWith('phase=failed\n')) return;
    await this.context.filesystem.writeFile(path, text.replace('failed', 'stopped'), { mode: 0o600 });
  }

  /** Ends what an earlier supervisor left, with the lock in our hand so that no other starts anything. False: one has it. */
  async #sweep(uid: number | null): Promise<boolean> {
    const script = '. "$0"; sweep "$1" "$2"';
    const { exitCode } = await this.#underLock(['sh', '-c', script, this.#functions, this.home, String(uid ?? '-')]);
    return exitCode !== LOCKED;
  }

  /** Process id and start time of the supervisor that wrote them last, if it still runs. */
  async #process(): Promise<[pid: string, started: string] | null> {
    const { filesystem } = this.context;
    const text = (await filesystem.readFile(join(this.folder, 'run', 'supervisor')))?.toString('utf8') ?? '';
    const [, pid, started] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
    if (pid === undefined || started === undefined) return null;
    const stat = (await filesystem.readFile(`/proc/${pid}/stat`).catch(() => null))?.toString('utf8') ?? '';
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' '); // from the third on: proc_pid_stat(5)
    return fields[0] !== 'Z' && fields[19] === started ? [pid, started] : null;
  }

  /** The shell looks once more at the start time: its number may have gone to another process meanwhile. */
  async #signal(name: 'TERM' | 'KILL', [pid, started]: [string, string]): Promise<void> {
    const command = ['sh', '-c', '. "$0"; signal "$1" "$2" "$3"', this.#functions, name, pid, started];
    await this.context.command.exec(command, UNCANCELLED);
  }

  #underLock(command: string[]) {
    const locking = ['flock', '--nonblock', '--conflict-exit-code', String(LOCKED), this.#lock];
    return this.context.command.exec([...locking, ...command], UNCANCELLED);
  }

  get #lock(): string {
    return join(this.folder, 'run', 'lock');
  }

  get #functions(): string {
    return join(this.folder, 'processes.sh');
  }
}

/** How often it is started again in a row (`-`: without end), and after how long, by what its definition says. */
function restartsOf({ onFailure = {} }: InstanceRecord, { firstBackoffMs, longestBackoffMs }: Supervision) {
  const { action = 'restart', limit, backoffSeconds, longestBackoffSeconds } = onFailure;
  const ms = (seconds: number | undefined, otherwise: number) =>
    seconds === undefined ? otherwise : Math.round(seconds * 1_000);
  const firstMs = ms(backoffSeconds, firstBackoffMs);
  return {
    attempts: action === 'restart' ? (limit ?? '-') : 0,
    firstMs,
    longestMs: Math.max(firstMs, ms(longestBackoffSeconds, longestBackoffMs)),
  };
}
