import { join } from 'node:path';
import { SlipwayError, type OnFailure } from '@slipway/contracts';
import type { Docker } from '@slipway/interfaces';
import type { DriverContext, EngineMarks, GenerationFolder, Identity } from '@slipway/provisioner';
import { assertStands } from '../../furnishing/making.js';
import { specInvalid } from '../../furnishing/placeholders.js';
import { giveBack, handOver } from '../../place/handing-over.js';
import { publishing } from './publishing.js';
import { InstanceImage, type Image } from './image.js';
import { APP, mountArgument } from './mounts.js';
import type { ContainerRecord } from './record.js';

/** What the engine says of a container. */
export interface ContainerState {
  Image: string;
  RestartCount: number;
  Config: { Image: string; Labels: Record<string, string> | null };
  State: {
    Status: string;
    Running: boolean;
    ExitCode: number;
    OOMKilled: boolean;
    Error: string;
    /** RFC 3339, by the engine's clock; `FinishedAt` is when the run before ended, where it runs again. */
    StartedAt: string;
    FinishedAt: string;
  };
}

/** Between SIGTERM and SIGKILL, in seconds. */
const GRACE = 5;
/** File in the instance's folder: who runs in the container, for whom the storages were handed over. */
const USER = 'user';
/** File in the instance's folder: it was asked to end. */
const STOPPED = 'stopped';
const FOR_EVER = 'unless-stopped';
const UNCANCELLED = { signal: undefined, timeoutMs: 60_000 };

/**
 * The container of one generation. Its name at the engine is the generation's, so that of several makers one makes it; whoever
 * has made it looks whether the generation still stands before starting it, and a start never makes one (decision 21).
 */
export class InstanceContainer {
  readonly name: string;
  readonly #image: InstanceImage;

  constructor(
    private readonly docker: Docker,
    private readonly marks: EngineMarks,
    private readonly target: Identity,
    private readonly folder: GenerationFolder,
    private readonly context: DriverContext,
    /** The same engine, for what must not come through from somebody who was stopped and wakes up late. */
    private readonly fenced: Docker,
  ) {
    this.name = marks.nameOf(target);
    this.#image = new InstanceImage(docker, marks, target, context);
  }

  /** `null` when there is none. Throws `foreign` for one that is not ours. */
  async state(): Promise<ContainerState | null> {
    const state = await this.docker.inspect<ContainerState>('container', this.name);
    if (state !== null) this.marks.assertOurs(`container ${this.name}`, state.Config.Labels, this.target);
    return state;
  }

  /** Makes it where there is none, and starts it where it does not run. */
  async start(record: ContainerRecord): Promise<void> {
    let state = await this.state();
    if (state === null) {
      const { name } = await this.#image.stand(record, this.folder.path);
      await this.#networkStands(record);
      await this.#create(record, name);
      state = await this.state();
    }
    if (state?.State.Running) return;
    if (state !== null) await this.#handOver(record, state);
    await assertStands(this.folder);
    this.context.progress(0.6, 'Starting it');
    await this.context.filesystem.remove(join(this.folder.path, STOPPED));
    const started = await this.docker.attempt(['start', this.name]);
    if (started.exitCode === 0) return;
    // With the last container before us its network may have gone.
    if (!/network .* not found/i.test(started.stderr)) throw failed('start', started.stderr);
    await this.#networkStands(record);
    await this.docker.run(['start', this.name]);
  }

  async stop(): Promise<void> {
    const state = await this.state();
    if (state === null || !['running', 'restarting', 'paused'].includes(state.State.Status)) return;
    await this.docker.run(['stop', '--time', String(GRACE), this.name], UNCANCELLED);
    if ((await this.folder.standing()) === 'present') {
      await this.context.filesystem.writeFile(join(this.folder.path, STOPPED), '').catch(() => {});
    }
  }

  /** Whether it ended although nobody has stopped it, and the engine does not start it again. */
  async hasFailed({ State }: ContainerState, { onFailure = {} }: ContainerRecord): Promise<boolean> {
    if (State.Status !== 'exited' || restartPolicy(onFailure) === FOR_EVER) return false;
    return (await this.context.filesystem.stat(join(this.folder.path, STOPPED))) === null;
  }

  /** How the run before this one ended: of a container that runs again only the engine's events tell, as long as it has them. */
  async exitBefore({ State }: ContainerState): Promise<number | undefined> {
    const between = ['--since', State.FinishedAt, '--until', State.StartedAt];
    const deaths = ['--filter', `container=${this.name}`, '--filter', 'event=die', '--format', '{{.Actor.Attributes.exitCode}}'];
    const { stdout } = await this.docker.attempt(['events', ...between, ...deaths]);
    const [exit] = /\d+(?=\s*$)/.exec(stdout) ?? [];
    return exit === undefined ? undefined : Number(exit);
  }

  /** Takes back what its user was given; to be called when it does not run any more. `home`: where the folder is now. */
  async takeBack(record: ContainerRecord | null, home: string): Promise<void> {
    const uid = await this.user(home);
    if (record !== null && uid !== null) await giveBack(this.context, record.paths, uid);
  }

  /** Whose its files are, where that is somebody else than who runs Slipway. */
  async user(home = this.folder.path): Promise<number | null> {
    const uid = await this.context.filesystem.readFile(join(home, USER));
    return uid && Number(uid.toString('utf8'));
  }

  /** Takes container, image and network away, as far as they are this generation's; whether there was a container. */
  async remove(): Promise<boolean> {
    const there = (await this.state()) !== null;
    if (there) await this.docker.remove('container', this.name);
    await this.#image.remove();
    const network = this.#network;
    // Others may be in it: then it stays for them. Also when the container is gone: who removed that may have died right after.
    await this.docker.attempt(['network', 'rm', network], UNCANCELLED);
    return there;
  }

  /** Takes container and own image away, to be made anew of another record; its network stays for the next. */
  async discard(): Promise<void> {
    if ((await this.state()) !== null) {
      await this.fenced.attempt(['stop', '--time', String(GRACE), this.name], UNCANCELLED);
      await this.fenced.remove('container', this.name);
    }
    await this.#image.remove(this.fenced);
  }

  /** Puts in force what of a record an engine changes of a container that is there, whether it runs or not. */
  async adjust({ limits, onFailure }: ContainerRecord): Promise<void> {
    if ((await this.state()) === null) return;
    const flags = [...limitFlags(limits), '--restart', restartPolicy(onFailure ?? {})];
    await this.fenced.run(['update', ...flags, this.name]);
    this.context.log(`Container ${this.name} is limited anew: ${flags.join(' ')}`);
  }

  async logTail(lines: number): Promise<string> {
    const { stdout, stderr } = await this.docker.attempt(['logs', '--tail', String(lines), this.name]);
    return `${stdout}${stderr}`.trim();
  }

  get #network(): string {
    return this.marks.sharedBy(this.target.resource.environment);
  }

  async #networkStands({ container }: ContainerRecord): Promise<void> {
    if (container.network === 'host') return;
    const lock = join(this.context.root, 'network-lock');
    const { exitCode, stderr } = await this.docker.attemptAlone(lock, ['network', 'create', '--driver', 'bridge', this.#network]);
    if (exitCode !== 0 && !/already exists/i.test(stderr)) throw failed('network create', stderr);
  }

  /** Home, secrets, artefact and storages to the user that runs it. */
  async #handOver(record: ContainerRecord, state: ContainerState): Promise<void> {
    const { filesystem } = this.context;
    const image = await this.docker.inspect<Image>('image', state.Image);
    const [uid, gid] = await this.#userOf(record.container.user ?? image?.Config?.User ?? '');
    if (uid === 0) return;
    await filesystem.writeFile(join(this.folder.path, USER), String(uid));
    for (const name of ['app', 'home', 'secrets']) {
      const path = join(this.folder.path, name);
      if ((await filesystem.stat(path)) !== null) await filesystem.chown(path, uid, gid, { recursive: true });
    }
    await handOver(this.context, record.paths, uid);
    // A destroy that came just before has taken back already, and will not do it again.
    if ((await this.folder.standing()) !== 'present') await giveBack(this.context, record.paths, uid);
  }

  /** Numbers of a user as an image names it: `uid`, `uid:gid`, or a name that stands in its user table. */
  async #userOf(user: string): Promise<[uid: number, gid: number]> {
    if (user === '') return [0, 0];
    const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
    if (uid !== undefined) return [Number(uid), Number(gid)];
    const [name = ''] = user.split(':');
    // A tar of one small file: its lines stand in it as they are.
    const { stdout } = await this.docker.attempt(['cp', `${this.name}:/etc/passwd`, '-']);
    const line = stdout.split(/[\n\0]/).find((each) => each.startsWith(`${name}:`));
    const [, , uidOf, gidOf] = line?.split(':') ?? [];
    if (uidOf === undefined)
      throw specInvalid('container.user', `the image runs as "${user}", which its user table does not know`);
    return [Number(uidOf), Number(gidOf)];
  }

  async #create(record: ContainerRecord, image: string): Promise<void> {
    const { container, command, environment, mounts, limits } = record;
    const flags: string[] = [
      ...['--name', this.name, ...this.marks.labelling(this.target)],
      ...['--restart', restartPolicy(record.onFailure ?? {}), '--security-opt', 'no-new-privileges', '--ulimit', 'core=0'],
      ...['--log-driver', 'json-file', '--log-opt', 'max-size=4m', '--log-opt', 'max-file=2'],
      ...(container.network === 'host'
        ? ['--network', 'host']
        : [...['--network', this.#network, '--network-alias', this.target.resource.name], ...publishing(record)]),
      ...limitFlags(limits),
      ...(limits.openFiles === undefined ? [] : ['--ulimit', `nofile=${limits.openFiles}`]),
      ...(container.user === undefined ? [] : ['--user', container.user]),
      ...(mounts.some(({ target }) => target === APP) && command.length > 0 ? ['--workdir', APP] : []),
      ...mounts.flatMap((mount) => ['--mount', mountArgument(mount)]),
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ];
    const { exitCode, stderr } = await this.fenced.attempt(['create', ...flags, '--', image, ...command]);
    if (exitCode !== 0 && !/is already in use by container/i.test(stderr)) throw failed('create', stderr);
    this.context.log(`Container ${this.name} of ${image}`);
  }
}

/** The limits that an engine gives a container, and changes. */
const limitFlags = ({ memoryBytes, cpus, processes }: ContainerRecord['limits']): string[] => [
  ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)]),
  ...(cpus === undefined ? [] : ['--cpus', String(cpus)]),
  ...(processes === undefined ? [] : ['--pids-limit', String(processes)]),
];

/** What of a definition's `onFailure` an engine does by itself; the rest is the watch's. */
function restartPolicy({ action = 'restart', limit }: OnFailure): string {
  if (action !== 'restart') return 'no';
  return limit === undefined ? FOR_EVER : `on-failure:${limit}`;
}

const failed = (what: string, said: string) =>
  new SlipwayError('driver-failed', `docker ${what} failed: ${said.trim().slice(-1_000)}`);
