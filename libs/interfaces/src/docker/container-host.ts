import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/contracts/public';
import { abortReason } from '../local/local-command.js';
import { BOOT, endLine, type Group } from '../shell/script.js';
import type { Opened, ShellHost } from '../shell/shell-host.js';
import { EngineApi, type EngineAddress } from './engine-api.js';
import { ExecChannel } from './exec-channel.js';

/** How long a container may take to end what is to be ended there. */
const ENDS_WITHIN_MS = 10_000;

/** Between two looks whether a program has ended whose outputs have, in ms. */
const LOOK = { first: 5, longest: 500 };

/** How long an engine may take to hear of the end of a program after it has closed its outputs: it does so only then. */
const HEARS_WITHIN_MS = 10_000;

/**
 * A container as a host: programs in it, each by an exec of the engine with a session and a process group of its own.
 *
 * D1. Whether a program has ended, and how, is asked of the engine when its outputs end: a connection that was cut is never taken for an end.
 * D2. What a cut has left running is ended before anything else is done there: who tries again is alone.
 */
export class ContainerHost implements ShellHost {
  readonly #api: EngineApi;
  #left: Group[] = [];
  #ending: Promise<void> | undefined;

  constructor(
    address: EngineAddress,
    private readonly container: string,
    /** As whom programs run, as `<uid>` or a name that the image knows; whoever the image says when left out. */
    private readonly user?: string,
  ) {
    this.#api = new EngineApi(address);
  }

  get name(): string {
    return `container ${this.container}`;
  }

  async open(signal?: AbortSignal): Promise<Opened> {
    if (signal?.aborted) throw abortReason(signal);
    await this.#endLeft();
    return this.#open();
  }

  async end(group: Group): Promise<void> {
    this.#left.push(group);
    await this.#endLeft().catch(() => {});
  }

  /** D2. */
  async #endLeft(): Promise<void> {
    if (this.#left.length > 0) this.#ending ??= this.#endAll().finally(() => (this.#ending = undefined));
    await this.#ending;
  }

  async #endAll(): Promise<void> {
    while (this.#left.length > 0) {
      const groups = [...this.#left];
      await this.#end(groups);
      this.#left = this.#left.filter((group) => !groups.includes(group));
    }
  }

  async #end(groups: readonly Group[]): Promise<void> {
    try {
      const { channel, exitCode, lost } = await this.#open();
      const limit = setTimeout(() => channel.close(), ENDS_WITHIN_MS);
      const closed = new Promise((resolve) => channel.once('close', resolve));
      channel.on('error', () => {}).resume();
      channel.stderr.resume();
      channel.end(endLine(groups));
      await closed;
      clearTimeout(limit);
      if (exitCode() === undefined) throw new SlipwayError('driver-failed', `${lost()} while what was left there was ended`);
    } catch (error) {
      // In one that is gone, or stands still, nothing is left.
      if (!(error instanceof ContainerAway)) throw error;
    }
  }

  async #open(): Promise<Opened> {
    const { status, body } = await this.#api.ask<{ Id: string }>(
      'POST',
      `/containers/${encodeURIComponent(this.container)}/exec`,
      {
        ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false },
        Cmd: ['/bin/sh', '-c', BOOT],
        ...(this.user !== undefined && { User: this.user }),
      },
    );
    if (status !== 201) throw this.#refused(status, body.message);
    const socket = await this.#api.attach(`/exec/${body.Id}/start`, { Detach: false, Tty: false });
    let exit: number | undefined;
    let lost = `The connection to the Docker engine at ${this.#api.name} was cut`;
    // D1.
    const told = async () => {
      const deadline = Date.now() + HEARS_WITHIN_MS;
      for (let pause = LOOK.first; Date.now() < deadline; pause = Math.min(2 * pause, LOOK.longest)) {
        const answer = await this.#api.ask<Exec>('GET', `/exec/${body.Id}/json`).catch(() => undefined);
        if (answer?.status === 404) lost = `Container ${this.container} went away`;
        if (answer?.status !== 200) return;
        exit = answer.body.Running ? undefined : (answer.body.ExitCode ?? undefined);
        if (!answer.body.Running || channel.isGivenUp) return;
        await sleep(pause);
      }
    };
    const channel = new ExecChannel(socket, told);
    return { channel, exitCode: () => exit, lost: () => lost, cut: () => channel.close() };
  }

  #refused(status: number, said = ''): SlipwayError {
    const at = `at the Docker engine ${this.#api.name}: ${said.slice(0, 300)}`;
    if (status === 404) return new ContainerAway('driver-failed', `There is no container ${this.container} ${at}`);
    // What is in one that is paused goes on with it.
    if (/is paused/i.test(said)) return new SlipwayError('driver-failed', `Container ${this.container} is paused ${at}`);
    return new ContainerAway('driver-failed', `Container ${this.container} does not run ${at}`);
  }
}

/** Of an exec, what the engine says (Engine API, "Inspect an exec instance"). */
interface Exec {
  Running: boolean;
  ExitCode: number | null;
}

/** Nothing runs in it, and nothing is started: it is not there, or does not run. */
class ContainerAway extends SlipwayError {}
