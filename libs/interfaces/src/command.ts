/** What a program did. */
export interface CommandResult {
  exitCode: number;
  /** At most the last 1 MiB each. */
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  /**
   * The whole environment of the program (a maker may add `SLIPWAY_…` for itself); a minimal one (PATH, LANG) when left out.
   * What is leased adds it to a minimal one.
   */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Ended with SIGKILL after this time: `timed-out`. 60,000 when left out. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Lines as they come. */
  onLine?(line: string, from: 'stdout' | 'stderr'): void;
  /**
   * The same, many at once where they come quickly. Until what it returns is fulfilled nothing more is read of that output: a program that
   * says more waits, and no memory is taken by what it says. One that is ended meanwhile is not held up.
   */
  onLines?(lines: readonly string[], from: 'stdout' | 'stderr'): void | Promise<void>;
}

/** Programs at a place. Argument lists only: nothing is ever given to a shell to take apart. */
export interface Command {
  exec(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Throws `driver-failed` with program, exit code and the end of its error output, unless it exits with 0. */
  execOrThrow(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts a program that outlives us (own session, no terminal, output to `logFile`); its process id. */
  spawnDetached(
    command: readonly string[],
    options: { cwd: string; env: Record<string, string>; logFile: string },
  ): Promise<number>;
}
