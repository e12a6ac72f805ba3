import { describe, expect, it } from '@jest/globals';
import { slipway } from './program.js';

describe('the command line', () => {
  const program = slipway();

  it('has every command of the reference', () => {
    const names = program.commands.map((command) => command.name());
    for (const name of [
      'provision',
      'deprovision',
      'plan',
      'requests',
      'instances',
      'storages',
      'databases',
      'events',
      'status',
      'wait',
      'cancel',
      'retry',
      'abandon',
      'pause',
      'resume',
      'logs',
      'doctor',
      'backup',
      'restore',
      'environments',
      'completion',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('says of each command what it is for', () => {
    for (const command of program.commands) expect(command.summary()).not.toBe('');
  });

  it.each(['bash', 'zsh', 'fish'])('completes every command in %s', async (shell) => {
    let text = '';
    const write = process.stdout.write;
    process.stdout.write = ((more: string) => ((text += more), true)) as typeof write;
    try {
      await slipway().parseAsync(['node', 'slipway', 'completion', shell]);
    } finally {
      process.stdout.write = write;
    }
    for (const command of program.commands) expect(text).toContain(command.name());
    expect(text).toContain(shell === 'fish' ? '-l definition' : '--definition');
  });
});
