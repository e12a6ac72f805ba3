import type { Cause } from '@slipway/contracts/public';
import type { CommandOptions, CommandResult } from '../../command.js';

/** What of a program's options goes over: the rest stays with the caller. */
export type Carried = Omit<CommandOptions, 'signal' | 'onLine' | 'onLines'>;

/** What the starter of programs is asked. `id` is the call's, `mark` what the program and all that it starts bear. */
export type Asked =
  | { id: number; do: 'exec'; command: readonly string[]; options: Carried; mark: string; lines: boolean }
  | {
      id: number;
      do: 'spawn';
      command: readonly string[];
      options: { cwd: string; env: Record<string, string>; logFile: string };
    }
  /** The last lines of this output were taken: more may come. */
  | { id: number; do: 'more'; from: 'stdout' | 'stderr' }
  | { id: number; do: 'abort'; cause: Cause };

/** What it answers: the process id of what has begun, lines as they come (after those of one output none until it is told `more`), then one end. */
export type Told =
  | { id: number; begun: number }
  | { id: number; lines: readonly string[]; from: 'stdout' | 'stderr' }
  | { id: number; result: CommandResult }
  | { id: number; pid: number }
  | { id: number; failed: Cause };
