import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';

/** A program that the supervisor keeps running. */
export interface Program {
  name: string;
  command: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
  /** Its output is appended there. */
  logFile: string;
  /** With a channel it is told to stop by a message, and says by itself when it is ready. */
  channel: boolean;
}

/** What a program says over its channel. `url`: where it is called from this machine, if people call it. */
export type ChildMessage =
  | { type: 'ready'; url?: string }
  | { type: 'failed'; message: string }
  | { type: 'restart'; reason: string };

/** What it is told. */
export type SupervisorMessage = { type: 'stop'; instances: 'stop' | 'leave' };

/** Starts it once, in a session of its own: a terminal's Ctrl-C must not reach it before the supervisor's word. */
export function startProgram(program: Program): ChildProcess {
  const output = openSync(program.logFile, 'a', 0o600);
  try {
    const [file, ...args] = program.command;
    return spawn(file, args, {
      env: program.env,
      detached: true,
      stdio: program.channel ? ['ignore', output, output, 'ipc'] : ['ignore', output, output],
    });
  } finally {
    closeSync(output);
  }
}
