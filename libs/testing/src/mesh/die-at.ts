/**
 * Loaded into a process of the mesh before its program (`node --import`), and into its threads: `kill -9` of itself at the
 * point that {@link DEATH} names. What is patched is Node's own, so the product knows nothing of it.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { StatementSync } from 'node:sqlite';
import { DEATH, type Death } from './death.js';

type Call = (this: unknown, ...given: never[]) => unknown;
/** Of what the starter of programs is asked. */
type Asked = { id: number; command?: string[]; options?: { input?: string } };

const { when, what, matches } = JSON.parse(process.env[DEATH]!) as Death;
const wanted = new RegExp(matches, 's');

function at(moment: Death['when'], passed: string): void {
  if (moment === when && wanted.test(passed)) process.kill(process.pid, 'SIGKILL');
}

/** Calls `around` instead of a method, with the method. */
function patch<Key extends string>(
  of: { [key in Key]: unknown },
  name: Key,
  around: (self: unknown, call: Call, given: never[]) => unknown,
) {
  const call = of[name] as Call;
  of[name] = function (this: unknown, ...given: never[]) {
    return around(this, call, given);
  };
}

/** Programs are started by a process beside ours: it is asked to, and says when they have ended. */
function aroundPrograms(starter: ChildProcess): void {
  const asked = new Map<number, string>();
  patch(starter, 'send', (self, call, given) => {
    const [{ id, command, options }] = given as unknown as [Asked];
    if (command) {
      asked.set(id, `run ${command.join(' ')}\n${options?.input ?? ''}`);
      at('before', asked.get(id)!);
    }
    return call.apply(self, given);
  });
  starter.on('message', ({ id, ...told }: { id: number }) => {
    if ('result' in told || 'pid' in told) at('after', asked.get(id)!);
  });
}

switch (what) {
  case 'append': {
    let types: string[] = [];
    patch(StatementSync.prototype, 'run', (self, call, given) => {
      const { sourceSQL } = self as StatementSync;
      if (sourceSQL.startsWith('BEGIN')) types = [];
      if (/^INSERT INTO events\b/.test(sourceSQL)) types.push(String(given[3]));
      if (sourceSQL !== 'COMMIT') return call.apply(self, given);
      at('before', types.join(' '));
      const result = call.apply(self, given);
      at('after', types.join(' '));
      return result;
    });
    break;
  }
  case 'effect':
    for (const name of ['mkdir', 'rename', 'link', 'chmod', 'rm'] as const) {
      patch(fs, name, async (self, call, given) => {
        const passed = `${name} ${String(given.at(name === 'rename' || name === 'link' ? 1 : 0))}`;
        at('before', passed);
        const result = await call.apply(self, given);
        at('after', passed);
        return result;
      });
    }
    patch(childProcess, 'fork', (self, call, given) => {
      const starter = call.apply(self, given) as ChildProcess;
      aroundPrograms(starter);
      return starter;
    });
    syncBuiltinESMExports();
    break;
  case 'message':
    patch(Socket.prototype, 'write', (self, call, given) => {
      const [chunk] = given as unknown as [Uint8Array | string];
      const frame = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
      at('before', frame);
      const result = call.apply(self, given);
      at('after', frame);
      return result;
    });
}
