import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/contracts';
import type { Docker } from '@slipway/interfaces';
import type { MadeResource } from '../../blueprint/blueprint.js';
import type { ContainerLimits, DockerHostOptions } from './options.js';

/** What the engine says of a container. */
interface ContainerState {
  Config: { Labels: Record<string, string> | null };
  State: { Running: boolean; Paused: boolean; Status: string; ExitCode: number; FinishedAt: string };
  /** An address is empty where the network gives none: `none`, `host`. */
  NetworkSettings: { Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }> };
}

/** A pull takes its time. */
const PULL = { timeoutMs: 3_600_000 };
/** How long a host may take to be made: its image is pulled, and the rest as usual. */
export const ALLOCATE_SECONDS = 3_600 + 600;

/** How long somebody else may take to make one of an image that is there. */
const MADE_WITHIN_MS = 60_000;

/** What stands in it for as long as it does: the first process, which also takes away what ended and belongs to nobody (wait(2)). */
const STANDS = `trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done`;

/** The container that is a leased host. Its name is the resource's, which an engine gives once: of several makers one makes it. */
export class HostContainer {
  readonly name: string;
  readonly #labels: Record<string, string>;

  constructor(
    private readonly docker: Docker,
    /** What tells the things of this blueprint at the engine from those of others that use the same one. */
    place: string,
    { id, environment }: Pick<MadeResource, 'id' | 'environment'>,
  ) {
    this.name = `slipway-${place}-${id}`;
    this.#labels = { 'slipway.place': place, 'slipway.environment': environment, 'slipway.resource': id };
  }

  /** Whether there is one. Throws `foreign` for one that carries no mark of ours. */
  async stands(): Promise<boolean> {
    return (await this.#state()) !== null;
  }

  /** Why no program can run in it; nothing where one can. */
  async broken(): Promise<string | undefined> {
    const state = await this.#state();
    if (state === null) return `its container ${this.name} is gone`;
    const { Running, Paused, Status, ExitCode, FinishedAt } = state.State;
    if (Paused) return `its container ${this.name} is paused`;
    if (Running) return undefined;
    return `its container ${this.name} does not run: ${Status} with exit code ${ExitCode} since ${FinishedAt}`;
  }

  /** By which it is reached in its network; nothing where it has none of its own. */
  async address(): Promise<string | undefined> {
    const networks = Object.values((await this.#state())?.NetworkSettings.Networks ?? {});
    return networks.flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address]).find(Boolean);
  }

  /** Makes it where there is none; of an image that is pulled where the engine has none of that name. It does not run yet. */
  async make(image: string, options: Pick<DockerHostOptions, 'network' | 'limits'>): Promise<void> {
    if (await this.stands()) return;
    await this.#imageStands(image);
    const flags = [
      ...['--name', this.name, ...Object.entries(this.#labels).flatMap(([label, value]) => ['--label', `${label}=${value}`])],
      ...['--restart', 'no', '--no-healthcheck', '--log-driver', 'none'],
      ...['--security-opt', 'no-new-privileges', '--ulimit', 'core=0'],
      ...(options.network === undefined ? [] : ['--network', options.network]),
      ...limitFlags(options.limits),
    ];
    const line = ['create', ...flags, '--entrypoint', '/bin/sh', '--', image, '-c', STANDS];
    for (const deadline = Date.now() + MADE_WITHIN_MS; !(await this.stands()); await sleep(50)) {
      const { exitCode, stderr } = await this.docker.attempt(line);
      if (exitCode === 0) return;
      // Its name is taken as soon as somebody else begins to make it; that it is there is said only then when it is.
      if (!/is already in use by container/i.test(stderr) || Date.now() > deadline)
        throw failed(`The container ${this.name} of ${image} cannot be made`, stderr);
    }
  }

  /** Starts it where it does not run; never makes one. */
  async start(): Promise<void> {
    const { exitCode, stderr } = await this.docker.attempt(['start', this.name]);
    if (exitCode !== 0) throw failed(`The container ${this.name} does not start`, stderr);
  }

  /** With all that runs and stands in it. */
  async remove(): Promise<void> {
    if (await this.stands()) await this.docker.remove('container', this.name);
  }

  async #imageStands(image: string): Promise<void> {
    if ((await this.docker.inspect('image', image)) !== null) return;
    const { exitCode, stderr } = await this.docker.attempt(['pull', '--quiet', image], PULL);
    if (exitCode !== 0) throw failed(`The engine has no image ${image}, and it cannot be pulled`, stderr);
  }

  async #state(): Promise<ContainerState | null> {
    const state = await this.docker.inspect<ContainerState>('container', this.name);
    const isOurs = Object.entries(this.#labels).every(([label, value]) => state?.Config.Labels?.[label] === value);
    if (state === null || isOurs) return state;
    throw new SlipwayError('foreign', `Container ${this.name} carries no mark of ours`, { container: this.name });
  }
}

const limitFlags = ({ memoryBytes, cpus, processes }: ContainerLimits): string[] => [
  // No swap beyond it.
  ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)]),
  ...(cpus === undefined ? [] : ['--cpus', String(cpus)]),
  ...(processes === undefined ? [] : ['--pids-limit', String(processes)]),
];

const failed = (what: string, said: string): SlipwayError =>
  new SlipwayError('driver-failed', `${what}: ${said.trim().slice(-500)}`);
