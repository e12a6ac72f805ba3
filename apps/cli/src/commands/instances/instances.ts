import type { Command } from 'commander';
import { call } from './call.js';
import { desired } from './desired.js';
import { extend } from './extend.js';
import { logs } from './logs.js';

/** What can be done with one instance, below `slipway instances`, which lists them. */
export function instances(program: Command): void {
  const noun = program.commands.find((command) => command.name() === 'instances')!;
  for (const command of [desired, extend, logs, call]) command(noun);
}
