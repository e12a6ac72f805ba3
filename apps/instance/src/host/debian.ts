import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { CommandOptions, CommandResult } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import { shim } from './shim.js';

/** What programs of a host get: nothing asks anybody, and what they say can be read by a program. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
  DEBCONF_NONINTERACTIVE_SEEN: 'true',
};

/** Exit codes of our own shell programs, which others hardly end with. */
const GONE = 193;
const NO_MOUNT = 194;

/** What changes a host may take as long as it does: the step's own deadline ends what only fetches. */
const LONG_MS = 3_600_000;

/**
 * A Debian that stands below a root folder of this machine, or is this machine (`/`): its own programs, run in its root. For another
 * root that needs a mount namespace, so that they find /proc, /sys and /dev there.
 */
export class Debian {
  constructor(
    readonly root: string,
    private readonly context: Pick<DriverContext, 'command' | 'signal'>,
  ) {}

  /** Where its programs find a folder of this machine that is beside them ({@link change}). */
  seen(beside: string): string {
    return this.root === '/' ? beside : '/mnt';
  }

  /** Where a file of the host stands on this machine. */
  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  /** Runs one of its programs that changes nothing of its packages. */
  async exec(line: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.#run([...(await inRoot(this.root)), ...line], options);
  }

  /** As {@link exec}. Throws `driver-failed` with the end of what it said, unless it exits with 0. */
  async execOrThrow(line: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    const result = await this.exec(line, options);
    if (result.exitCode === 0) return result;
    const said = result.stderr.trim().slice(-1_500);
    throw new SlipwayError('driver-failed', `${line[0]} ended with ${result.exitCode} at the host ${this.root}: ${said}`);
  }

  /**
   * Runs one of its programs that changes its packages, alone and only while these files of this machine exist
   * (`shim/change-host.sh`); `null` when one of them did not. Once begun it is not cut short by the step's signal, unless that is
   * given in the options: dpkg would stand there half-way. `beside`: a folder of this machine that it is to see ({@link seen}).
   */
  async change(
    files: readonly string[],
    line: readonly string[],
    { beside, ...options }: CommandOptions & { beside?: string } = {},
  ): Promise<CommandResult | null> {
    this.context.signal.throwIfAborted();
    const alone = ['flock', this.path('var/lib/dpkg'), 'sh', '-c', await shim('change-host.sh'), 'change-host'];
    const result = await this.#run([...alone, this.root, ...files, '--', ...(await inRoot(this.root, beside)), ...line], {
      signal: undefined,
      timeoutMs: LONG_MS,
      ...options,
    });
    return result.exitCode === GONE && /^slipway: .* is gone$/m.test(result.stderr) ? null : result;
  }

  async #run(line: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const result = await this.context.command.exec(line, { ...options, env: ENVIRONMENT });
    if (result.exitCode !== NO_MOUNT || this.root === '/') return result;
    const said = result.stderr.trim().slice(-500);
    throw new SlipwayError(
      'driver-unavailable',
      `Nothing can be mounted below ${this.root}: ${said}. It takes root, and a mount namespace`,
    );
  }
}

/** What a program is started with, so that it runs in another root. */
async function inRoot(root: string, beside = '-'): Promise<string[]> {
  if (root === '/') return [];
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', await shim('in-root.sh'), 'in-root', root, beside];
}
