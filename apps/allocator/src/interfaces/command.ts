import { SlipwayError, type Json, type JsonObject } from '@slipway/contracts';
import type { Command, CommandOptions, CommandResult } from '@slipway/interfaces';
import type { CallTold, InterfaceDefinition, InterfaceMethod } from '../blueprint/blueprint.js';

/** No argument of a program, and no variable, can hold a NUL. */
const TEXT = { type: 'string', pattern: '^[^\\u0000]*$' };
const ARGUMENTS = {
  type: 'object',
  required: ['command'],
  additionalProperties: false,
  properties: {
    command: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: TEXT,
      description: 'Program and arguments; no shell takes them apart.',
    },
    cwd: { ...TEXT, description: 'Where it runs; a path that is not absolute begins in the folder of the lease.' },
    env: {
      type: 'object',
      propertyNames: { pattern: '^[^=\\u0000]+$' },
      additionalProperties: TEXT,
      description: 'Variables, added to a minimal environment: PATH, LANG, HOME.',
    },
    input: { type: 'string', description: 'What it reads.' },
    timeoutMs: { type: 'integer', minimum: 1, maximum: 86_400_000, description: 'Ended after so long; 60,000 when left out.' },
  },
};

interface Given {
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  timeoutMs?: number;
}

/** Programs on what is leased. */
export const commandInterface: InterfaceDefinition<Command> = {
  name: 'command',
  methods: {
    exec: running(
      'Runs a program: its exit code, and the end of what it said. Lines are told as they come.',
      (on, line, options) => on.exec(line, options),
    ),
    execOrThrow: running('The same; fails with driver-failed unless the program exits with 0.', (on, line, options) =>
      on.execOrThrow(line, options),
    ),
  },
};

function running(
  description: string,
  run: (on: Command, line: string[], options: CommandOptions) => Promise<CommandResult>,
): InterfaceMethod<Command> {
  return {
    description,
    arguments: ARGUMENTS,
    async call(on, given, { signal, lines }: CallTold) {
      const { command, ...options } = given as unknown as Given;
      const result = run(on, command, { ...options, signal, onLines: lines });
      const { exitCode, stdout, stderr } = await result.catch(throwLacking);
      return { exitCode, stdout: endOf(stdout), stderr: endOf(stderr) };
    },
  };
}

/** Who names a program or a folder that is not there has named it wrong: no driver has failed. */
function throwLacking(error: unknown): never {
  if (error instanceof SlipwayError && error.details?.['lacks'] !== undefined)
    throw new SlipwayError('not-found', error.message, error.details, { cause: error });
  throw error;
}

/** Of each output, as JSON: an answer has no room for more. */
const ROOM = 100 * 1024;

/** The end of a text that has room as JSON. */
export function endOf(text: string, room = ROOM): string {
  let end = text.slice(-room);
  while (Buffer.byteLength(JSON.stringify(end)) > room) end = end.slice(Math.ceil(end.length / 4));
  return end;
}

/** Arguments of a method that takes none, or these. */
export const argumentsOf = (properties: Json & object, required: string[] = []): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
