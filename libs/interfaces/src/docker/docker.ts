import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/contracts/public';
import type { Command, CommandOptions, CommandResult } from '../command.js';

/** How the client of a place finds its engine. */
export interface DockerOptions {
  /** `unix:///var/run/docker.sock`, `ssh://user@host`, …; the client's own default (its context) when left out. */
  host?: string;
  /** The client's configuration folder: contexts, and credentials for registries. `~/.docker` when left out. */
  configFolder?: string;
  /** Folder of `ca.pem`, `cert.pem` and `key.pem`: over `tcp://` the engine proves itself by the first, and the client by the others. */
  certificates?: string;
}

export type DockerObject = 'container' | 'image' | 'network' | 'volume';

/** One line of a list: name and labels. */
export interface Listed {
  name: string;
  labels: Record<string, string>;
}

const MISSING = /\bno such (container|image|network|object|volume)\b|\b(network|volume) \S+ not found\b/i;
const BEING_REMOVED = /\bremoval of container \S+ is already in progress\b/i;
const REMOVED_WITHIN_MS = 60_000;
const FORBIDDEN = /permission denied while trying to connect/i;
const UNREACHABLE = /cannot connect to the docker daemon|error during connect|permission denied while trying to connect/i;

/** How a shell says that it has not found a program (POSIX, Shell Command Language §2.8.2). */
const NOT_FOUND = 127;
const IF_THERE = ['sh', '-c', `command -v docker >/dev/null || exit ${NOT_FOUND}; exec "$@"`, 'sh'];

/** To go half-way helps nobody: what is being removed is removed, also when the step is cancelled meanwhile. */
const UNCANCELLED = { signal: undefined };

/** What a list's line is called, by what is listed. */
const NAME_FIELD = { container: 'Names', image: 'Repository', network: 'Name', volume: 'Name' } as const;

/**
 * The Docker engine of a place, by the `docker` client there (20.10 and later): through {@link Command}, so that it works
 * wherever programs can be run.
 */
export class Docker {
  readonly #client: readonly string[];

  constructor(
    private readonly command: Command,
    { host, configFolder, certificates }: DockerOptions = {},
  ) {
    this.#client = [
      'docker',
      ...(host === undefined ? [] : ['--host', host]),
      ...(configFolder === undefined ? [] : ['--config', configFolder]),
      ...(certificates === undefined ? [] : tlsFlags(certificates)),
    ];
  }

  /** Its output. Throws `driver-failed` with what the client said. */
  async run(args: readonly string[], options?: CommandOptions): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(args, options);
    if (exitCode === 0) return stdout.trim();
    const said = stderr.trim().slice(-2_000) || stdout.trim().slice(-2_000);
    throw new SlipwayError('driver-failed', `docker ${args[0]} ${args[1] ?? ''} failed (${exitCode}): ${said}`, { stderr: said });
  }

  /** How it ended, whatever that was; throws only where no engine answers. */
  attempt(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return this.#exec([...this.#client, ...args], options);
  }

  /** As {@link attempt}, one after the other at the place: for what an engine does not exclude itself. The client holds the lock. */
  attemptAlone(lockFile: string, args: readonly string[]): Promise<CommandResult> {
    return this.#exec(['flock', lockFile, ...this.#client, ...args]);
  }

  async #exec(line: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    const result = await this.command.exec(line, options);
    if (result.exitCode !== 0 && UNREACHABLE.test(result.stderr)) {
      throw new SlipwayError('driver-failed', `The Docker engine cannot be reached: ${result.stderr.trim().slice(-500)}`);
    }
    return result;
  }

  /**
   * Why nothing can be done with it until somebody changes that: there is no client, or the engine is not for who runs it; `null` where
   * it answers. Throws `driver-failed` where no engine does.
   */
  async whyUnusable(): Promise<string | null> {
    const { exitCode, stderr } = await this.command.exec([
      ...IF_THERE,
      ...this.#client,
      'version',
      '--format',
      '{{.Server.Version}}',
    ]);
    if (exitCode === 0) return null;
    const said = stderr.trim().slice(-500);
    if (exitCode === NOT_FOUND) return 'the docker client is not installed (Debian: docker.io)';
    if (FORBIDDEN.test(said))
      return `the Docker engine may not be used by whoever works there, who must be of its group: ${said}`;
    throw new SlipwayError('driver-failed', `The Docker engine cannot be reached: ${said}`);
  }

  /** What the engine knows of something; `null` when there is no such thing. */
  async inspect<T>(object: DockerObject, name: string): Promise<T | null> {
    const result = await this.attempt([object, 'inspect', name]);
    if (result.exitCode === 0) return (JSON.parse(result.stdout) as T[])[0] ?? null;
    if (MISSING.test(result.stderr)) return null;
    throw new SlipwayError('driver-failed', `docker ${object} inspect failed: ${result.stderr.trim().slice(-500)}`);
  }

  /** Removes it, whatever becomes of the step, or waits where somebody else is at it; whether there was one for us. */
  async remove(object: DockerObject, name: string): Promise<boolean> {
    const force = object === 'container' || object === 'image' ? ['--force'] : [];
    const anonymous = object === 'container' ? ['--volumes'] : [];
    const { exitCode, stderr } = await this.attempt([object, 'rm', ...force, ...anonymous, name], UNCANCELLED);
    if (BEING_REMOVED.test(stderr)) {
      await this.#gone(object, name);
      return false;
    }
    if (exitCode !== 0 && !MISSING.test(stderr)) {
      throw new SlipwayError('driver-failed', `docker ${object} rm failed: ${stderr.trim().slice(-500)}`);
    }
    return exitCode === 0 && !MISSING.test(stderr);
  }

  /** Waits for what somebody else is removing. */
  async #gone(object: DockerObject, name: string): Promise<void> {
    for (const deadline = Date.now() + REMOVED_WITHIN_MS; (await this.inspect(object, name)) !== null; await sleep(50)) {
      if (Date.now() > deadline)
        throw new SlipwayError('driver-failed', `The removal of ${object} ${name} was begun by somebody else, and does not end`);
    }
  }

  /** All that carry these labels, containers that don't run too. */
  async list(object: 'container' | 'network' | 'volume', labels: Record<string, string>): Promise<Listed[]> {
    const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`]);
    const all = object === 'container' ? ['--all'] : [];
    const text = await this.run([object, 'ls', ...all, ...filters, '--format', '{{json .}}']);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map((line) => ({ name: line[NAME_FIELD[object]]!, labels: labelsOf(line['Labels'] ?? '') }));
  }
}

const tlsFlags = (folder: string): string[] => [
  '--tlsverify',
  ...Object.entries({ tlscacert: 'ca', tlscert: 'cert', tlskey: 'key' }).map(([flag, name]) => `--${flag}=${folder}/${name}.pem`),
];

/** `name=value,name=value`, as lists give labels. */
const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(',').flatMap((label) => {
      const at = label.indexOf('=');
      return at < 0 ? [] : [[label.slice(0, at), label.slice(at + 1)]];
    }),
  );
