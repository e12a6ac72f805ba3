import type { Command, CommandOptions } from '../../command.js';
import { orThrow } from '../local-command.js';
import { StarterProcess } from './starter-process.js';

/** After so long without work it is let go, in ms. */
const IDLE_MS = 30_000;

/**
 * Programs on this machine, started by a small process beside ours, so that it does not matter to them or to us how large we
 * are. It is there while there is something to do. If it is killed, what it runs ends, and then fails (`driver-failed`); the
 * next program has a new one. What runs bears a variable `SLIPWAY_STARTER` besides the environment that it is given.
 */
export function apartCommand({ idleMs = IDLE_MS } = {}): Command {
  let current: StarterProcess | undefined;
  const starter = () => (current = current && !current.ended ? current : new StarterProcess(idleMs));
  const exec = async (command: readonly string[], options: CommandOptions = {}) => starter().exec(command, options);
  return {
    exec,
    execOrThrow: async (command, options) => orThrow(command, await exec(command, options)),
    spawnDetached: async (command, options) => starter().spawnDetached(command, options),
  };
}
