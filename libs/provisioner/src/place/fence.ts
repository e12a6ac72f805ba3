import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { Command, CommandOptions } from '@slipway/interfaces';

/** File in a generation's folder: lock, and the latest epoch that has begun to change what stands there. */
const FILE = 'changes';

/** How the script says so: with a number that other programs hardly end with, and these words. */
const OVERTAKEN = { exitCode: 193, words: 'slipway: a later epoch changes it' };

/** The program that changes something holds the lock, not we: who is stopped in the middle keeps nobody away. */
const SCRIPT = `
latest=$(cat "$1") || exit 1
[ "\${latest:-0}" -le "$2" ] || { echo '${OVERTAKEN.words}' >&2; exit ${OVERTAKEN.exitCode}; }
[ "$3" = look ] || printf %s "$2" > "$1"
shift 3
exec "$@"`;

/**
 * Keeps apart who changes one generation at a place, where a change has no name that could be given only once (a mode, a limit, a
 * container's removal): whoever begins to change it claims its epoch, and no program is run for an older one any more, also not for
 * one that was stopped right before and wakes up late. Who only makes or watches claims nothing, and is kept away as well.
 */
export class Fence {
  readonly #file: string;

  constructor(
    /** Of the generation; it stands. */
    folder: string,
    private readonly epoch: number,
    private readonly inner: Command,
  ) {
    this.#file = join(folder, FILE);
  }

  /** Throws `generation-old` where a later epoch has done so. */
  async claim(): Promise<void> {
    const { exitCode, stderr } = await this.#run(['true'], undefined, 'claim');
    if (exitCode !== 0) throw new SlipwayError('driver-failed', `${this.#file} could not be locked: ${stderr.trim()}`);
  }

  /** Programs that change what stands. Throws `generation-old` instead of running one, where a later epoch has begun to. */
  get command(): Command {
    return {
      exec: (line, options) => this.#run(line, options),
      execOrThrow: async (line, options) => {
        const result = await this.#run(line, options);
        if (result.exitCode === 0) return result;
        throw new SlipwayError('driver-failed', `${line[0]} ended with ${result.exitCode}: ${result.stderr.trim().slice(-500)}`);
      },
      // It outlives us, and must not hold the lock as long: it only looks.
      spawnDetached: (line, options) => this.inner.spawnDetached([...this.#guard('look'), ...line], options),
    };
  }

  async #run(line: readonly string[], options: CommandOptions | undefined, how: 'claim' | 'look' = 'look') {
    const result = await this.inner.exec(['flock', this.#file, ...this.#guard(how), ...line], options);
    if (result.exitCode !== OVERTAKEN.exitCode || result.stderr.trim() !== OVERTAKEN.words) return result;
    throw new SlipwayError('generation-old', `What stands at ${this.#file} is changed under a later epoch than ${this.epoch}`, {
      epoch: this.epoch,
    });
  }

  #guard(how: 'claim' | 'look'): string[] {
    return ['sh', '-c', SCRIPT, 'sh', this.#file, String(this.epoch), how];
  }
}
