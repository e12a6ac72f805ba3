import { CommanderError } from 'commander';
import { EXIT, explain } from './exit.js';
import { note } from './output/format.js';
import { slipway } from './program.js';

// A reader that has seen enough (`slipway events | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed));

try {
  await slipway().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  else {
    const { code, text } = explain(error);
    note(text);
    process.exitCode = code;
  }
}
