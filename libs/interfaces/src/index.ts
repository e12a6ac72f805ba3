export type { Command, CommandOptions, CommandResult } from './command.js';
export type { FileStat, Filesystem } from './filesystem.js';
